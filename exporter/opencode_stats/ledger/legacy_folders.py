"""How far OpenCode's JSON files have been read, and a place to lay them out as tables while they are taken in."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator

SCHEMA: Final = "legacy"
_COLUMNS: Final = {
    "message": "id TEXT PRIMARY KEY, session_id TEXT, time_created INTEGER, time_updated INTEGER, data TEXT",
    "session": "id TEXT PRIMARY KEY, project_id TEXT, parent_id TEXT, directory TEXT, version TEXT, "
    "time_created INTEGER",
    "senseless": "message TEXT PRIMARY KEY",
}


def read_folders(connection: sqlite3.Connection) -> dict[str, tuple[int, int, int]]:
    """Path → the folder's time of change, its newest file's, and how many messages were not complete."""
    return {path: (folder_ns, newest_ns, left) for path, folder_ns, newest_ns, left in connection.execute(
        "SELECT path, folder_ns, newest_ns, open FROM legacy_folders"
    )}  # fmt: skip


def keep_folders(connection: sqlite3.Connection, folders: Iterable[tuple[str, int, int, int]]) -> None:
    """Keeps path, time of change, newest file's, and number of messages not complete, for each folder."""
    connection.executemany("INSERT OR REPLACE INTO legacy_folders VALUES (?, ?, ?, ?)", folders)


@contextmanager
def tables(connection: sqlite3.Connection) -> Iterator[None]:
    """A database in memory with the tables of OpenCode 1.x that are needed, for the block."""
    connection.execute(f"ATTACH ':memory:' AS {SCHEMA}")
    try:
        for table, columns in _COLUMNS.items():
            connection.execute(f"CREATE TABLE {SCHEMA}.{table} ({columns})")
        yield
    finally:
        connection.execute(f"DETACH {SCHEMA}")


def lay_out(
    connection: sqlite3.Connection,
    messages: Iterable[tuple[str, str, int, int, str]],
    conversations: Iterable[tuple[str, str | None, str | None, str | None, str | None, int | None]],
    senseless: Iterable[tuple[str]],
) -> None:
    """Replaces what the tables hold."""
    for table, rows in (("message", messages), ("session", conversations), ("senseless", senseless)):
        marks = ", ".join("?" * (_COLUMNS[table].count(",") + 1))
        connection.execute(f"DELETE FROM {SCHEMA}.{table}")
        connection.executemany(f"INSERT OR REPLACE INTO {SCHEMA}.{table} VALUES ({marks})", rows)
