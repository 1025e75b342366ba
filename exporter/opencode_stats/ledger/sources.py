"""How far OpenCode's own databases have been read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3


@dataclass(frozen=True, slots=True)
class SourceCursor:
    """The last rows that were read, each as row number and id, to know a changed file by.

    ``message`` and ``event`` are in 1.x's tables, ``row`` is in ``session_message``, which 2.x fills.
    """

    path: str
    message: int = 0
    message_id: str = ""
    event: int = 0
    event_id: str = ""
    row: int = 0
    row_id: str = ""


def read_source(connection: sqlite3.Connection, path: str) -> SourceCursor | None:
    """The cursor of the database at this (real) path, None before its first reading."""
    row = connection.execute(
        "SELECT path, message, message_id, event, event_id, row, row_id FROM sources WHERE path = ?", (path,)
    ).fetchone()
    return None if row is None else SourceCursor(*row)


def keep_source(connection: sqlite3.Connection, cursor: SourceCursor, now_ms: int) -> None:
    """Keeps the cursor; the caller's transaction holds what was read up to it, too."""
    connection.execute(
        "INSERT OR REPLACE INTO sources (path, message, message_id, event, event_id, checked_ms, row, row_id) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            cursor.path, cursor.message, cursor.message_id, cursor.event, cursor.event_id, now_ms, cursor.row,
            cursor.row_id,
        ),
    )  # fmt: skip


def read_state(connection: sqlite3.Connection, path: str) -> str | None:
    """What the database at this (real) path looked like when all of it had last been read by this connection."""
    _make_states(connection)
    row = connection.execute("SELECT state FROM temp.states JOIN main.sources USING (path) WHERE path = ?", (path,))
    found = row.fetchone()
    return None if found is None else str(found[0])


def keep_state(connection: sqlite3.Connection, path: str, state: str) -> None:
    """Keeps it as long as the connection is open: who opens the ledger anew reads all of it once."""
    _make_states(connection)
    connection.execute("INSERT OR REPLACE INTO temp.states VALUES (?, ?)", (path, state))


def _make_states(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS states (path TEXT PRIMARY KEY, state TEXT NOT NULL)")


def rejected_rows(connection: sqlite3.Connection, since_ms: int = 0) -> int:
    """Rows of OpenCode's databases that make no sense, and were found since then."""
    row: tuple[int] = connection.execute("SELECT count(*) FROM rejected WHERE at_ms >= ?", (since_ms,)).fetchone()
    return row[0]
