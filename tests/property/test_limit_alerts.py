"""Alerts of limits through a hundred restarts, some in the middle of a publishing: each is told exactly once."""

from __future__ import annotations

import errno
import json
import os
import random
from datetime import UTC
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.clock import NOON_MS, FakeClock
from tests.support.files import FaultyFiles
from tests.support.script import Script

from opencode_stats.core.days import SLOT_MS
from opencode_stats.core.limits import Limit
from opencode_stats.daemon.exporter import Exporter, refresh
from opencode_stats.host.paths import Paths
from opencode_stats.host.processes import Processes
from opencode_stats.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

RESTARTS = 100
MINUTE_MS = 60_000
LIMITS = (
    Limit(name="5-hour", window="5h", unit="tokens", amount=1_000),
    Limit(name="daily", window="day", unit="usd", amount=3_000_000, warning_percent=50, critical_percent=100),
    Limit(name="mine", window="45m", unit="tokens", amount=200, of="provider", whose="anthropic"),
)


class World:
    """A home, its clock, one spool file that grows, and whoever reads stats.json and remembers what it was told of."""

    def __init__(self, home: Path, seed: int) -> None:
        self.random = random.Random(seed)
        self.paths = Paths.of({}, home)
        self.clock = FakeClock()
        self.script = Script(at_ms=NOON_MS).started().conversation("ses_a")
        self.spent: list[tuple[int, int, int]] = []
        self.told: list[tuple[str, str, float]] = []
        self.expected: list[tuple[str, int, int]] = []
        self.failing = False
        self.failures = 0
        self.written = 0
        self.paths.spool.mkdir(parents=True)

    def exporter(self) -> Exporter:
        def fault(number: int, call: str, path: Path | None) -> None:
            if self.failing and call == "replace" and path is not None and path.name == "stats.json":
                self.failures += 1
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        return Exporter(
            self.paths,
            version="0.1.0",
            clock=self.clock,
            zone=lambda: UTC,
            processes=Processes(),
            databases=list,
            daemon_pid=1,
            settings=Settings(limits=LIMITS),
            files=FaultyFiles(fault),
        )

    def spend(self) -> None:
        tokens = self.random.choice([0, 20, 60, 150, 400])
        self.script.at_ms = max(self.script.at_ms, self.clock.wall_ms)
        self.script.answer("ses_a", input=tokens, cost_usd=tokens / 1_000)
        self.clock.wall_ms = self.script.at_ms
        self.spent.append((self.script.at_ms - 10, tokens, tokens * 1_000))
        # Written anew it would be read from its start each time.
        with open(self.paths.spool / self.script.file_name, "ab") as file:
            file.write(b"".join(self.script.raw_lines[self.written :]))
        self.written = len(self.script.lines)

    def read(self) -> None:
        """What a front-end shows: every id once."""
        known = {one[0] for one in self.told}
        document = json.loads(self.paths.stats_file.read_bytes())
        percents = {one["name"]: one["percent"] for one in document["limits"]}
        for item in reversed(document["attention"]):
            if item["kind"] == "limit" and item["id"] not in known:
                self.told.append((item["id"], item["limit"], percents[item["limit"]]))

    def expect(self) -> None:
        """The same from all that was ever spent: for each window the highest threshold that is passed, once."""
        for limit in LIMITS:
            start_ms = self._window(limit)
            if start_ms is None:
                continue
            place = 1 if limit.unit == "tokens" else 2
            used = sum(spent[place] for spent in self.spent if spent[0] >= start_ms)
            for percent in (limit.critical_percent, limit.warning_percent):
                if used * 100 >= limit.amount * percent:
                    told = [one[2] for one in self.expected if one[:2] == (limit.name, start_ms)]
                    if percent > max(told, default=0):
                        self.expected.append((limit.name, start_ms, percent))
                    break

    def _window(self, limit: Limit) -> int | None:
        now_ms = self.clock.wall_ms
        if limit.window == "day":
            return now_ms - now_ms % (24 * 60 * MINUTE_MS)
        length_ms = {"5h": 300, "45m": 45}[limit.window] * MINUTE_MS
        start_ms = None
        for at_ms, *_ in self.spent:
            if start_ms is None or at_ms >= start_ms + length_ms:
                start_ms = at_ms - at_ms % SLOT_MS
        return start_ms if start_ms is not None and now_ms < start_ms + length_ms else None


@pytest.mark.parametrize("seed", range(2))
def test_each_threshold_of_each_window_is_told_exactly_once(tmp_path: Path, seed: int) -> None:
    world = World(tmp_path, seed)
    for _ in range(RESTARTS):
        exporter = world.exporter()
        for _ in range(world.random.randint(1, 3)):
            if world.random.random() < 0.7:
                world.spend()
            world.failing = world.random.random() < 0.2
            try:
                refresh(exporter)
            except OSError:
                # What is noted and not published is told by the next one.
                assert world.failing
                world.expect()
                break
            world.expect()
            world.read()
            world.clock.advance(world.random.choice([0, 60, 1_000, 3_600, 20_000]))
        world.failing = False
        exporter.close(in_order=world.random.random() < 0.5)
    exporter = world.exporter()
    refresh(exporter)
    exporter.close()
    world.expect()
    world.read()

    assert world.failures
    assert len({one[0] for one in world.told}) == len(world.told)
    told = [(name, int(key.split("/")[3]), int(key.split("/")[2])) for key, name, _ in world.told]
    late = set(world.expected) - set(told)
    # One that was noted in a publishing that failed goes unsaid if its window was over before the next one.
    assert set(told) <= set(world.expected)
    assert len(told) == len(set(told))
    assert len(late) <= world.failures
    assert {name for name, *_ in told} == {limit.name for limit in LIMITS}
    assert {percent for _, _, percent in told} >= {50, 70, 80, 100}
    assert_rows(world)


def assert_rows(world: World) -> None:
    exporter = world.exporter()
    found: list[Any] = exporter._connection.execute("SELECT name, start_ms, percent FROM limit_alerts").fetchall()
    exporter.close()
    assert sorted(found) == sorted(world.expected)
