from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING
from unittest import mock

import pytest
from tests.support.clock import NOON_MS
from tests.support.ledgers import ledger_in_memory, rows, take
from tests.support.old_ledgers import old_ledger
from tests.support.script import Script

from opencode_stats.errors import LedgerError, LedgerNewer, UserError
from opencode_stats.host.paths import Paths
from opencode_stats.ledger import opening
from opencode_stats.ledger.backup import backups
from opencode_stats.ledger.connection import open_beside, transaction
from opencode_stats.ledger.migrations import STEPS
from opencode_stats.ledger.opening import CHECK_AFTER_MS, Ledger
from opencode_stats.ledger.soundness import findings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCRIPT = Script().started().conversation("ses_a").answer("ses_a", input=5)


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths.of({}, tmp_path)


@pytest.fixture
def looks() -> Iterator[mock.Mock]:
    """Counts the close looks."""
    with mock.patch.object(opening, "findings", side_effect=findings) as counted:
        yield counted


def opened_and_closed(paths: Paths, now_ms: int = NOON_MS, *, in_order: bool = True) -> Ledger:
    one = Ledger(paths, now_ms)
    one.close(in_order=in_order)
    return one


def test_one_that_was_closed_in_order_gets_a_cheap_look(paths: Paths, looks: mock.Mock) -> None:
    opened_and_closed(paths)
    opened_and_closed(paths, NOON_MS + 1)

    assert looks.call_count == 0
    assert opened_and_closed(paths, NOON_MS + 2).checked_ms == NOON_MS


@pytest.mark.parametrize("what", ["not closed", "touched", "a day later", "the clock went back"])
def test_anything_else_gets_a_close_look(paths: Paths, looks: mock.Mock, what: str) -> None:
    opened_and_closed(paths, in_order=what != "not closed")
    if what == "touched":
        os.utime(paths.ledger)
    later_ms = {"a day later": CHECK_AFTER_MS, "the clock went back": -1}.get(what, 1)
    one = Ledger(paths, NOON_MS + later_ms)
    one.close()

    assert looks.call_count == 1
    assert one.checked_ms == NOON_MS + later_ms
    assert not paths.damaged.exists()


def test_a_first_start_is_no_loss(paths: Paths) -> None:
    opened_and_closed(paths)
    paths.ledger.unlink()
    (paths.data / "closed").unlink()
    # Killed between making the file and making the schema.
    with closing(sqlite3.connect(paths.ledger)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    opened_and_closed(paths)

    assert not paths.damaged.exists()


def test_a_newer_ledger_is_refused_and_nothing_is_touched(paths: Paths) -> None:
    one = Ledger(paths, NOON_MS)
    one.connection.execute("INSERT INTO migrations VALUES ('m999_future.sql', 1)")
    one.close()
    before = {path: path.read_bytes() for path in paths.data.iterdir()}

    with pytest.raises(LedgerNewer, match=r"newer version of opencode-stats \(step m999_future.sql\)"):
        Ledger(paths, NOON_MS + 2 * CHECK_AFTER_MS)
    assert {path: path.read_bytes() for path in paths.data.iterdir()} == before


@pytest.mark.parametrize("step", ["m001_initiam.sql", "what?"])
def test_a_step_of_no_version_is_damage_and_no_newer_version(paths: Paths, step: str) -> None:
    one = Ledger(paths, NOON_MS)
    one.connection.execute("UPDATE migrations SET step = ? WHERE step = ?", (step, STEPS[0]))
    one.close()

    opened_and_closed(paths, NOON_MS + 1)

    assert len(list(paths.damaged.iterdir())) == 1


def test_before_the_schema_changes_there_is_a_backup(paths: Paths) -> None:
    paths.data.mkdir(parents=True, mode=0o700)
    with ledger_in_memory() as newest:
        take(newest, SCRIPT)
        with old_ledger(STEPS[:-1], newest) as old:
            paths.ledger.write_bytes(old.serialize())

    one = Ledger(paths, NOON_MS + 1)

    assert rows(one.connection, "SELECT input FROM messages") == [(5,)]
    one.close()
    (backup,) = backups(paths.backups)
    assert backup.path.name.endswith(f"-before-{STEPS[-1].partition('_')[0]}.db")
    assert not paths.damaged.exists()


def test_what_stands_in_the_place_is_told(paths: Paths) -> None:
    paths.ledger.mkdir(parents=True)
    with pytest.raises(UserError, match=r"ledger\.db"):
        Ledger(paths, NOON_MS)
    paths.ledger.rmdir()
    paths.ledger.symlink_to("elsewhere")
    with pytest.raises(UserError, match="link"):
        Ledger(paths, NOON_MS)


def test_a_ledger_that_cannot_be_read_now_is_not_a_damaged_one(paths: Paths) -> None:
    opened_and_closed(paths, in_order=False)
    # A folder where SQLite needs its log.
    (paths.data / "ledger.db-wal").mkdir()

    with pytest.raises(LedgerError):
        Ledger(paths, NOON_MS)
    assert not paths.damaged.exists()


def test_what_is_found_once_and_not_again_is_no_damage(paths: Paths, looks: mock.Mock) -> None:
    """As one read that failed makes SQLite say ("unable to get the page")."""
    opened_and_closed(paths, in_order=False)
    looks.side_effect = [["SQLite finds the file damaged"], []]

    opened_and_closed(paths)

    assert looks.call_count == 2
    assert not paths.damaged.exists()


def test_who_writes_beside_each_look_makes_no_damage(paths: Paths, looks: mock.Mock) -> None:
    """Imports of other hosts' files, one after the other, while a daemon starts."""
    opened_and_closed(paths, in_order=False)

    def look(reader: sqlite3.Connection) -> list[str]:
        with closing(open_beside(paths.ledger)) as beside, transaction(beside):
            hosts = [(f"{looks.call_count}-{number}", "n" * 255) for number in range(2_000)]
            beside.executemany("INSERT INTO hosts VALUES (?, ?, 0, 1)", hosts)
        return findings(reader)

    looks.side_effect = look

    opened_and_closed(paths)

    assert looks.call_count == 2
    assert not paths.damaged.exists()


def test_a_ledger_that_cannot_be_asked_after_it_was_found_sound_is_a_sentence(paths: Paths) -> None:
    opened_and_closed(paths)

    with (
        mock.patch.object(Ledger, "_is_older", side_effect=sqlite3.OperationalError("locking protocol")),
        pytest.raises(LedgerError, match="can't be used: locking protocol"),
    ):
        Ledger(paths, NOON_MS)
