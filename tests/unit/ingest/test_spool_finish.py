"""Files that are finished with: each goes once everything in it is safe, and not before."""

from __future__ import annotations

import errno
import os
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.support.clock import NOON_MS
from tests.support.files import FaultyFiles, fault_for, no_fault
from tests.support.ledgers import rows
from tests.support.spools import Inbox, turn

from opencode_stats.ingest.quarantine import Quarantine
from opencode_stats.ingest.spool import Spool
from opencode_stats.ledger.append import read_cursors
from opencode_stats.ledger.connection import open_ledger, open_reader

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path


@pytest.fixture
def inbox(tmp_path: Path, ledger: sqlite3.Connection) -> Inbox:
    return Inbox(tmp_path, ledger)


def test_a_finished_file_goes_and_its_figures_stay(inbox: Inbox) -> None:
    path = inbox.put(turn())
    inbox.spool.take_in()

    assert inbox.spool.finish({turn().key.text}) == 1

    assert not path.exists()
    assert (read_cursors(inbox.connection), inbox.tokens) == ({}, 100)


def test_files_of_others_stay(inbox: Inbox) -> None:
    path = inbox.put(turn())
    inbox.spool.take_in()

    assert inbox.spool.finish({turn(2).key.text}) == 0
    assert path.exists()


def test_lines_that_came_after_the_last_reading_are_taken_in_before_the_file_goes(inbox: Inbox) -> None:
    script = turn()
    path = inbox.put(script)
    inbox.spool.take_in()
    inbox.add(script.answer("ses_1", input=7).raw_lines[-1], script.file_name)

    assert inbox.spool.finish({script.key.text}) == 1

    assert (inbox.tokens, inbox.bad, path.exists()) == (107, {}, False)


@pytest.mark.parametrize("call", ["lstat", "open"])
def test_a_file_that_cannot_be_read_to_its_end_stays(tmp_path: Path, ledger: sqlite3.Connection, call: str) -> None:
    script = turn()
    inbox = Inbox(tmp_path, ledger)
    path = inbox.put(script)
    inbox.spool.take_in()
    inbox.files = FaultyFiles(fault_for(script.file_name, call, errno.EIO))
    inbox.restart()
    inbox.add(script.answer("ses_1", input=7).raw_lines[-1], script.file_name)

    assert inbox.spool.finish({script.key.text}) == 0
    assert path.exists()


def test_a_file_that_cannot_be_removed_keeps_no_other_from_it(tmp_path: Path, ledger: sqlite3.Connection) -> None:
    scripts = [turn(1), turn(2)]
    inbox = Inbox(tmp_path, ledger, FaultyFiles(fault_for(scripts[0].file_name, "unlink", errno.EPERM)))
    for script in scripts:
        inbox.put(script)
    inbox.spool.take_in()

    assert inbox.spool.finish({script.key.text for script in scripts}) == 1
    assert sorted(os.listdir(inbox.folder)) == [scripts[0].file_name]


def test_a_file_stays_until_the_ledger_is_checkpointed(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with closing(open_ledger(path, NOON_MS)) as connection:
        inbox = Inbox(tmp_path, connection)
        with closing(open_reader(path)) as reader:
            # A reader that looks at an older moment keeps the checkpoint from passing it.
            reader.execute("BEGIN")
            rows(reader, "SELECT count(*) FROM messages")
            inbox.put(turn())
            inbox.spool.take_in()

            assert inbox.spool.finish({turn().key.text}) == 0
            reader.execute("COMMIT")

        assert inbox.spool.finish({turn().key.text}) == 1
        with open(path, "rb") as file:
            assert turn().messages[0].encode() in file.read()


def test_putting_many_files_away_looks_through_what_is_kept_once(tmp_path: Path, ledger: sqlite3.Connection) -> None:
    files = FaultyFiles(no_fault)
    inbox = Inbox(tmp_path, ledger, files)
    spool = Spool(inbox.folder, ledger, Quarantine(inbox.quarantine), inbox.clock, files, kept=tmp_path / "kept")
    scripts = [turn(pid) for pid in range(1, 41)]
    for script in scripts:
        inbox.put(script)
    spool.take_in()
    files.calls.clear()

    assert spool.finish({script.key.text for script in scripts}) == 40

    assert len(os.listdir(tmp_path / "kept")) == 40
    # Each is looked at four times and moved, and once more among what is kept; a look at all for each would be 1,600.
    assert len(files.calls) <= 40 * 6 + 10
