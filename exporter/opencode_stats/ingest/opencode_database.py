"""OpenCode's own database as the second witness: what no event told is found there and counted once, by the same ids.

The first reading goes through the message table in batches of row numbers, each committed with its cursor, so it can be
interrupted and goes on where it was. Later readings look only at conversations that OpenCode's log of events names
since. Where a cursor no longer fits (rows were deleted, the file was replaced), everything is read once more: reading
again changes nothing, because every row is keyed by its message's id.
"""

from __future__ import annotations

import os
import urllib.parse
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from opencode_stats.ledger import bulk
from opencode_stats.ledger.sources import SourceCursor, keep_source, read_source
from opencode_stats.ledger.transactions import transaction
from opencode_stats.opencode import v1_rows
from opencode_stats.opencode.schema import holdings_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from opencode_stats.ledger.bulk import Taken

SCHEMA: Final = "source"
BATCH_ROWS: Final = 10_000
BUSY_TIMEOUT_MS: Final = 5_000


@dataclass(frozen=True, slots=True)
class _Ends:
    """The last rows that a database has: message and event, each with its row number and its id."""

    message: int
    message_id: str
    event: int
    event_id: str


def take_database(
    connection: sqlite3.Connection, path: Path, now_ms: int, progress: Callable[[int, int], None] | None = None
) -> Taken:
    """Takes in what is new in one database of OpenCode; ``progress`` is told rows done and rows in all.

    Raises:
        UnknownSchema: the database is not as we know it.
        sqlite3.Error: it can't be read; batches before that stay taken in.
    """
    bulk.prepare(connection)
    with _attached(connection, path):
        held = holdings_of(connection, SCHEMA)
        name = os.path.realpath(path)
        cursor = read_source(connection, name)
        taken = bulk.Taken()
        if held.v1:
            ends = _ends(connection, events=held.events)
            if cursor is None or not held.events or not _fits(connection, cursor):
                cursor = SourceCursor(name, 0, "", ends.event, ends.event_id)
            taken += _touched(connection, cursor, ends, now_ms)
            cursor = replace(cursor, event=ends.event, event_id=ends.event_id)
            taken += _batches(connection, cursor, ends, now_ms, progress)
    return taken


def _batches(
    connection: sqlite3.Connection,
    cursor: SourceCursor,
    ends: _Ends,
    now_ms: int,
    progress: Callable[[int, int], None] | None,
) -> Taken:
    """The message table's rows after the cursor, a batch a transaction."""
    taken = bulk.Taken()
    first = cursor.message
    while first < ends.message:
        last = min(first + BATCH_ROWS, ends.message)
        with transaction(connection):
            taken += _take(
                connection,
                "m.rowid > :first AND m.rowid <= :last",
                f"id IN (SELECT session_id FROM {SCHEMA}.message WHERE rowid > :first AND rowid <= :last)",
                {"first": first, "last": last},
            )
            keep_source(connection, replace(cursor, message=last, message_id=_id_at(connection, last)), now_ms)
        first = last
        if progress is not None:
            progress(last, ends.message)
    return taken


def _touched(connection: sqlite3.Connection, cursor: SourceCursor, ends: _Ends, now_ms: int) -> Taken:
    """The conversations that the log of events names since the cursor: their rows may have changed in place."""
    if ends.event <= cursor.event:
        return bulk.Taken()
    named = f"IN (SELECT aggregate_id FROM {SCHEMA}.event WHERE rowid > :event AND rowid <= :last)"
    with transaction(connection):
        taken = _take(
            connection,
            f"m.session_id {named} AND m.rowid <= :message",
            f"id {named}",
            {"event": cursor.event, "last": ends.event, "message": cursor.message},
        )
        keep_source(
            connection,
            replace(cursor, event=ends.event, event_id=ends.event_id),
            now_ms,
        )
    return taken


def _take(connection: sqlite3.Connection, messages: str, conversations: str, values: dict[str, int]) -> Taken:
    bulk.take_conversations(connection, v1_rows.conversations(SCHEMA, conversations), values)
    return bulk.take_messages(connection, v1_rows.rows(SCHEMA, messages), values, api=1)


def _ends(connection: sqlite3.Connection, *, events: bool) -> _Ends:
    # The log before the rows: what is written between the two questions is then looked at twice, never missed.
    event = _last(connection, "event") if events else (0, "")
    return _Ends(*_last(connection, "message"), *event)


def _last(connection: sqlite3.Connection, table: str) -> tuple[int, str]:
    row = connection.execute(f"SELECT rowid, id FROM {SCHEMA}.{table} ORDER BY rowid DESC LIMIT 1").fetchone()
    return (0, "") if row is None else (row[0], row[1])


def _fits(connection: sqlite3.Connection, cursor: SourceCursor) -> bool:
    """Whether the rows that the cursor names are still the ones that it meant."""
    for table, number, expected in (
        ("message", cursor.message, cursor.message_id),
        ("event", cursor.event, cursor.event_id),
    ):
        if number:
            row = connection.execute(f"SELECT id FROM {SCHEMA}.{table} WHERE rowid = ?", (number,)).fetchone()
            if row is None or row[0] != expected:
                return False
    return True


def _id_at(connection: sqlite3.Connection, number: int) -> str:
    row = connection.execute(f"SELECT id FROM {SCHEMA}.message WHERE rowid = ?", (number,)).fetchone()
    return "" if row is None else row[0]


@contextmanager
def _attached(connection: sqlite3.Connection, path: Path) -> Iterator[None]:
    connection.execute(f"ATTACH ? AS {SCHEMA}", (f"file:{urllib.parse.quote(str(path))}?mode=ro",))
    try:
        yield
    finally:
        connection.execute(f"DETACH {SCHEMA}")
