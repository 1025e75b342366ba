"""Spoiling an SQLite file as OpenCode has it: its rows, its schema, its pages, its write-ahead log."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Final

from tests.fuzz.spoil import Seed, spoiled

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from random import Random

LONGEST_SEED: Final = 10_000
TABLES: Final = ("message", "session", "session_message", "session_v2", "event", "project", "part")
VALUES: Final[tuple[object, ...]] = (
    None, "", 0, -1, 1, 1.5, 2**31, 2**63 - 1, -(2**63), float("inf"), -0.0, "text", "NULL", "1", b"", b"blob",
    b"\xff\xfe\x00", "a\0b", "\x1b[2J", "x" * 1_000_000, b"\0" * 3_000_000, "{", "[]", "{}", "[" * 1500, "\U0001f4b8",
)  # fmt: skip
EXPRESSIONS: Final = (
    "CAST(x'eda080' AS TEXT)", "CAST(x'ff' AS TEXT)", "zeroblob(9)", "-9e18", "hex(zeroblob(40))",
)  # fmt: skip
VIEWS: Final = (
    "SELECT * FROM {0}_kept",
    "SELECT * FROM {0}_kept JOIN (SELECT 1 UNION ALL SELECT 2)",
    "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT {0}_kept.* FROM n CROSS JOIN {0}_kept",
    "SELECT load_extension('x') AS id FROM {0}_kept",
)


def rows(rng: Random, path: Path) -> str:
    """Values of another type, size and sense in some rows; gives what was done, for the report."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        table = rng.choice(_there(connection))
        if rng.random() < 0.5:
            _loosen(connection, table)
        for _ in range(rng.randint(1, 4)):
            column = rng.choice(_columns(connection, table))
            numbers = [row[0] for row in connection.execute(f"SELECT rowid FROM {table}")]
            where = f"rowid = {rng.choice(numbers)}" if numbers and rng.random() < 0.8 else "true"
            with suppress(sqlite3.IntegrityError):
                _set(rng, connection, table, column, where)
    return f"rows of {table}"


def _set(rng: Random, connection: sqlite3.Connection, table: str, column: str, where: str) -> None:
    kind = rng.random()
    if column == "data" and kind < 0.75:
        there = connection.execute(f"SELECT CAST(data AS BLOB) FROM {table} LIMIT 20")
        seeds = tuple(Seed.of(text) for (text,) in there if text and len(text) < LONGEST_SEED and _is_object(text))
        if seeds:
            text = spoiled(rng, rng.choice(seeds), seeds)
            as_text = rng.random() < 0.9
            connection.execute(
                f"UPDATE {table} SET data = {'CAST(? AS TEXT)' if as_text else '?'} WHERE {where}", (text,)
            )
    elif column in ("parent_id", "fork_session_id") and kind < 0.75:
        # Circles: of one, of two, of all.
        other = rng.choice(("id", f"(SELECT min(id) FROM {table})", f"(SELECT max(id) FROM {table})"))
        connection.execute(f"UPDATE {table} SET {column} = {other}")
    elif kind < 0.9:
        connection.execute(f"UPDATE {table} SET {column} = ? WHERE {where}", (rng.choice(VALUES),))
    else:
        connection.execute(f"UPDATE {table} SET {column} = {rng.choice(EXPRESSIONS)} WHERE {where}")


def schema(rng: Random, path: Path) -> str:
    """Tables and columns missing, renamed, generated, views in their place, triggers on them."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        table = rng.choice(_there(connection))
        change = rng.choice(_SCHEMAS)
        if change is not _dropped and change is not _triggered:
            _loosen(connection, table)
        connection.execute("PRAGMA legacy_alter_table = ON")
        change(rng, connection, table)
    return f"{change.__name__.strip('_')} {table}"


def _dropped(rng: Random, connection: sqlite3.Connection, table: str) -> None:
    connection.execute(f"DROP TABLE {table}")


def _without_column(rng: Random, connection: sqlite3.Connection, table: str) -> None:
    connection.execute(f"ALTER TABLE {table} DROP COLUMN {rng.choice(_columns(connection, table))}")


def _renamed(rng: Random, connection: sqlite3.Connection, table: str) -> None:
    column = rng.choice(_columns(connection, table))
    connection.execute(f"ALTER TABLE {table} RENAME COLUMN {column} TO {rng.choice(('x', 'rowid', '_rowid_', 'oid'))}")


def _viewed(rng: Random, connection: sqlite3.Connection, table: str) -> None:
    connection.execute(f"ALTER TABLE {table} RENAME TO {table}_kept")
    connection.execute(f"CREATE VIEW {table} AS {rng.choice(VIEWS).format(table)}")


def _generated(rng: Random, connection: sqlite3.Connection, table: str) -> None:
    column = rng.choice(_columns(connection, table))
    connection.execute(f"ALTER TABLE {table} RENAME COLUMN {column} TO kept_as")
    made = rng.choice(("kept_as", "kept_as || 'x'", "hex(zeroblob(100000))", "1 / 0", "json('{')"))
    connection.execute(f"ALTER TABLE {table} ADD COLUMN {column} TEXT GENERATED ALWAYS AS ({made}) VIRTUAL")


def _triggered(rng: Random, connection: sqlite3.Connection, table: str) -> None:
    for act in ("INSERT", "UPDATE", "DELETE"):
        connection.execute(f"CREATE TRIGGER t_{act} AFTER {act} ON {table} BEGIN DELETE FROM {table}; END")


def _virtual(rng: Random, connection: sqlite3.Connection, table: str) -> None:
    columns = ", ".join(_columns(connection, table))
    connection.execute(f"ALTER TABLE {table} RENAME TO {table}_kept")
    connection.execute(f"CREATE VIRTUAL TABLE {table} USING fts5({columns})")
    connection.execute(f"INSERT INTO {table} SELECT * FROM {table}_kept")


def _garbled(rng: Random, connection: sqlite3.Connection, table: str) -> None:
    connection.execute("PRAGMA writable_schema = ON")
    sql = rng.choice(
        ("", "CREATE", "CREATE TABLE", f"CREATE TABLE {table} (id)", f"CREATE VIEW {table} AS SELECT 1 AS id")
    )
    connection.execute("UPDATE sqlite_master SET sql = ? WHERE name = ?", (sql, table))


def _without_rowid(rng: Random, connection: sqlite3.Connection, table: str) -> None:
    columns = _columns(connection, table)
    connection.execute(f"ALTER TABLE {table} RENAME TO {table}_kept")
    connection.execute(f"CREATE TABLE {table} ({', '.join(columns)}, PRIMARY KEY ({columns[0]})) WITHOUT ROWID")
    connection.execute(f"INSERT OR IGNORE INTO {table} SELECT * FROM {table}_kept WHERE {columns[0]} IS NOT NULL")


_SCHEMAS: Final = (
    _dropped, _without_column, _renamed, _viewed, _viewed, _generated, _triggered, _virtual, _garbled, _without_rowid,
)  # fmt: skip


def layout(rng: Random, path: Path) -> str:
    """The same rows in another file: page size, journal, vacuumed, in another order. Nothing is wrong with it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        size = rng.choice((512, 1024, 8192, 65536))
        connection.execute(f"PRAGMA page_size = {size}")
        connection.execute(f"PRAGMA auto_vacuum = {rng.randrange(3)}")
        connection.execute("VACUUM")
        connection.execute(f"PRAGMA journal_mode = {rng.choice(('WAL', 'DELETE', 'TRUNCATE', 'PERSIST'))}")
    return f"pages of {size}"


def pages(rng: Random, path: Path) -> str:
    """Bytes of the file changed, whole pages swapped, emptied or cut off, a header as encryption leaves it."""
    content = bytearray(path.read_bytes())
    size, count = 4096, len(content) // 4096
    kind = rng.randrange(8)
    if kind <= 2:
        for _ in range(rng.choice((1, 1, 5, 100))):
            content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    elif kind == 3:
        at = rng.randrange(count) * size
        content[at : at + size] = rng.choice((bytes(size), rng.randbytes(size), b"\xff" * size))
    elif kind == 4:
        del content[rng.randrange(len(content)) :]
    elif kind == 5:
        one, other = rng.randrange(count) * size, rng.randrange(count) * size
        content[one : one + size], content[other : other + size] = (
            content[other : other + size],
            content[one : one + size],
        )
    elif kind == 6:
        content[:100] = rng.choice(
            (rng.randbytes(16) + content[16:100], rng.randbytes(100), b"SQLite format 3\0" + bytes(84))
        )
    else:
        at = rng.randrange(16, 100)
        content[at] = rng.choice((0, 1, 3, 127, 255))
    path.write_bytes(content)
    return f"bytes, way {kind}"


def log(rng: Random, path: Path) -> str:
    """What a killed OpenCode left: a write-ahead log beside the file, itself spoiled."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        for table in _there(connection):
            column = _columns(connection, table)[-1]
            connection.execute(f"UPDATE {table} SET {column} = {column}")
        frozen, frames = path.read_bytes(), bytearray(path.with_name(f"{path.name}-wal").read_bytes())
    path.write_bytes(frozen)
    kind = rng.randrange(7)
    if kind == 0 and frames:
        frames[rng.randrange(len(frames))] ^= 1 << rng.randrange(8)
    elif kind == 1:
        del frames[rng.randrange(len(frames) + 1) :]
    elif kind == 2:
        frames[:32] = rng.randbytes(32)
    elif kind == 3:
        frames = bytearray(rng.randbytes(5000))
    elif kind == 4:
        frames += rng.randbytes(4120)
    elif kind == 5:
        frames.clear()
    path.with_name(f"{path.name}-wal").write_bytes(frames)
    if rng.random() < 0.4:
        path.with_name(f"{path.name}-shm").write_bytes(rng.randbytes(32768) if rng.random() < 0.7 else b"")
    return f"log, way {kind}"


WAYS: Final[dict[str, Callable[[Random, Path], str]]] = {
    "rows": rows,
    "schema": schema,
    "layout": layout,
    "pages": pages,
    "log": log,
}


def _there(connection: sqlite3.Connection) -> list[str]:
    names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    return [name for name in TABLES if name in names]


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


def _loosen(connection: sqlite3.Connection, table: str) -> None:
    """The same rows without any rule: NULL anywhere, the same id twice."""
    connection.execute("PRAGMA legacy_alter_table = ON")
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute(f"ALTER TABLE {table} RENAME TO loose")
    connection.execute(f"CREATE TABLE {table} AS SELECT * FROM loose ORDER BY rowid")
    connection.execute("DROP TABLE loose")


def _is_object(text: bytes) -> bool:
    try:
        return isinstance(json.loads(text.decode()), dict)
    except (ValueError, RecursionError):
        return False
