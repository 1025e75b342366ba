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


@dataclass(frozen=True, slots=True)
class Holdings:
    """Which generations of tables a database has, and whether 1.x's log of events is there to read on from."""

    v1: bool
    v2: bool
    events: bool


def holdings_of(connection: sqlite3.Connection, schema: str) -> Holdings:
    """What the attached database ``schema`` holds.

    Raises:
        UnknownSchema: it has neither generation, or one of them lacks a column that we read.
    """
    tables = {row[0] for row in connection.execute(f"SELECT name FROM {schema}.sqlite_master WHERE type = 'table'")}
    # 1.17 and 1.18 already have an almost empty session_message, so 2.x is known by session_v2 alone.
    v1, v2 = "message" in tables, "session_v2" in tables
    if not v1 and not v2:
        raise UnknownSchema(
            f"it has neither a table message nor a table session_v2 ({_version(connection, schema, tables)})."
        )
    for generation, wanted in ((v1, V1_COLUMNS), (v2, V2_COLUMNS)):
        if generation:
            _check(connection, schema, tables, wanted)
    return Holdings(v1, v2, "event" in tables)


def _check(connection: sqlite3.Connection, schema: str, tables: set[str], wanted: dict[str, tuple[str, ...]]) -> None:
    for table, columns in wanted.items():
        there = {row[1] for row in connection.execute(f"PRAGMA {schema}.table_info({table})")}
        missing = [column for column in columns if column not in there]
        if missing:
            what = f"column {missing[0]} of table {table}" if there else f"table {table}"
            raise UnknownSchema(f"the {what} is missing ({_version(connection, schema, tables)}).")


def _version(connection: sqlite3.Connection, schema: str, tables: set[str]) -> str:
    """Which OpenCode wrote last, as far as the database says."""
    for table in ("session_v2", "session"):
        columns = {row[1] for row in connection.execute(f"PRAGMA {schema}.table_info({table})")}
        if table in tables and "version" in columns:
            row = connection.execute(f"SELECT version FROM {schema}.{table} ORDER BY rowid DESC LIMIT 1").fetchone()
            if row is not None:
                return f"written by OpenCode {str(row[0])[:40]}"
    return "the OpenCode that wrote it is not known"
