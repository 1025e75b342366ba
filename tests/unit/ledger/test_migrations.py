from __future__ import annotations

import sqlite3
from contextlib import closing
from importlib import resources
from typing import TYPE_CHECKING

import pytest
from tests.support.clock import NOON_MS
from tests.support.ledgers import everything, take
from tests.support.script import Script

from opencode_stats.errors import LedgerNewer
from opencode_stats.ledger.migrations import STEPS, applied_steps, created_ms, migrate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def empty() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        yield connection


def tables(connection: sqlite3.Connection) -> set[str]:
    return {row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}


def test_a_new_database_takes_every_step_once(empty: sqlite3.Connection) -> None:
    assert migrate(empty, NOON_MS) == list(STEPS)
    assert migrate(empty, NOON_MS + 1) == []
    assert (applied_steps(empty), created_ms(empty)) == (set(STEPS), NOON_MS)


def test_what_is_in_a_ledger_stays_when_it_is_opened_again(ledger: sqlite3.Connection) -> None:
    take(ledger, Script().started().answer("ses_a", input=5))
    before = everything(ledger)

    migrate(ledger, NOON_MS + 1)

    assert everything(ledger) == before


def test_a_newer_ledger_is_refused_and_not_touched(ledger: sqlite3.Connection) -> None:
    ledger.execute("INSERT INTO migrations VALUES ('m999_future.sql', 1)")
    before = everything(ledger)

    with pytest.raises(LedgerNewer, match="m999_future"):
        migrate(ledger, NOON_MS)
    assert everything(ledger) == before


def test_the_columns_of_a_primary_key_come_first(ledger: sqlite3.Connection) -> None:
    # quick_check of SQLite 3.40.0 to 3.41.0 (Debian 12 has 3.40.1) reports sound rows otherwise.
    wrong = {}
    for table in sorted(tables(ledger)):
        places = [row[5] for row in ledger.execute(f"PRAGMA table_info({table})")]
        key = [place for place in places if place]
        if places[: len(key)] != sorted(key):
            wrong[table] = places

    assert wrong == {}


def statements() -> int:
    script = resources.files("opencode_stats.ledger").joinpath("steps", STEPS[0]).read_text("utf-8")
    return sum(1 for statement in script.split(";;\n") if statement.strip())


@pytest.mark.parametrize("number", [1, 2, 9, statements()])
def test_a_crash_inside_a_step_leaves_nothing_of_it(empty: sqlite3.Connection, number: int) -> None:
    creations = 0

    def crash(action: int, *_: object) -> int:
        nonlocal creations
        creations += action == sqlite3.SQLITE_INSERT
        over = action == sqlite3.SQLITE_INSERT and creations > number
        return sqlite3.SQLITE_DENY if over else sqlite3.SQLITE_OK

    empty.set_authorizer(crash)
    with pytest.raises(sqlite3.DatabaseError):
        migrate(empty, NOON_MS)
    empty.set_authorizer(None)

    assert tables(empty) <= {"migrations"}
    assert not empty.in_transaction
    assert migrate(empty, NOON_MS) == list(STEPS)


def test_a_schema_whose_bytes_are_no_text_can_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrate(connection, NOON_MS)
    path.write_bytes(path.read_bytes().replace(b"CREATE TABLE runs", b"CREATE \xec\xff\xfeLE runs"))

    with closing(sqlite3.connect(path)) as connection, pytest.raises(sqlite3.DatabaseError, match="malformed"):
        applied_steps(connection)
