"""What OpenCode's own database says was used, for the audit: every message's tokens, and its totals of conversations.

Read plainly and on a connection of its own: nothing of the import is shared with it but the rule of what was brought in
from elsewhere.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from opencode_stats.core.audit import Claim, Claims, SessionRow
from opencode_stats.core.bounds import LARGEST_MESSAGE_TOKENS
from opencode_stats.errors import UnknownSchema
from opencode_stats.opencode import elsewhere
from opencode_stats.opencode.legacy_json import message_ids
from opencode_stats.opencode.opening import Opening
from opencode_stats.opencode.schema import columns_of, holdings_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from opencode_stats.core.audit import Engine, Maker

BUSY_TIMEOUT_S: Final = 5.0
_KINDS: Final = (
    "$.tokens.input",
    "$.tokens.output",
    "$.tokens.reasoning",
    "$.tokens.cache.read",
    "$.tokens.cache.write",
)
_TOTALS: Final = ("tokens_input", "tokens_output", "tokens_reasoning", "tokens_cache_read", "tokens_cache_write")
_VALUES: Final = [f"ifnull(json_extract(m.data, '{path}'), 0)" for path in _KINDS]
# What is no number is nothing to a sum of anybody's.
_TOKENS: Final = " + ".join(f"CASE WHEN typeof({value}) = 'integer' THEN {value} ELSE 0 END" for value in _VALUES)
_SOUND: Final = " AND ".join(
    f"typeof({value}) = 'integer' AND {value} BETWEEN 0 AND {LARGEST_MESSAGE_TOKENS}" for value in _VALUES
)

_FACTS: Final = ", ".join(
    f"json_extract(m.data, '{path}') AS {name}"
    for name, path in {
        "directory": "$.path.cwd",
        "root": "$.path.root",
        "created_ms": "$.time.created",
        "completed_ms": "$.time.completed",
    }.items()
)


@dataclass(slots=True)
class _Said:
    """What one database says, or several together."""

    messages: dict[str, Claim] = field(default_factory=dict)
    sessions: dict[str, SessionRow] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    totals: bool = True


def claims_of(databases: Iterable[Path], data: Path) -> tuple[Claims, dict[str, str]]:
    """What all these databases say together, each id once, 2.x's word before 1.x's, and which could not be read, why.

    ``data`` is OpenCode's data folder, which may have JSON files from before version 1.2.
    """
    together = _Said()
    unread: dict[str, str] = {}
    for path in databases:
        try:
            opening = Opening(path)
            said = _said_by(opening)
            if opening.torn:
                said = _said_by(Opening(path, alone=False))
        except (UnknownSchema, sqlite3.Error) as error:
            unread[str(path)] = str(error)
            continue
        except UnicodeDecodeError:
            # Python can't read SQLite's message, which quotes the database's schema.
            unread[str(path)] = "it is damaged."
            continue
        together.messages = said.messages | together.messages
        together.sessions = said.sessions | together.sessions
        together.known |= said.known
        together.totals &= said.totals
    sessions = together.sessions if together.totals else None
    return Claims(together.messages, sessions, frozenset(together.known), message_ids(data)), unread


def _said_by(opening: Opening) -> _Said:
    said = _Said()
    with closing(sqlite3.connect(opening.uri, uri=True, isolation_level=None, timeout=BUSY_TIMEOUT_S)) as connection:
        # One transaction, one moment: OpenCode may be at work.
        connection.execute("BEGIN")
        held = holdings_of(connection, "main")
        if held.v1:
            said.totals = _sessions_of_1x(connection, said)
            _messages_of_1x(connection, said.messages)
        if held.v2:
            _sessions_of_2x(connection, said)
        _messages_of_2x(connection, said.messages, "v2" if held.v2 else "embedded")
    return said


def _messages_of_1x(connection: sqlite3.Connection, messages: dict[str, Claim]) -> None:
    elsewhere.prepare(connection)
    rows = connection.execute(
        f"SELECT message, conversation, tokens, sound, {elsewhere.condition(connection, 'main')} FROM ("
        f"SELECT id AS message, session_id AS conversation, {_TOKENS} AS tokens, {_SOUND} AS sound, {_FACTS} "
        "FROM message AS m WHERE json_valid(data) AND json_extract(data, '$.role') = 'assistant') AS told_of"
    )
    for message, conversation, tokens, sound, brought_in in rows:
        messages[message] = Claim(conversation, tokens, "v1", bool(sound), bool(brought_in))


def _messages_of_2x(connection: sqlite3.Connection, messages: dict[str, Claim], engine: Engine) -> None:
    if not columns_of(connection, "main", "session_message"):
        return
    rows = connection.execute(
        f"SELECT id, session_id, {_TOKENS}, {_SOUND} FROM session_message AS m "
        "WHERE json_valid(data) AND type IN ('assistant', 'compaction')"
    )
    for message, conversation, tokens, sound in rows:
        # A compaction that a migration left without tokens must not hide 1.x's row of it.
        if message not in messages or tokens:
            messages[message] = Claim(conversation, tokens, engine, bool(sound))


def _sessions_of_1x(connection: sqlite3.Connection, said: _Said) -> bool:
    said.known.update(row[0] for row in connection.execute("SELECT id FROM session"))
    if not columns_of(connection, "main", "session").issuperset(_TOTALS):
        return False
    for conversation, tokens in connection.execute(f"SELECT id, {' + '.join(_TOTALS)} FROM session"):
        said.sessions[conversation] = SessionRow(tokens or 0, "v1")
    return True


def _sessions_of_2x(connection: sqlite3.Connection, said: _Said) -> None:
    for conversation, tokens, version in connection.execute(
        f"SELECT id, {' + '.join(_TOTALS)}, version FROM session_v2"
    ):
        said.known.add(conversation)
        maker: Maker = "migrated" if str(version).startswith("1.") else "v2"
        said.sessions[conversation] = SessionRow(tokens or 0, maker)
