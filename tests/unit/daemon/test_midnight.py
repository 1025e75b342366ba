"""A day that turns over by itself, and what moves it: no event comes in any of these."""

from __future__ import annotations

import json
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, timedelta, timezone
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tests.support.clock import NOON_MS, FakeClock
from tests.support.script import Script

from opencode_stats.daemon.exporter import Exporter, refresh
from opencode_stats.host.paths import Paths
from opencode_stats.host.processes import Processes
from opencode_stats.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo
    from pathlib import Path

HOUR_S = 3600


@dataclass
class Desk:
    """An exporter whose clock and zone are moved by hand."""

    paths: Paths
    exporter: Exporter
    clock: FakeClock
    zone: list[tzinfo] = field(default_factory=lambda: [UTC])

    @property
    def daily(self) -> tuple[str, int]:
        """The published date and its tokens, after one more publishing."""
        self.exporter.publish()
        document: dict[str, Any] = json.loads(self.paths.stats_file.read_bytes())
        assert document["total"]["totalTokens"] == 7
        history, daily = document["history"], document["daily"]
        assert (history["days"][-1]["date"], history["days"][-1]["totalTokens"]) == (
            daily["date"],
            daily["totalTokens"],
        )
        assert sum(hour["totalTokens"] for hour in history["hours"]) == daily["totalTokens"]
        # Wherever the day is cut, the seven tokens are on one of the last days, unless it is not their time yet.
        assert sum(day["totalTokens"] for day in history["days"]) == (7 if self.clock.wall_ms >= NOON_MS else 0)
        return document["daily"]["date"], document["daily"]["totalTokens"]


@contextmanager
def desk(home: Path, start_hour: int = 0) -> Iterator[Desk]:
    """Seven tokens were spent at noon, and it is noon."""
    paths, clock, zone = Paths.of({}, home), FakeClock(), [UTC]
    script = Script().started().conversation("ses_a").answer("ses_a", input=7)
    paths.spool.mkdir(parents=True)
    (paths.spool / script.file_name).write_bytes(script.content)
    exporter = Exporter(
        paths,
        version="0.1.0",
        clock=clock,
        zone=lambda: one.zone[0],
        processes=Processes(),
        databases=list,
        daemon_pid=1,
        settings=Settings(day_start_hour=start_hour),
    )
    with closing(exporter):
        one = Desk(paths, exporter, clock, list(zone))
        refresh(exporter)
        yield one


def test_it_turns_over_at_the_millisecond(tmp_path: Path) -> None:
    with desk(tmp_path) as one:
        assert one.daily == ("2026-11-21", 7)

        one.clock.wall_ms = NOON_MS + 12 * HOUR_S * 1000 - 1
        assert one.daily == ("2026-11-21", 7)
        assert one.exporter.due_ms - one.clock.wall_ms == 1
        one.clock.advance(0.001)
        assert one.daily == ("2026-11-22", 0)


def test_a_clock_that_is_set(tmp_path: Path) -> None:
    with desk(tmp_path) as one:
        one.clock.step(48 * HOUR_S)
        assert one.daily == ("2026-11-23", 0)
        one.clock.step(-48 * HOUR_S)
        assert one.daily == ("2026-11-21", 7)
        one.clock.step(-24 * HOUR_S)
        assert one.daily == ("2026-11-20", 0)


def test_a_zone_that_is_left(tmp_path: Path) -> None:
    with desk(tmp_path) as one:
        one.zone[0] = timezone(timedelta(hours=13))
        assert one.daily == ("2026-11-22", 7)
        one.zone[0] = timezone(-timedelta(hours=11))
        assert one.daily == ("2026-11-21", 7)
        one.clock.advance(24 * HOUR_S)
        assert one.daily == ("2026-11-22", 0)
        one.zone[0] = ZoneInfo("Pacific/Kiritimati")
        assert one.daily == ("2026-11-23", 0)


def test_a_day_that_begins_in_the_morning(tmp_path: Path) -> None:
    with desk(tmp_path, start_hour=13) as one:
        assert one.daily == ("2026-11-20", 7)
        one.clock.advance(HOUR_S)
        assert one.daily == ("2026-11-21", 0)


def test_nothing_is_written_while_the_day_lasts(tmp_path: Path) -> None:
    with desk(tmp_path) as one:
        before = one.paths.stats_file.stat()
        for _ in range(11):
            one.clock.advance(HOUR_S)
            assert one.exporter.publish() is None

        assert one.paths.stats_file.stat().st_ino == before.st_ino
        one.clock.advance(HOUR_S)
        assert one.exporter.publish() == "published"
