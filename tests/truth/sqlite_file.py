"""A database file as OpenCode has it: real SQLite, WAL; filled at once, or brought up to what is there now."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from json import JSONEncoder
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    Row = tuple[Any, ...]

encode: Final = JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
"""JSON as OpenCode writes it."""


class SqliteFile:
    """One database that is being written."""

    def __init__(self, connection: sqlite3.Connection, *, fresh: bool) -> None:
        self.connection = connection
        self.fresh = fresh

    def has(self, table: str) -> bool:
        """Whether there is such a table."""
        found = self.connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (table,))
        return found.fetchone() is not None

    def fill(self, table: str, columns: tuple[str, ...], rows: Iterable[Row]) -> None:
        """The table then has these rows and no others; ``columns[0]`` is its key. A row that stays keeps its rowid."""
        marks = ",".join("?" * len(columns))
        insert = f"INSERT INTO {table} ({','.join(columns)}) VALUES ({marks})"
        if self.fresh:
            self.connection.executemany(insert, rows)
            return
        key, *rest = columns
        rows = list(rows)
        gone = {row[0] for row in self.connection.execute(f"SELECT {key} FROM {table}")} - {row[0] for row in rows}
        self.connection.executemany(f"DELETE FROM {table} WHERE {key} = ?", [(name,) for name in gone])
        updates = ", ".join(f"{column} = excluded.{column}" for column in rest)
        self.connection.executemany(f"{insert} ON CONFLICT ({key}) DO UPDATE SET {updates}", rows)


@contextmanager
def sqlite_file(path: Path, schema: str) -> Iterator[SqliteFile]:
    """The database at ``path``, made with ``schema`` if it is not there; all that is written is one transaction."""
    fresh = not path.exists()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        # A test's file need not outlive the machine.
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute(f"PRAGMA journal_mode = {'MEMORY' if fresh else 'WAL'}")
        connection.execute("PRAGMA cache_size = -65536")
        connection.execute("BEGIN IMMEDIATE")
        statements = [part.strip() for part in schema.split(";\n")] if fresh else []
        # Indexes are made after the rows: that is several times faster.
        for statement in statements:
            if not _is_index(statement):
                connection.execute(statement)
        yield SqliteFile(connection, fresh=fresh)
        for statement in filter(_is_index, statements):
            connection.execute(statement)
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = WAL")


def _is_index(statement: str) -> bool:
    return statement.startswith(("CREATE INDEX", "CREATE UNIQUE INDEX"))
