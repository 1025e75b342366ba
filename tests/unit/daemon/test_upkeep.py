from __future__ import annotations

import os
import threading
from contextlib import closing
from typing import TYPE_CHECKING
from unittest import mock

import pytest
from tests.support.clock import NOON_MS, FakeClock
from tests.support.ledgers import take
from tests.support.script import Script

from opencode_stats.daemon import upkeep
from opencode_stats.daemon.upkeep import AGAIN_AFTER_S, EVERY_MS, LOOK_EVERY_S, Upkeep, is_due, look_after
from opencode_stats.errors import LedgerCorrupt
from opencode_stats.host.paths import Paths
from opencode_stats.ledger import backup
from opencode_stats.ledger.backup import backups
from opencode_stats.ledger.connection import open_ledger

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths.of({}, tmp_path)


@pytest.fixture
def ledger(paths: Paths) -> Iterator[sqlite3.Connection]:
    with closing(open_ledger(paths.ledger, NOON_MS)) as connection:
        take(connection, Script().started().answer("ses_a", input=5))
        yield connection


def test_it_is_due_once_a_day_where_something_changed(paths: Paths, ledger: sqlite3.Connection) -> None:
    assert is_due(paths, NOON_MS)
    look_after(paths, NOON_MS)
    for file in paths.data.glob("ledger.db*"):
        os.utime(file, ns=(0, (NOON_MS - 1) * 1_000_000))

    assert not is_due(paths, NOON_MS + EVERY_MS)
    os.utime(paths.ledger, ns=(0, (NOON_MS + 1) * 1_000_000))
    assert not is_due(paths, NOON_MS + EVERY_MS - 1)
    assert is_due(paths, NOON_MS + EVERY_MS)


def test_nothing_is_due_before_there_is_a_ledger(paths: Paths) -> None:
    assert not is_due(paths, NOON_MS)


def test_lines_are_let_go_when_two_backups_hold_them(paths: Paths, ledger: sqlite3.Connection) -> None:
    paths.kept_spool.mkdir(parents=True)
    for number in range(3):
        (paths.kept_spool / f"{NOON_MS + number * 10 - 5}_{number}.jsonl").touch()
    left = []
    for number in range(3):
        look_after(paths, NOON_MS + number * 10, pause_s=0.0)
        left.append(len(list(paths.kept_spool.iterdir())))

    assert left == [3, 2, 1]


def test_without_room_the_ledger_is_looked_at_all_the_same(
    paths: Paths, ledger: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "SPARE_BYTES", 2**60)
    assert not look_after(paths, NOON_MS)

    ledger.execute("UPDATE sums SET input = 1 WHERE scope = 'all'")
    with pytest.raises(LedgerCorrupt):
        look_after(paths, NOON_MS)


def test_the_thread_tells_what_came_of_it(paths: Paths, ledger: sqlite3.Connection) -> None:
    clock, woken = FakeClock(), threading.Event()
    one = Upkeep(paths, clock, woken.set)
    assert one.look() == ("", None)
    assert woken.wait(10)
    while (seen := one.look()) == ("", None):
        pass
    assert seen == ("", NOON_MS)
    assert len(backups(paths.backups)) == 1

    clock.advance(EVERY_MS / 1000 + LOOK_EVERY_S)
    os.utime(paths.ledger, ns=(0, (NOON_MS + 1) * 1_000_000))
    ledger.execute("UPDATE sums SET input = 1 WHERE scope = 'all'")
    while not (damage := one.look()[0]):
        woken.wait(0.01)
    assert "sum of all 0" in damage
    one.end()


def test_after_a_failure_it_is_left_alone_for_an_hour(paths: Paths, ledger: sqlite3.Connection) -> None:
    clock, woken, tries = FakeClock(), threading.Event(), []

    def fail(*_: object, **__: object) -> bool:
        tries.append(clock.elapsed_s())
        raise OSError(28, "No space left on device")

    one = Upkeep(paths, clock, woken.set)
    with mock.patch.object(upkeep, "look_after", fail):
        for _ in range(200):
            one.look()
            if one._thread is not None:
                one._thread.join()
            clock.advance(AGAIN_AFTER_S / 100)
        one.end()

    assert len(tries) == 2


def test_the_end_does_not_wait_for_a_backup(
    paths: Paths, ledger: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "STEP_PAGES", 1)
    one = Upkeep(paths, FakeClock(), lambda: None)
    one.look()

    one._stop.set()
    one.end()
    assert backups(paths.backups) == []
