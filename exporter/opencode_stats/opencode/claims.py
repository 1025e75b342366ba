"""What OpenCode's own database says was used, for the audit: every message's figures, and its totals of conversations.

Read plainly and on a connection of its own: nothing of the import is shared with it but the rule of what was brought in
from elsewhere.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from opencode_stats.core.amounts import Amounts
from opencode_stats.core.bounds import LARGEST_COST_USD, LARGEST_MESSAGE_COST_USD, LARGEST_MESSAGE_TOKENS
from opencode_stats.core.claims import Claim, Claims, SessionRow
from opencode_stats.core.cost import MICROUSD_SQL
from opencode_stats.core.tokens import LARGEST_COUNT
from opencode_stats.errors import UnknownSchema
from opencode_stats.opencode import elsewhere
from opencode_stats.opencode.legacy_json import message_ids
from opencode_stats.opencode.opening import read_only_uri
from opencode_stats.opencode.schema import columns_of, holdings_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from opencode_stats.core.claims import Engine, Maker

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
_COST: Final = "ifnull(json_extract(m.data, '$.cost'), 0)"
_NAMES: Final = ("input", "output", "reasoning", "cache_read", "cache_write", "cost")


def _whole(value: str) -> str:
    """What is no number is nothing to a sum of anybody's."""
    return f"CASE WHEN typeof({value}) = 'integer' THEN {value} ELSE 0 END"


def _microusd(value: str) -> str:
    """Micro-dollars, whole; what they can't be is nothing."""
    number = f"typeof({value}) IN ('integer', 'real') AND abs({value}) <= {LARGEST_COST_USD}"
    return f"CASE WHEN {number} THEN {MICROUSD_SQL.format(value)} ELSE 0 END"


_FIGURES: Final = ", ".join(
    f"{figure} AS {name}" for name, figure in zip(_NAMES, [*map(_whole, _VALUES), _microusd(_COST)], strict=True)
)
_SOUND: Final = " AND ".join(
    [f"typeof({value}) = 'integer' AND {value} BETWEEN 0 AND {LARGEST_MESSAGE_TOKENS}" for value in _VALUES]
    + [f"typeof({_COST}) IN ('integer', 'real') AND {_COST} BETWEEN 0 AND {LARGEST_MESSAGE_COST_USD}"]
)
_SUMS: Final = ", ".join([*map(_whole, _TOTALS), _microusd("cost")])
_SOUND_SUMS: Final = " AND ".join(
    [f"typeof({total}) = 'integer' AND {total} BETWEEN 0 AND {LARGEST_COUNT}" for total in _TOTALS]
    + [f"typeof(cost) IN ('integer', 'real') AND cost BETWEEN 0 AND {LARGEST_COST_USD}"]
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
            said = _said_by(path)
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


def _said_by(path: Path) -> _Said:
    said = _Said()
    uri = read_only_uri(path)
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None, timeout=BUSY_TIMEOUT_S)) as connection:
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
    brought_in = elsewhere.condition(connection, "main") or "0"
    rows = connection.execute(
        f"SELECT message, conversation, {', '.join(_NAMES)}, sound, {brought_in} FROM ("
        f"SELECT id AS message, session_id AS conversation, {_FIGURES}, {_SOUND} AS sound, {_FACTS} "
        "FROM message AS m WHERE json_valid(data) AND json_extract(data, '$.role') = 'assistant') AS told_of"
    )
    for message, conversation, *figures, sound, brought in rows:
        messages[message] = Claim(conversation, Amounts(*figures), "v1", bool(sound), bool(brought))


def _messages_of_2x(connection: sqlite3.Connection, messages: dict[str, Claim], engine: Engine) -> None:
    if not columns_of(connection, "main", "session_message"):
        return
    rows = connection.execute(
        f"SELECT id, session_id, {_FIGURES}, {_SOUND} FROM session_message AS m "
        "WHERE json_valid(data) AND type IN ('assistant', 'compaction')"
    )
    for message, conversation, *figures, sound in rows:
        amounts = Amounts(*figures)
        # A compaction that a migration left without tokens must not hide 1.x's row of it.
        if message not in messages or amounts:
            messages[message] = Claim(conversation, amounts, engine, bool(sound))


def _sessions_of_1x(connection: sqlite3.Connection, said: _Said) -> bool:
    said.known.update(row[0] for row in connection.execute("SELECT id FROM session"))
    if not columns_of(connection, "main", "session").issuperset((*_TOTALS, "cost")):
        return False
    for conversation, *figures in connection.execute(f"SELECT id, {_SUMS} FROM session"):
        said.sessions[conversation] = SessionRow(Amounts(*figures), "v1")
    return True


def _sessions_of_2x(connection: sqlite3.Connection, said: _Said) -> None:
    for conversation, *figures, version, sound in connection.execute(
        f"SELECT id, {_SUMS}, version, {_SOUND_SUMS} FROM session_v2"
    ):
        said.known.add(conversation)
        maker: Maker = "migrated" if str(version).startswith("1.") else "v2"
        said.sessions[conversation] = SessionRow(Amounts(*figures), maker, bool(sound))
