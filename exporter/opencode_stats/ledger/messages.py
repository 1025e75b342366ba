"""Assistant messages in the ledger: reading a row, merging a snapshot into it, deciding what was pending."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from opencode_stats.core.tokens import Tokens
from opencode_stats.core.usage import STAGE_ORDER, Message, merge, standing_of
from opencode_stats.ledger.forgotten import is_forgotten

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opencode_stats.core.usage import Standing

_FACTS = (
    "message", "conversation", "api", "stage", "event", "created_seen", "first_at_ms", "parent", "agent", "provider",
    "model", "variant", "directory", "root", "cost_microusd", "created_ms", "completed_ms", "finish", "error",
    "summary", "input", "output", "reasoning", "cache_read", "cache_write",
)  # fmt: skip
_READ = f"SELECT standing, {', '.join(_FACTS)} FROM messages"
_ADD = (
    f"INSERT INTO messages (run, origin, standing, state, counted_at_ms, {', '.join(_FACTS)}) "
    f"VALUES (:run, :origin, :standing, :state, :counted_at_ms, {', '.join(':' + name for name in _FACTS)})"
)
# `run` and `origin` stay as they were first: a message belongs to the run that made it, and one that OpenCode's
# database told of first to the run that tells of it live.
_CHANGE = (
    "UPDATE messages SET run = ifnull(run, :run), standing = :standing, state = :state, "
    f"counted_at_ms = :counted_at_ms, {', '.join(f'{name} = :{name}' for name in _FACTS)} WHERE message = :message"
)


def read_message(connection: sqlite3.Connection, message: str) -> tuple[Message, Standing] | None:
    """The row of this message id, or None."""
    row = connection.execute(f"{_READ} WHERE message = ?", (message,)).fetchone()
    return None if row is None else _from_row(row)


def read_messages(connection: sqlite3.Connection) -> Iterator[tuple[Message, Standing]]:
    """Every row, oldest first."""
    return map(_from_row, connection.execute(f"{_READ} ORDER BY id"))


def read_with_runs(connection: sqlite3.Connection) -> Iterator[tuple[Message, Standing, int | None]]:
    """Every row, oldest first, with the number of its run."""
    for run, *row in connection.execute(f"SELECT run, standing, {', '.join(_FACTS)} FROM messages ORDER BY id"):
        yield *_from_row(tuple(row)), run


def take_snapshot(
    connection: sqlite3.Connection, new: Message, *, run: int | None, origin: str
) -> tuple[Message | None, Message] | None:
    """Merges one more snapshot into the message's row; one that is forgotten is in the sums, and gets none.

    Gives what was known of the message before and what is now; None where the row stays as it is.
    """
    known = read_message(connection, new.message)
    if known is None and is_forgotten(connection, new.message, known=new.tokens is not None):
        return None
    merged = merge(None if known is None else known[0], new)
    if known is not None and merged == known[0] and (run is None or _has_run(connection, new.message)):
        return None
    standing = standing_of(merged, _conversation_created_ms(connection, merged.conversation))
    if known is not None and known[1] == "counted":
        # Two witnesses agreed once, and a third can't outvote them: what was counted stays, so no total ever falls.
        standing = "counted"
    row = _to_row(merged, standing)
    if known is None:
        connection.execute(_ADD, {**row, "run": run, "origin": origin})
    else:
        connection.execute(_CHANGE, {**row, "run": run})
    return (None if known is None else known[0]), merged


def decide_pending(connection: sqlite3.Connection, conversation: str) -> None:
    """Looks again at what is pending in a conversation, now that more is known of it."""
    created_ms = _conversation_created_ms(connection, conversation)
    rows = connection.execute(f"{_READ} WHERE standing = 'pending' AND conversation = ?", (conversation,)).fetchall()
    for message, _ in map(_from_row, rows):
        standing = standing_of(message, created_ms)
        if standing != "pending":
            connection.execute("UPDATE messages SET standing = ? WHERE message = ?", (standing, message.message))


def _has_run(connection: sqlite3.Connection, message: str) -> bool:
    row = connection.execute("SELECT run IS NOT NULL FROM messages WHERE message = ?", (message,)).fetchone()
    return bool(row[0])


def _conversation_created_ms(connection: sqlite3.Connection, conversation: str) -> int | None:
    row = connection.execute("SELECT created_ms FROM conversations WHERE conversation = ?", (conversation,)).fetchone()
    return None if row is None else row[0]


def _from_row(row: tuple[Any, ...]) -> tuple[Message, Standing]:
    standing: Standing = row[0]
    facts = dict(zip(_FACTS, row[1:], strict=True))
    if facts["stage"] not in STAGE_ORDER:
        # The rule that refuses it is asked at a write only; what stands there now, a disk made.
        raise sqlite3.DatabaseError("a message has a stage that was never written")
    counts = [facts.pop(name) for name in ("input", "output", "reasoning", "cache_read", "cache_write")]
    facts["tokens"] = None if counts[0] is None else Tokens(*counts)
    facts["created_seen"] = bool(facts["created_seen"])
    facts["summary"] = bool(facts["summary"])
    return Message(**facts), standing


def _to_row(message: Message, standing: Standing) -> dict[str, object]:
    row: dict[str, object] = {name: getattr(message, name) for name in _FACTS if name not in Tokens.__slots__}
    for name in Tokens.__slots__:
        row[name] = None if message.tokens is None else getattr(message.tokens, name)
    return {**row, "standing": standing, "state": message.state, "counted_at_ms": message.counted_at_ms}
