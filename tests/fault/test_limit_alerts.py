"""Alerts of limits over a hundred lives of real processes, most of them killed: each is told exactly once.

A child does one round of the exporter by a clock that is set for it; kill -9 comes before a call that was drawn, of its
own or of SQLite's. After each life whoever reads stats.json takes note of what it is told of, as front-ends do: every
id once.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import traceback
from contextlib import closing
from datetime import UTC
from typing import TYPE_CHECKING, Final

import pytest
from tests.fault.calls import KILL, LAYERS, Calls, Fault
from tests.fault.world import FakeProcesses
from tests.support.clock import NOON_MS, FakeClock
from tests.support.ledgers import rows
from tests.support.script import Script

from opencode_stats.core.days import SLOT_MS
from opencode_stats.core.limits import Limit
from opencode_stats.daemon.exporter import Exporter, refresh
from opencode_stats.host.paths import Paths
from opencode_stats.ledger.connection import open_reader
from opencode_stats.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

LIVES: Final = 100
MINUTE_MS: Final = 60_000
DAY_MS: Final = 24 * 60 * MINUTE_MS
LENGTHS_MS: Final = {"5h": 300 * MINUTE_MS, "45m": 45 * MINUTE_MS}
LIMITS: Final = (
    Limit(name="5-hour", window="5h", unit="tokens", amount=1_000),
    Limit(name="daily", window="day", unit="usd", amount=1_000_000, warning_percent=50, critical_percent=100),
    Limit(name="mine", window="45m", unit="tokens", amount=200, of="provider", whose="anthropic"),
    Limit(name="here", window="5h", unit="tokens", amount=700, of="workspace", whose="/w"),
)
MOST_CALLS: Final = {"own": 260, "sqlite": 700}
"""About as many as one life makes, and some more: not every child is killed."""
Told = tuple[str, int, int]
"""Limit, percent, and when the window began, Unix milliseconds."""


class World:
    """A home and its clock, what was ever spent, and what a reader was told of."""

    def __init__(self, home: Path, seed: int) -> None:
        self.random = random.Random(seed)
        self.paths = Paths.of({}, home)
        self.paths.spool.mkdir(parents=True)
        self.clock = FakeClock()
        self.script = Script(at_ms=NOON_MS).started().conversation("ses_a")
        self.spent: list[tuple[int, int]] = []
        self.told: list[str] = []
        self.may: set[Told] = set()
        self.must: set[Told] = set()

    def spend(self) -> None:
        tokens = self.random.choice([20, 60, 150, 400])
        self.script.at_ms = max(self.script.at_ms, self.clock.wall_ms)
        self.script.answer("ses_a", input=tokens, cost_usd=tokens / 1_000, directory="/w")
        self.clock.wall_ms = self.script.at_ms
        self.spent.append((self.script.at_ms - 10, tokens))
        (self.paths.spool / self.script.file_name).write_bytes(self.script.content)

    def live(self, fault: Fault | None) -> bool:
        """One life of a child; whether it got to its end."""
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            try:
                self._round(Calls(fault, lambda: None, armed=True))
            except BaseException:  # noqa: BLE001 - whatever it is: it must not come back as a second test runner
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            assert os.WTERMSIG(status) == signal.SIGKILL
            return False
        assert status == 0
        return True

    def _round(self, calls: Calls) -> None:
        with calls.sqlite():
            exporter = Exporter(
                self.paths,
                version="0.1.0",
                clock=self.clock,
                zone=lambda: UTC,
                processes=FakeProcesses(),
                databases=list,
                daemon_pid=1,
                settings=Settings(limits=LIMITS),
                files=calls.files,
                factory=calls.factory,
            )
            refresh(exporter)
            exporter.close()

    def passed(self) -> set[Told]:
        """The highest threshold that is passed in each window of this moment, from all that was ever spent."""
        found = set()
        for limit in LIMITS:
            start_ms = self._window(limit.window)
            if start_ms is None:
                continue
            used = sum(tokens for at_ms, tokens in self.spent if at_ms >= start_ms)
            used *= 1 if limit.unit == "tokens" else 1_000
            percents = [p for p in (limit.critical_percent, limit.warning_percent) if used * 100 >= limit.amount * p]
            found |= {(limit.name, max(percents), start_ms)} if percents else set()
        return found

    def _window(self, window: str) -> int | None:
        now_ms, start_ms = self.clock.wall_ms, None
        if window == "day":
            return now_ms - now_ms % DAY_MS
        for at_ms, _ in self.spent:
            if start_ms is None or at_ms >= start_ms + LENGTHS_MS[window]:
                start_ms = at_ms - at_ms % SLOT_MS
        return start_ms if start_ms is not None and now_ms < start_ms + LENGTHS_MS[window] else None

    def read(self) -> None:
        """What a front-end shows: every id once."""
        if not self.paths.stats_file.exists():
            return
        items = json.loads(self.paths.stats_file.read_bytes())["attention"]
        self.told += [one["id"] for one in reversed(items) if one["kind"] == "limit" and one["id"] not in self.told]


@pytest.mark.timeout(300)
def test_each_threshold_of_each_window_is_told_exactly_once_however_the_exporter_ends(
    tmp_path: Path,
) -> None:
    world = World(tmp_path, 7)
    killed = 0
    for _ in range(LIVES):
        if world.random.random() < 0.7:
            world.spend()
        layer = world.random.choice(LAYERS)
        fault = Fault(layer, KILL, world.random.randint(1, MOST_CALLS[layer]))
        done = world.live(fault if world.random.random() < 0.8 else None)
        killed += not done
        world.may |= world.passed()
        world.must |= world.passed() if done else set()
        world.read()
        world.clock.advance(world.random.choice([0, 60, 1_000, 3_600, 20_000]))
    assert world.live(None)
    world.may |= world.passed()
    world.must |= world.passed()
    world.read()

    keys = {limit.key: limit.name for limit in LIMITS}
    told = [
        (keys[key], int(percent), int(start_ms)) for _, key, percent, start_ms in (one.split("/") for one in world.told)
    ]
    assert killed >= LIVES / 4
    assert len(set(told)) == len(told)
    # What a life that was killed had found may have been told by it or by the next, or be over by then.
    assert world.must <= set(told) <= world.may
    assert {name for name, _, _ in told} == set(keys.values())
    assert {percent for _, percent, _ in told} >= {50, 70, 80, 100}
    with closing(open_reader(world.paths.ledger)) as ledger:
        noted = rows(ledger, "SELECT name, percent, start_ms FROM limit_alerts")
    assert len(set(noted)) == len(noted)
    assert set(told) <= set(noted) <= world.may
