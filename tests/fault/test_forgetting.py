"""Forgetting, with a fault at every so-manieth call: nothing is lost, nothing counts twice, and all of it goes."""

from __future__ import annotations

import os
import sqlite3
import sys
import traceback
from contextlib import closing
from datetime import UTC
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from tests.fault.calls import DEEDS, KILL, LAYERS, Calls, Fault
from tests.fault.points import scratch
from tests.support.forgetting import DAY_MS, LATER_MS, new_script, old_script, tell
from tests.support.ledgers import everything
from tests.support.script import Script

from opencode_stats.core.keeping import LEAST_DAYS
from opencode_stats.ledger import forgetting
from opencode_stats.ledger.connection import LedgerUnreadable, open_ledger
from opencode_stats.ledger.day_sums import DaySums
from opencode_stats.ledger.forgetting import Forgetting
from opencode_stats.ledger.queries import total
from opencode_stats.ledger.verify import verify

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.fault.calls import Layer

pytestmark = pytest.mark.timeout(120)
STRIDE = 11
MESSAGES = 30


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "MESSAGES_AT_ONCE", 7)


@cache
def _filled() -> bytes:
    with scratch() as folder:
        path = folder / "ledger.db"
        with closing(open_ledger(path, 0)) as ledger:
            script = old_script()
            for number in range(MESSAGES):
                script.wait(20 * 60_000).conversation(f"ses_{number}", directory="/w").prompt(f"ses_{number}")
                script.answer(f"ses_{number}", input=number, provider="mock", model=f"m{number % 2}", cost_usd=0)
            tell(ledger, script, new_script(), Script(pid=3, start_ticks=3).started())
            DaySums(ledger).go_on(LATER_MS, UTC, to_the_end=True)
            ledger.execute("PRAGMA journal_mode = DELETE")
        return path.read_bytes()


def copied(folder: Path) -> Path:
    path = folder / "ledger.db"
    path.write_bytes(_filled())
    return path


def life(path: Path, calls: Calls) -> None:
    """One that ends with the fault, or when all is forgotten."""
    try:
        with calls.sqlite(), closing(open_ledger(path, LATER_MS, calls.files, calls.factory)) as ledger:
            total(ledger)
            calls.armed = True
            try:
                Forgetting(ledger).go_on(LATER_MS + DAY_MS, UTC, days=LEAST_DAYS, to_the_end=True)
            finally:
                calls.armed = False
    except LedgerUnreadable:
        assert calls.fault is not None
    calls.settle()


def killed_life(path: Path, fault: Fault) -> None:
    child = os.fork()
    if child == 0:
        try:
            life(path, Calls(fault, lambda: None))
        except BaseException:  # noqa: BLE001 - a child must not go on with the test
            traceback.print_exc(file=sys.stderr)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == -9


def outcome(path: Path) -> Mapping[str, Any]:
    """Every row, when a life without a fault has done what was left."""
    life(path, Calls(None, lambda: None))
    with closing(open_ledger(path, LATER_MS)) as ledger:
        assert verify(ledger) == []
        assert ledger.execute("PRAGMA foreign_key_check").fetchall() == []
        return everything(ledger)


@cache
def _expected() -> tuple[Mapping[str, Any], Mapping[Layer, int]]:
    with scratch() as folder:
        path = copied(folder)
        calls = Calls(None, lambda: None)
        life(path, calls)
        return outcome(path), dict(calls.numbers)


def test_the_story_without_a_fault() -> None:
    rows, calls = _expected()
    with scratch() as folder, closing(sqlite3.connect(copied(folder))) as before:
        assert len(rows["messages"]) == 1
        assert before.execute("SELECT count(*) FROM messages").fetchone() == (MESSAGES + 4,)
        assert sum(row[1] for row in rows["forgotten_requests"]) == MESSAGES + 1
    assert calls["own"] > 100


@pytest.mark.parametrize(("layer", "deed"), [(layer, deed) for layer in LAYERS for deed in DEEDS[layer]])
def test_after_a_fault_nothing_is_lost_and_nothing_counts_twice(layer: Layer, deed: str) -> None:
    expected, calls = _expected()
    first = 1 + sum(map(ord, layer + deed)) % STRIDE
    for at in range(first, calls[layer] + 1, STRIDE):
        fault = Fault(layer, deed, at)
        with scratch() as folder:
            path = copied(folder)
            if deed == KILL:
                killed_life(path, fault)
            else:
                life(path, Calls(fault, lambda: None))
            with closing(open_ledger(path, LATER_MS)) as ledger:
                assert verify(ledger) == [], str(fault)
            assert outcome(path) == expected, str(fault)
