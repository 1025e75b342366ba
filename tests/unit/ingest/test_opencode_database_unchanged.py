"""A database of OpenCode that was not written to since it was read is not opened again; any other is."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.support.clock import NOON_MS
from tests.support.opencode2_database import OpenCode2Database

from opencode_stats.errors import UnknownSchema
from opencode_stats.ingest.opencode_database import take_database
from opencode_stats.ledger.bulk import Taken
from opencode_stats.ledger.connection import open_ledger
from opencode_stats.ledger.queries import total
from opencode_stats.opencode.opening import QUIET_NS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def v2(tmp_path: Path) -> OpenCode2Database:
    return OpenCode2Database(tmp_path / "opencode.db").session("ses_a").step("ses_a", 100)


@pytest.fixture
def open_code(v2: OpenCode2Database) -> Iterator[sqlite3.Connection]:
    """An OpenCode that has the database open all the time."""
    with closing(sqlite3.connect(v2.path, isolation_level=None)) as connection:
        connection.execute("SELECT count(*) FROM session_v2").fetchone()
        yield connection


def later_ns() -> int:
    return time.time_ns() + 10 * QUIET_NS


def opened(kept: sqlite3.Connection, path: Path, *, just_written: bool = False) -> bool:
    """Whether taking in the database opened it."""
    said: list[str] = []
    kept.set_trace_callback(said.append)
    take_database(kept, path, NOON_MS, wall_ns=time.time_ns if just_written else later_ns)
    kept.set_trace_callback(None)
    return any(statement.startswith("ATTACH") for statement in said)


def test_it_is_opened_once(kept: sqlite3.Connection, v2: OpenCode2Database) -> None:
    assert [opened(kept, v2.path) for _ in range(3)] == [True, False, False]


def test_what_changes_in_place_is_found(
    kept: sqlite3.Connection, v2: OpenCode2Database, open_code: sqlite3.Connection
) -> None:
    take_database(kept, v2.path, NOON_MS, wall_ns=later_ns)
    assert not opened(kept, v2.path)
    open_code.execute("UPDATE session_v2 SET tokens_input = tokens_input + 30")

    assert take_database(kept, v2.path, NOON_MS, wall_ns=later_ns) == Taken()
    assert total(kept).whole.tokens.total == 130


def test_behind_a_link_what_changes_is_found_too(
    kept: sqlite3.Connection, v2: OpenCode2Database, open_code: sqlite3.Connection, tmp_path: Path
) -> None:
    link = tmp_path / "linked" / "opencode.db"
    link.parent.mkdir()
    link.symlink_to(v2.path)
    take_database(kept, link, NOON_MS, wall_ns=later_ns)
    assert not opened(kept, link)

    open_code.execute("UPDATE session_v2 SET tokens_input = tokens_input + 30")
    assert opened(kept, link)


def test_what_was_written_just_now_is_looked_at_once_more(kept: sqlite3.Connection, v2: OpenCode2Database) -> None:
    v2.charge("ses_a", 30)  # a clock that stands still could not tell this from what comes next

    assert opened(kept, v2.path, just_written=True)
    assert opened(kept, v2.path)
    assert not opened(kept, v2.path)


def test_what_is_written_while_it_is_read_is_looked_at_once_more(
    kept: sqlite3.Connection, v2: OpenCode2Database, open_code: sqlite3.Connection
) -> None:
    def charge(_done: int, _whole: int) -> None:
        open_code.execute("UPDATE session_v2 SET tokens_input = tokens_input + 30")

    take_database(kept, v2.path, NOON_MS, charge, wall_ns=later_ns)

    assert opened(kept, v2.path)


def test_another_ledger_and_one_that_was_made_again_read_all_of_it(
    kept: sqlite3.Connection, v2: OpenCode2Database, tmp_path: Path
) -> None:
    take_database(kept, v2.path, NOON_MS, wall_ns=later_ns)
    with closing(open_ledger(tmp_path / "ledger.db", NOON_MS)) as again:
        assert opened(again, v2.path)

    kept.execute("DELETE FROM sources")  # ledger.recovery
    assert opened(kept, v2.path)


def test_one_of_which_a_part_could_not_be_read_is_tried_again(kept: sqlite3.Connection, v2: OpenCode2Database) -> None:
    v2.write("CREATE TABLE message (id TEXT)")

    for _ in range(2):
        with pytest.raises(UnknownSchema):
            take_database(kept, v2.path, NOON_MS, wall_ns=later_ns)


@pytest.mark.parametrize("settled", [True, False])
def test_what_a_new_step_takes_does_not_grow_with_the_messages_there_are(tmp_path: Path, *, settled: bool) -> None:
    took = []
    for messages in (100, 3_000):
        folder = tmp_path / str(messages)
        folder.mkdir()
        v2 = OpenCode2Database(folder / "opencode.db").session("ses_many").session("ses_a").step("ses_many", 100)
        v2.write(
            "WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < ?) "
            "INSERT INTO session_message (id, session_id, type, seq, time_created, time_updated, data) "
            "SELECT 'msg_many' || number, session_id, type, 1000 + number, time_created, time_updated, data "
            "FROM numbers, (SELECT * FROM session_message LIMIT 1)",
            messages,
        )
        with closing(open_ledger(folder / "ledger.db", NOON_MS)) as kept:
            take_database(kept, v2.path, NOON_MS)
            v2.step("ses_a", 10 if settled else None)
            took.append(_instructions(kept, v2.path))

    assert took[1] < 1.2 * took[0]


def _instructions(kept: sqlite3.Connection, path: Path) -> int:
    """What SQLite did while it took in the database: tens of its instructions, which no load changes."""
    done = 0

    def count() -> int:
        nonlocal done
        done += 1
        return 0

    kept.set_progress_handler(count, 10)
    take_database(kept, path, NOON_MS)
    kept.set_progress_handler(None, 10)
    return done
