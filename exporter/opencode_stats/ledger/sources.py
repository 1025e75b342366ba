"""How far OpenCode's own databases have been read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3


@dataclass(frozen=True, slots=True)
class SourceCursor:
    """The last message and the last event that were read, each as row number and id, to know a changed file by."""

    path: str
    message: int
    message_id: str
    event: int
    event_id: str


def read_source(connection: sqlite3.Connection, path: str) -> SourceCursor | None:
    """The cursor of the database at this (real) path, None before its first reading."""
    row = connection.execute(
        "SELECT path, message, message_id, event, event_id FROM sources WHERE path = ?", (path,)
    ).fetchone()
    return None if row is None else SourceCursor(*row)


def keep_source(connection: sqlite3.Connection, cursor: SourceCursor, now_ms: int) -> None:
    """Keeps the cursor; the caller's transaction holds what was read up to it, too."""
    connection.execute(
        "INSERT OR REPLACE INTO sources VALUES (?, ?, ?, ?, ?, ?)",
        (cursor.path, cursor.message, cursor.message_id, cursor.event, cursor.event_id, now_ms),
    )
