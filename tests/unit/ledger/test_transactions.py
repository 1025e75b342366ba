from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.clock import NOON_MS
from tests.support.ledgers import rows

from opencode_stats.ledger.connection import open_ledger, open_reader
from opencode_stats.ledger.transactions import checkpointed, one_moment, transaction

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def numbers() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("CREATE TABLE numbers (n PRIMARY KEY, of REFERENCES numbers (n) DEFERRABLE INITIALLY DEFERRED)")
    return connection


def test_all_of_the_block(numbers: sqlite3.Connection) -> None:
    with closing(numbers), transaction(numbers):
        numbers.execute("INSERT INTO numbers VALUES (1, NULL)")
        assert numbers.in_transaction


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_or_nothing_of_it(numbers: sqlite3.Connection, error: type[BaseException]) -> None:
    with closing(numbers):
        with pytest.raises(error), transaction(numbers):  # noqa: PT012 - the block is the subject
            numbers.execute("INSERT INTO numbers VALUES (1, NULL)")
            raise error

        assert (rows(numbers, "SELECT * FROM numbers"), numbers.in_transaction) == ([], False)


def test_a_commit_that_is_refused_leaves_nothing_open(numbers: sqlite3.Connection) -> None:
    with closing(numbers):
        # A deferred constraint makes the COMMIT itself fail, as a full disk can.
        with pytest.raises(sqlite3.IntegrityError), transaction(numbers):
            numbers.execute("INSERT INTO numbers VALUES (1, 99)")

        with transaction(numbers):
            numbers.execute("INSERT INTO numbers VALUES (2, NULL)")
        assert rows(numbers, "SELECT n FROM numbers") == [(2,)]


def test_a_look_that_cannot_be_ended_leaves_no_transaction_in_which_no_other_can_begin() -> None:
    class Refusing(sqlite3.Connection):
        def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:  # noqa: ANN401 - as sqlite3 has it
            if sql == "COMMIT":
                raise sqlite3.OperationalError("disk I/O error")
            return super().execute(sql, *values)

    with closing(sqlite3.connect(":memory:", isolation_level=None, factory=Refusing)) as connection:
        with pytest.raises(sqlite3.OperationalError, match="I/O"), one_moment(connection):
            pass
        with pytest.raises(ZeroDivisionError), one_moment(connection):
            raise ZeroDivisionError
        assert not connection.in_transaction


def test_a_look_sees_one_moment(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with closing(open_ledger(path, NOON_MS)) as writer, closing(open_reader(path)) as reader, one_moment(reader):
        before = rows(reader, "SELECT count(*) FROM counters")
        writer.execute("INSERT INTO counters VALUES ('a', 1)")
        assert rows(reader, "SELECT count(*) FROM counters") == before


def test_a_checkpoint_says_whether_it_got_everything(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with closing(open_ledger(path, NOON_MS)) as writer, closing(open_reader(path)) as reader:
        reader.execute("BEGIN")
        rows(reader, "SELECT * FROM processes")
        writer.execute("INSERT INTO counters VALUES ('a', 1)")
        assert not checkpointed(writer)

        reader.execute("COMMIT")
        assert checkpointed(writer)
        assert checkpointed(writer)
