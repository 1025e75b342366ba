"""Limits as they are published: with an event, with time alone, and with a change of the settings."""

from __future__ import annotations

import json
import os
import signal
import threading
from contextlib import closing, contextmanager
from datetime import UTC
from typing import TYPE_CHECKING, Any

from tests.support.clock import NOON_MS, FakeClock
from tests.support.script import Script
from tests.unit.daemon.household import until

from opencode_stats.core.days import SLOT_MS
from opencode_stats.daemon.exporter import Exporter, refresh
from opencode_stats.daemon.loop import Daemon
from opencode_stats.host.clock import SystemClock
from opencode_stats.host.paths import Paths
from opencode_stats.host.processes import Processes
from opencode_stats.settings.live import LiveSettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from opencode_stats.host.clock import Clock

HOUR_MS = 3_600_000
FIVE_HOURS = '[[limits]]\nname = "5-hour"\nwindow = "5h"\ntokens = 1000\n'


@contextmanager
def exporter(paths: Paths, clock: Clock, toml: str = FIVE_HOURS) -> Iterator[Exporter]:
    paths.config.mkdir(parents=True, exist_ok=True)
    paths.settings_file.write_text(toml)
    made = Exporter(
        paths,
        version="0.1.0",
        clock=clock,
        zone=lambda: UTC,
        processes=Processes(),
        databases=list,
        daemon_pid=1,
        settings=LiveSettings(paths.settings_file, paths.good_settings),
    )
    with closing(made):
        yield made


def write(paths: Paths, script: Script) -> None:
    paths.spool.mkdir(parents=True, exist_ok=True)
    (paths.spool / script.file_name).write_bytes(script.content)


def published(paths: Paths) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(paths.stats_file.read_bytes())
    return document


def limits(paths: Paths) -> list[tuple[Any, ...]]:
    return [(one["usedTokens"], one["level"], one["resetsAtMs"]) for one in published(paths)["limits"]]


def alerts(paths: Paths) -> list[tuple[str, str]]:
    return [(item["limit"], item["id"]) for item in published(paths)["attention"] if item["kind"] == "limit"]


def test_a_window_opens_fills_and_resets_with_time_alone(tmp_path: Path) -> None:
    paths, clock, script = Paths.of({}, tmp_path), FakeClock(), Script().started()
    with exporter(paths, clock) as made:
        refresh(made)
        assert (limits(paths), made.due_ms) == ([(0, "normal", None)], NOON_MS + 12 * HOUR_MS)

        write(paths, script.answer("ses_a", input=650))
        refresh(made)
        assert (limits(paths), alerts(paths)) == ([(650, "normal", NOON_MS + 5 * HOUR_MS)], [])
        assert made.due_ms == NOON_MS + 5 * HOUR_MS

        clock.advance(3600)
        script.at_ms = clock.wall_ms
        write(paths, script.answer("ses_a", input=200))
        refresh(made)
        assert limits(paths) == [(850, "critical", NOON_MS + 5 * HOUR_MS)]
        assert [name for name, _ in alerts(paths)] == ["5-hour"]
        item = next(item for item in published(paths)["attention"] if item["kind"] == "limit")
        assert (item["runId"], item["conversation"], item["atMs"], item["pids"]) == ("", None, clock.wall_ms, [])

        clock.wall_ms = made.due_ms - 1
        assert made.publish() is None
        clock.advance(0.001)
        assert made.publish() == "published"
        assert (limits(paths), alerts(paths)) == ([(0, "normal", None)], [])


def test_limits_that_change_while_it_works(tmp_path: Path) -> None:
    paths, clock = Paths.of({}, tmp_path), FakeClock()
    with exporter(paths, clock, "") as made:
        write(paths, Script().started().answer("ses_a", input=650))
        refresh(made)
        assert published(paths)["limits"] == []

        paths.settings_file.write_text(FIVE_HOURS)
        made.publish()
        assert limits(paths) == [(650, "normal", NOON_MS + 5 * HOUR_MS)]
        # A lower threshold is passed at once; so is the limit itself when it is another one.
        paths.settings_file.write_text(f"{FIVE_HOURS}warning = 60\n")
        made.publish()
        (first,) = alerts(paths)
        paths.settings_file.write_text(FIVE_HOURS.replace("1000", "700"))
        made.publish()
        (second,) = alerts(paths)
        assert first != second
        paths.settings_file.write_text("")
        made.publish()
        assert (published(paths)["limits"], alerts(paths)) == ([], [])


def test_after_a_restart_it_is_the_same_item(tmp_path: Path) -> None:
    paths, clock = Paths.of({}, tmp_path), FakeClock()
    write(paths, Script().started().answer("ses_a", input=850))
    seen = []
    for _ in range(3):
        clock.advance(60)
        with exporter(paths, clock) as made:
            refresh(made)
            seen.append(alerts(paths))

    assert len(seen[0]) == 1
    assert seen[0] == seen[1] == seen[2]


class _Shifted(SystemClock):
    """This machine's clock, set so that a quarter hour ends in some milliseconds."""

    def __init__(self, left_ms: int) -> None:
        self.end_in(left_ms)

    def end_in(self, left_ms: int) -> None:
        self._ahead_ms = SLOT_MS - left_ms - super().now_ms() % SLOT_MS

    def now_ms(self) -> int:
        return super().now_ms() + self._ahead_ms


def test_a_reset_wakes_a_sleeping_daemon(tmp_path: Path) -> None:
    paths, clock = Paths.of({}, tmp_path), _Shifted(left_ms=300_000)
    write(paths, Script(at_ms=clock.now_ms() - 60_000).started().answer("ses_a", input=300).ended())
    seen: list[bool] = []

    with exporter(paths, clock, '[[limits]]\nname = "q"\nwindow = "15m"\ntokens = 300\n') as made:
        refresh(made)
        ((used, level, due_ms),) = limits(paths)
        assert (used, level, due_ms) == (300, "critical", made.due_ms)

        def look() -> None:
            try:
                until(lambda: limits(paths) == [(0, "normal", None)], "the reset")
                seen.append(clock.now_ms() >= due_ms)
            finally:
                os.kill(os.getpid(), signal.SIGTERM)

        clock.end_in(700)
        thread = threading.Thread(target=look)
        thread.start()
        Daemon(made, paths, clock=clock, processes=Processes(), env={}, linger_s=None).run()
        thread.join()

    assert seen == [True]
