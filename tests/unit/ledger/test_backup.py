from __future__ import annotations

import errno
import os
import stat
from contextlib import closing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support.clock import NOON_MS
from tests.support.files import FaultyFiles, fault_for
from tests.support.ledgers import everything, take
from tests.support.script import Script

from opencode_stats.errors import LedgerCorrupt
from opencode_stats.ledger import backup
from opencode_stats.ledger.backup import Backup, Stopped, back_up, backups, needless, unsound
from opencode_stats.ledger.connection import open_ledger, open_reader

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_ledger(tmp_path / "ledger.db", NOON_MS)) as connection:
        take(connection, Script().started().conversation("ses_a").answer("ses_a", input=5))
        yield connection


def test_a_backup_is_the_ledger_of_one_moment(ledger: sqlite3.Connection, tmp_path: Path) -> None:
    before = everything(ledger)

    made = back_up(tmp_path / "ledger.db", tmp_path / "backups", NOON_MS)
    take(ledger, Script(pid=2).started().answer("ses_b", input=7), file="2.jsonl")

    assert made is not None
    with closing(open_reader(made.path, alone=True)) as copy:
        assert everything(copy) == before
    assert os.listdir(made.path.parent) == [made.path.name]
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(made.path.parent.stat().st_mode) == 0o700
    assert (made.at_ms, made.size_bytes) == (NOON_MS, made.path.stat().st_size)


def test_the_writer_goes_on_between_the_steps_of_a_backup(
    ledger: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "STEP_PAGES", 1)
    ledger.execute("PRAGMA busy_timeout = 0")
    before = everything(ledger)
    written = 0

    def write() -> bool:
        nonlocal written
        written += 1
        take(ledger, Script(pid=written + 1).started().answer("ses_b", f"msg_{written}", input=1), file=f"{written}.j")
        return False

    made = back_up(tmp_path / "ledger.db", tmp_path / "backups", NOON_MS, stop=write, pause_s=0.0)

    assert made is not None
    assert written > 20
    with closing(open_reader(made.path, alone=True)) as copy:
        assert everything(copy) == before


def test_a_file_system_that_can_not_sync_folders_gets_one(ledger: sqlite3.Connection, tmp_path: Path) -> None:
    del ledger
    for code, made in ((errno.EINVAL, True), (errno.EIO, False)):
        files = FaultyFiles(fault_for("backups", "fsync", code))
        with nullcontext() if made else pytest.raises(OSError, match="output error"):
            back_up(tmp_path / "ledger.db", tmp_path / "backups", NOON_MS, files=files)
        assert files.descriptors == {}


def test_one_that_is_broken_off_leaves_nothing(ledger: sqlite3.Connection, tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        back_up(tmp_path / "ledger.db", tmp_path / "backups", NOON_MS, stop=lambda: True)
    assert os.listdir(tmp_path / "backups") == []


def test_a_damaged_ledger_makes_no_backup_and_the_ones_there_stay(ledger: sqlite3.Connection, tmp_path: Path) -> None:
    made = back_up(tmp_path / "ledger.db", tmp_path / "backups", NOON_MS)
    ledger.execute("UPDATE sums SET input = 1 WHERE scope = 'all'")

    with pytest.raises(LedgerCorrupt, match="sum of all 0"):
        back_up(tmp_path / "ledger.db", tmp_path / "backups", NOON_MS + 1)
    assert backups(tmp_path / "backups") == [made]


def test_a_disk_without_room_gets_no_backup(
    ledger: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "SPARE_BYTES", 2**60)

    assert back_up(tmp_path / "ledger.db", tmp_path / "backups", NOON_MS) is None


def test_the_newest_three_stay_and_strangers_do(ledger: sqlite3.Connection, tmp_path: Path) -> None:
    (tmp_path / "backups").mkdir(mode=0o700)
    (tmp_path / "backups" / "mine.txt").touch()
    for number in range(5):
        back_up(tmp_path / "ledger.db", tmp_path / "backups", NOON_MS + number, before="m002" if number == 3 else "")

    assert [one.at_ms - NOON_MS for one in backups(tmp_path / "backups")] == [4, 3, 2]
    assert sorted(os.listdir(tmp_path / "backups")) == [
        "ledger-20261121T120000002Z.db",
        "ledger-20261121T120000003Z-before-m002.db",
        "ledger-20261121T120000004Z.db",
        "mine.txt",
    ]


def test_large_ones_are_two() -> None:
    large = [Backup(Path(str(number)), -number, backup.MOST_BYTES // 2) for number in range(4)]

    assert needless(large) == large[2:]
    assert needless([Backup(one.path, one.at_ms, 2**40) for one in large[:2]]) == []


def test_what_is_no_ledger_is_unsound_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"nothing" * 1000)

    assert unsound(tmp_path / "x.db") == ["SQLite can't read it: file is not a database."]
    assert os.listdir(tmp_path) == ["x.db"]
