from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.support.clock import NOON_MS
from tests.support.hosts import ONE, OTHER, SCRIPT, merge, tokens
from tests.support.ledgers import rows, take
from tests.support.script import Script

from opencode_stats.errors import LedgerCorrupt, LedgerError, UserError
from opencode_stats.ledger.connection import open_beside, open_ledger, open_reader, why_not

if TYPE_CHECKING:
    from pathlib import Path


def test_a_missing_ledger_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "ledger.db"

    with closing(open_ledger(path, NOON_MS)) as connection:
        take(connection, Script().started())
        modes = {name: stat.S_IMODE((path.parent / name).stat().st_mode) for name in os.listdir(path.parent)}

    assert modes == {"ledger.db": 0o600, "ledger.db-wal": 0o600, "ledger.db-shm": 0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_promises_on_which_durability_rests(tmp_path: Path) -> None:
    with closing(open_ledger(tmp_path / "ledger.db", NOON_MS)) as connection:
        pragmas = [rows(connection, f"PRAGMA {name}")[0][0] for name in ("journal_mode", "synchronous", "foreign_keys")]

    assert pragmas == ["wal", 1, 1]


def test_a_reader_sees_what_is_committed_and_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a?b#c%20.db"
    with closing(open_ledger(path, NOON_MS)) as writer, closing(open_reader(path)) as reader:
        take(writer, Script().started())

        assert rows(reader, "SELECT count(*) FROM processes") == [(1,)]
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reader.execute("DELETE FROM processes")


def test_there_is_nothing_to_read_without_a_ledger(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError, match="open"):
        open_reader(tmp_path / "none.db")
    assert os.listdir(tmp_path) == []


def test_what_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(b"this was never a database" * 100)

    with pytest.raises(LedgerCorrupt, match="damaged"):
        open_ledger(path, NOON_MS)
    assert path.read_bytes() == b"this was never a database" * 100


def test_a_link_in_the_ledgers_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").symlink_to(tmp_path / "elsewhere.db")

    with pytest.raises(UserError, match=r"ledger\.db"):
        open_ledger(tmp_path / "ledger.db", NOON_MS)
    assert not (tmp_path / "elsewhere.db").exists()


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(UserError, match="file: it is not a folder"):
        open_ledger(tmp_path / "file" / "ledger.db", NOON_MS)


def test_a_database_that_cannot_be_worked_with_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    open_ledger(path, NOON_MS).close()

    class Refusing(sqlite3.Connection):
        def execute(self, *_: object) -> sqlite3.Cursor:
            raise sqlite3.OperationalError("disk I/O error")

    with pytest.raises(LedgerError, match="can't be used: disk I/O error"):
        open_ledger(path, NOON_MS, factory=Refusing)


def test_a_database_that_cannot_be_opened_is_a_sentence(tmp_path: Path) -> None:
    class Closed(sqlite3.Connection):
        def __init__(self, *_: object, **__: object) -> None:
            raise sqlite3.OperationalError("unable to open database file")

    with pytest.raises(LedgerError, match="can't be used: unable to open"):
        open_ledger(tmp_path / "ledger.db", NOON_MS, factory=Closed)


@pytest.mark.parametrize("name", ["ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.db-journal"])
@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
def test_what_stands_in_the_place_of_one_of_its_files_is_left_alone(tmp_path: Path, name: str, kind: str) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    path = tmp_path / "data" / "ledger.db"
    path.parent.mkdir()
    stranger = path.with_name(name)
    if kind == "link":
        stranger.symlink_to(victim)
    elif kind == "folder":
        stranger.mkdir()
    else:
        os.mkfifo(stranger)

    with pytest.raises(UserError, match=rf"can't be written: (\S*{name}: )?it is (a symbolic link|not a file)"):
        open_ledger(path, NOON_MS)

    assert victim.read_bytes() == b"precious"
    assert [entry.name for entry in path.parent.iterdir()] == [name]


def test_a_second_writer_is_let_in_where_the_schema_is_known(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with closing(open_ledger(path, NOON_MS)) as daemon, closing(open_beside(path)) as beside:
        merge(beside, ONE)
        take(daemon, SCRIPT)
        assert tokens(daemon) == {"": 100, OTHER: 7}
        daemon.execute("DELETE FROM migrations WHERE step LIKE 'm009%'")
        with pytest.raises(UserError, match="another version"):
            open_beside(path)
    with pytest.raises(sqlite3.OperationalError):
        open_beside(tmp_path / "none.db")


@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_whoever_keeps_it_locked_can_be_found(tmp_path: Path, journal: str) -> None:
    path = tmp_path / "the ledger.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute(f"PRAGMA journal_mode = {journal}")
        other.execute("CREATE TABLE t (a)")
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        other.execute("INSERT INTO t VALUES (1)")
        with closing(open_reader(path, patience_ms=0)) as reader, pytest.raises(sqlite3.OperationalError) as refused:
            reader.execute("SELECT * FROM t")

    assert why_not(refused.value, path) == (
        f"another program keeps it locked. fuser -v '{path}' names it; end it, then try again."
    )
    assert why_not(sqlite3.OperationalError("disk I/O error"), path) == "disk I/O error. Check the disk and the folder."
