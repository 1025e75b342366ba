"""What a database of OpenCode holds: the tables of 1.x, those of 2.x, or both; and whether they are as we know them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from opencode_stats.errors import UnknownSchema

if TYPE_CHECKING:
    import sqlite3

V1_COLUMNS: Final = {
    "message": ("id", "session_id", "time_created", "time_updated", "data"),
    "session": ("id", "project_id", "parent_id", "directory", "version", "time_created"),
}
V2_COLUMNS: Final = {
    "session_message": ("id", "session_id", "type", "time_created", "time_updated", "data"),
    "session_v2": (
        "id", "project_id", "parent_id", "fork_session_id", "directory", "version", "time_created", "cost",
        "tokens_input", "tokens_output", "tokens_reasoning", "tokens_cache_read", "tokens_cache_write",
    ),
}  # fmt: skip


EMBEDDED_COLUMNS: Final = {"session_message": V2_COLUMNS["session_message"], "session": V1_COLUMNS["session"]}
KV_COLUMNS: Final[dict[str, tuple[str, ...]]] = {"kv": ("key", "value", "time_updated")}
EVENT_COLUMNS: Final[dict[str, tuple[str, ...]]] = {"event": ("id", "aggregate_id")}


@dataclass(frozen=True, slots=True)
class Holdings:
    """Which generations of tables a database has that can be read, and whether there is a log of events to go on from.

    ``embedded``: the 2.x engine inside OpenCode 1.17 and 1.18 has a table there. ``lacking`` says what is not as we
    know it, so that a part can't be read; None where everything can. ``migrated_ms`` is when 2.x had taken over what
    was in 1.x's tables; None where that is not known, or has not been done.
    """

    v1: bool
    v2: bool
    embedded: bool
    events: bool
    lacking: str | None = None
    migrated_ms: int | None = None


def holdings_of(connection: sqlite3.Connection, schema: str) -> Holdings:
    """What the attached database ``schema`` holds.

    Raises:
        UnknownSchema: it has neither generation, or none that can be read.
    """
    tables = {row[0] for row in connection.execute(f"SELECT name FROM {schema}.sqlite_master WHERE type = 'table'")}
    # 1.17 and 1.18 already have an almost empty session_message, so 2.x is known by session_v2 alone.
    v1, v2 = "message" in tables, "session_v2" in tables
    if not v1 and not v2:
        raise UnknownSchema(
            f"it has neither a table message nor a table session_v2 ({_version(connection, schema, tables)})."
        )
    lacking: list[str] = []

    def readable(there: bool, wanted: dict[str, tuple[str, ...]]) -> bool:  # noqa: FBT001 - local
        missing = _missing(connection, schema, wanted) if there else None
        if missing is not None:
            lacking.append(f"the {missing} is missing ({_version(connection, schema, tables)}).")
        return there and missing is None

    embedded = not v2 and _has_rows(connection, schema, tables, "session_message")
    held = Holdings(
        v1=readable(v1, V1_COLUMNS),
        v2=readable(v2, V2_COLUMNS),
        embedded=readable(embedded, EMBEDDED_COLUMNS),
        # Without its log the messages are looked at in another way, so a log that we don't know is no fault.
        events="event" in tables and _missing(connection, schema, EVENT_COLUMNS) is None,
        lacking=lacking[0] if lacking else None,
        migrated_ms=_migrated_ms(connection, schema) if v2 else None,
    )
    if not held.v1 and not held.v2 and held.lacking is not None:
        raise UnknownSchema(held.lacking)
    return held


def _migrated_ms(connection: sqlite3.Connection, schema: str) -> int | None:
    """v2 facts §3.6. What is not as we know it there only makes less known."""
    if _missing(connection, schema, KV_COLUMNS) is not None:
        return None
    row = connection.execute(
        f"SELECT time_updated FROM {schema}.kv WHERE key = 'migration.v1-v2' AND typeof(time_updated) = 'integer' "
        "AND CASE WHEN json_valid(value) THEN json_extract(value, '$.phase') = 'completed' END"
    ).fetchone()
    return None if row is None else row[0]


def columns_of(connection: sqlite3.Connection, schema: str, table: str) -> set[str]:
    """The columns of a table, none where there is no such table: a view in its place may be endless."""
    named = connection.execute(
        f"SELECT 1 FROM {schema}.sqlite_master WHERE type = 'table' AND name = ?", (table,)
    ).fetchone()
    return {row[1] for row in connection.execute(f"PRAGMA {schema}.table_info({table})")} if named else set()


def _missing(connection: sqlite3.Connection, schema: str, wanted: dict[str, tuple[str, ...]]) -> str | None:
    for table, columns in wanted.items():
        there = columns_of(connection, schema, table)
        missing = [column for column in columns if column not in there]
        if missing:
            return f"column {missing[0]} of table {table}" if there else f"table {table}"
    return None


def _has_rows(connection: sqlite3.Connection, schema: str, tables: set[str], table: str) -> bool:
    return table in tables and connection.execute(f"SELECT 1 FROM {schema}.{table} LIMIT 1").fetchone() is not None


def _version(connection: sqlite3.Connection, schema: str, tables: set[str]) -> str:
    """Which OpenCode wrote last, as far as the database says."""
    for table in ("session_v2", "session"):
        if table in tables and "version" in columns_of(connection, schema, table):
            row = connection.execute(f"SELECT version FROM {schema}.{table} ORDER BY rowid DESC LIMIT 1").fetchone()
            if row is not None:
                return f"written by OpenCode {str(row[0])[:40]}"
    return "the OpenCode that wrote it is not known"
