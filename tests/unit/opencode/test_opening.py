"""What tells from outside that nothing was committed to a database."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from opencode_stats.opencode.opening import QUIET_NS, state_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHANGED_NS = 1_700_000_000_000_000_000


def later_ns() -> int:
    return time.time_ns() + 10 * QUIET_NS


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "opencode.db"


@pytest.fixture
def writer(path: Path) -> Iterator[sqlite3.Connection]:
    """An OpenCode at work: its log of changes and that log's index are there."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE told (number INTEGER)")
        yield connection


def test_a_database_looks_the_same_until_something_is_committed(path: Path, writer: sqlite3.Connection) -> None:
    before = state_of(path, later_ns())
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as reader:
        reader.execute("SELECT count(*) FROM told").fetchone()
    assert state_of(path, later_ns()) == before is not None

    writer.execute("INSERT INTO told VALUES (1)")
    assert state_of(path, later_ns()) != before


def test_a_commit_is_seen_though_the_files_times_say_nothing_of_it(path: Path) -> None:
    for name, said in ((path, b"pages"), (f"{path}-wal", b"frames"), (f"{path}-shm", bytes(136))):
        with open(name, "wb") as file:
            file.write(said)
    before = state_of(path, later_ns())
    with open(f"{path}-shm", "r+b") as index:
        # The marks of readers stand behind the header.
        index.seek(100)
        index.write(b"\1")
    assert state_of(path, later_ns()) == before
    with open(f"{path}-shm", "r+b") as index:
        index.seek(8)
        index.write(b"\1")
    assert state_of(path, later_ns()) != before


def test_another_file_in_its_place_looks_different(path: Path, tmp_path: Path) -> None:
    for file in (path, tmp_path / "other"):
        file.write_bytes(b"pages")
        os.utime(file, ns=(CHANGED_NS, CHANGED_NS))
    before = state_of(path, later_ns())
    (tmp_path / "other").replace(path)

    assert state_of(path, later_ns()) != before


@pytest.mark.parametrize("suffix", ["", "-wal"])
def test_of_what_was_written_just_now_nothing_is_said(path: Path, suffix: str) -> None:
    path.write_bytes(b"pages")
    path.with_name(path.name + suffix).write_bytes(b"more")
    changed_ns = os.stat(f"{path}{suffix}").st_ctime_ns

    assert state_of(path, changed_ns + QUIET_NS - 1) is None
    assert state_of(path, changed_ns + QUIET_NS + 10**9) is not None
    # A clock that was set back says nothing either.
    assert state_of(path, changed_ns - 10**15) is None


def test_an_empty_log_is_as_none(path: Path) -> None:
    path.write_bytes(b"pages")
    before = state_of(path, later_ns())
    path.with_name("opencode.db-wal").touch()

    assert state_of(path, later_ns()) == before


def test_of_a_database_that_is_gone_nothing_is_said(path: Path) -> None:
    assert state_of(path, later_ns()) is None
