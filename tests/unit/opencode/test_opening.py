"""Reading OpenCode's database leaves nothing beside it, and never trusts what was written meanwhile."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from opencode_stats.opencode.opening import Opening

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "opencode ?#%.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE t AS SELECT 1 AS n")
    return path


def read(opening: Opening) -> int:
    with closing(sqlite3.connect(opening.uri, uri=True)) as connection:
        return int(connection.execute("SELECT sum(n) FROM t").fetchone()[0])


def test_a_database_that_nobody_has_open_is_read_and_left_as_it_was(path: Path) -> None:
    opening = Opening(path)

    assert (read(opening), opening.torn) == (1, False)
    assert os.listdir(path.parent) == [path.name]


def test_rows_that_are_still_in_the_log_are_read(path: Path) -> None:
    with closing(sqlite3.connect(path)) as writer, writer:
        writer.execute("INSERT INTO t VALUES (41)")
        writer.commit()
        opening = Opening(path)

        assert (read(opening), opening.torn) == (42, False)


def test_a_reading_alone_during_which_the_file_was_written_is_torn(path: Path) -> None:
    opening = Opening(path)
    with closing(sqlite3.connect(path)) as writer, writer:
        writer.execute("INSERT INTO t VALUES (41)")
        writer.commit()
        assert not opening.torn  # it is in the log only
        writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    assert opening.torn
    assert not Opening(path, alone=False).torn
    assert read(Opening(path)) == 42


def test_a_database_without_a_log_is_read_under_locks(path: Path) -> None:
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("PRAGMA journal_mode = DELETE")

    assert "immutable" not in Opening(path).uri
    assert read(Opening(path)) == 1


def test_a_link_is_asked_for_the_log_of_what_it_leads_to(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(path)
    with closing(sqlite3.connect(path)) as writer, writer:
        writer.execute("INSERT INTO t VALUES (41)")
        writer.commit()

        assert read(Opening(link)) == 42


def test_what_is_not_there_is_for_sqlite_to_tell(tmp_path: Path) -> None:
    opening = Opening(tmp_path / "none.db")

    assert not opening.torn
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        read(opening)
