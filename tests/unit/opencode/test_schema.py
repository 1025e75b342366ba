from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.truth.database_v1 import SCHEMA_V1
from tests.truth.schema_v2 import schema_v2

from opencode_stats.errors import UnknownSchema
from opencode_stats.opencode.schema import V1_COLUMNS, V2_COLUMNS, Holdings, holdings_of

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def database() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        yield connection


def test_1x(database: sqlite3.Connection) -> None:
    database.executescript(SCHEMA_V1)

    # Its session_message is there and empty.
    assert holdings_of(database, "main") == Holdings(v1=True, v2=False, embedded=False, events=True)


def test_1x_with_rows_of_its_2x_engine(database: sqlite3.Connection) -> None:
    database.executescript(SCHEMA_V1)
    database.execute("INSERT INTO session_message VALUES ('msg_1', 'ses_1', 'assistant', 0, 1, 1, '{}')")

    assert holdings_of(database, "main") == Holdings(v1=True, v2=False, embedded=True, events=True)


@pytest.mark.parametrize("upgraded", [False, True])
@pytest.mark.parametrize("legacy", [False, True])
def test_2x(database: sqlite3.Connection, *, legacy: bool, upgraded: bool) -> None:
    database.executescript(schema_v2(legacy=legacy, upgraded=upgraded))

    assert holdings_of(database, "main") == Holdings(v1=legacy, v2=True, embedded=False, events=True)


def test_without_a_log_of_events(database: sqlite3.Connection) -> None:
    database.executescript(SCHEMA_V1 + "; DROP TABLE event")

    assert not holdings_of(database, "main").events


@pytest.mark.parametrize(
    ("script", "columns"), [(SCHEMA_V1, V1_COLUMNS), (schema_v2(legacy=False, upgraded=False), V2_COLUMNS)]
)
def test_each_column_that_is_read_is_missed_by_name(script: str, columns: dict[str, tuple[str, ...]]) -> None:
    for table, names in columns.items():
        for name in names:
            with closing(sqlite3.connect(":memory:")) as database:
                database.executescript(script)
                # Renamed, because SQLite drops no column that an index uses.
                database.execute(f"ALTER TABLE {table} RENAME COLUMN {name} TO another")

                with pytest.raises(UnknownSchema, match=f"the column {name} of table {table} is missing"):
                    holdings_of(database, "main")


def test_the_version_that_wrote_last_is_named(database: sqlite3.Connection) -> None:
    database.executescript(
        "CREATE TABLE message (id); CREATE TABLE session (version); INSERT INTO session VALUES ('9.9')"
    )

    with pytest.raises(UnknownSchema, match=r"written by OpenCode 9\.9"):
        holdings_of(database, "main")


def test_a_database_of_something_else(database: sqlite3.Connection) -> None:
    database.executescript("CREATE TABLE recipes (id)")

    with pytest.raises(UnknownSchema, match=r"neither a table message nor a table session_v2 .*is not known"):
        holdings_of(database, "main")


def test_one_generation_is_read_where_the_other_is_strange(database: sqlite3.Connection) -> None:
    database.executescript(schema_v2(legacy=True, upgraded=True))
    database.execute("ALTER TABLE session_v2 RENAME COLUMN cost TO price")

    held = holdings_of(database, "main")

    assert (held.v1, held.v2) == (True, False)
    assert held.lacking is not None
    assert "column cost of table session_v2" in held.lacking
