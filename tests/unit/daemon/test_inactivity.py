"""A run that has been silent for too long: shown at that moment, with no event, and gone with the next one."""

from __future__ import annotations

import json
import os
import signal
import threading
from contextlib import closing, contextmanager
from datetime import UTC
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.clock import NOON_MS, FakeClock
from tests.support.script import Script
from tests.unit.daemon.household import living_key, until

from opencode_stats.daemon.exporter import Exporter, refresh
from opencode_stats.daemon.loop import Daemon
from opencode_stats.host.clock import SystemClock
from opencode_stats.host.paths import Paths
from opencode_stats.host.processes import Processes
from opencode_stats.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from opencode_stats.host.clock import Clock

AFTER_MS = 15 * 60_000


@contextmanager
def exporter(paths: Paths, clock: Clock, minutes: int = 15) -> Iterator[Exporter]:
    made = Exporter(
        paths,
        version="0.1.0",
        clock=clock,
        zone=lambda: UTC,
        processes=Processes(),
        databases=list,
        daemon_pid=1,
        settings=Settings(inactive_after_minutes=minutes),
    )
    with closing(made):
        yield made


def turn(at_ms: int = NOON_MS) -> Script:
    """A finished turn in this very process, so that its run is live."""
    script = Script(pid=os.getpid(), at_ms=at_ms)
    script.key = living_key(os.getpid())
    return script.started().conversation("ses_a", directory="/w").prompt("ses_a").busy("ses_a").idle("ses_a")


def write(paths: Paths, script: Script) -> None:
    paths.spool.mkdir(parents=True, exist_ok=True)
    (paths.spool / script.file_name).write_bytes(script.content)


def attention(paths: Paths) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = json.loads(paths.stats_file.read_bytes())["attention"]
    return items


def kinds(paths: Paths) -> list[str]:
    return [item["kind"] for item in attention(paths)]


def test_it_is_shown_when_it_is_due_and_goes_when_the_run_goes_on(tmp_path: Path) -> None:
    paths, script, clock = Paths.of({}, tmp_path), turn(), FakeClock()
    write(paths, script)
    with exporter(paths, clock) as made:
        refresh(made)
        assert (kinds(paths), made.due_ms) == (["finished"], script.at_ms + AFTER_MS)

        clock.wall_ms = made.due_ms - 1
        assert made.publish() is None
        clock.advance(0.001)
        assert made.publish() == "published"
        reminder = attention(paths)[0]
        assert (kinds(paths), made.due_ms) == (["inactive", "finished"], NOON_MS + 12 * 3_600_000)
        assert (reminder["conversation"], reminder["workspace"], reminder["turnMs"]) == ("ses_a", "/w", None)
        clock.advance(3_600)
        assert made.publish() is None

        script.at_ms = clock.wall_ms
        write(paths, script.answer("ses_a", input=1))
        made.take_in()
        made.publish()
        assert (kinds(paths), made.due_ms) == (["finished"], script.at_ms + AFTER_MS)
        clock.wall_ms = made.due_ms
        made.publish()
        assert attention(paths)[0]["id"] != reminder["id"]


def test_the_next_prompt_ends_it(tmp_path: Path) -> None:
    paths, script, clock = Paths.of({}, tmp_path), turn(), FakeClock(NOON_MS + AFTER_MS + 60_000)
    write(paths, script)
    with exporter(paths, clock) as made:
        refresh(made)
        assert kinds(paths) == ["inactive", "finished"]

        write(paths, script.wait(AFTER_MS + 60_000).prompt("ses_a"))
        refresh(made)
        assert kinds(paths) == []


def test_a_clock_that_is_set_shows_it_and_takes_it_away(tmp_path: Path) -> None:
    paths, clock = Paths.of({}, tmp_path), FakeClock(NOON_MS + 60_000)
    write(paths, turn())
    with exporter(paths, clock) as made:
        refresh(made)
        shown = [kinds(paths)]
        for step_s in (3_600, -3_600):
            clock.step(step_s)
            made.publish()
            shown.append(kinds(paths))

    assert shown == [["finished"], ["inactive", "finished"], ["finished"]]


def test_after_a_night_asleep_it_is_still_one_item(tmp_path: Path) -> None:
    paths, script, clock = Paths.of({}, tmp_path), turn(), FakeClock(NOON_MS + 8 * 3_600_000)
    write(paths, script)
    with exporter(paths, clock) as made:
        refresh(made)

    assert [(item["kind"], item["atMs"]) for item in attention(paths)] == [
        ("inactive", script.at_ms + AFTER_MS),
        ("finished", script.at_ms - 10),
    ]


def test_nobody_is_reminded_where_the_user_wants_no_reminders(tmp_path: Path) -> None:
    paths, clock = Paths.of({}, tmp_path), FakeClock(NOON_MS + AFTER_MS + 60_000)
    write(paths, turn())
    with exporter(paths, clock, minutes=0) as made:
        refresh(made)
        assert (kinds(paths), made.due_ms) == (["finished"], NOON_MS + 12 * 3_600_000)


@pytest.mark.parametrize("ending", ["aborted", "deleted"])
def test_a_turn_that_the_user_ended_is_not_waited_for(tmp_path: Path, ending: str) -> None:
    paths, clock = Paths.of({}, tmp_path), FakeClock(NOON_MS + AFTER_MS + 60_000)
    script = Script(pid=os.getpid())
    script.key = living_key(os.getpid())
    script.started().conversation("ses_a").prompt("ses_a").busy("ses_a")
    if ending == "aborted":
        script.failed("ses_a", "MessageAbortedError").idle("ses_a").idle("ses_a")
    else:
        script.deleted("ses_a")
    write(paths, script)
    with exporter(paths, clock) as made:
        refresh(made)

    assert kinds(paths) == []


def test_it_wakes_a_sleeping_daemon(tmp_path: Path) -> None:
    paths, clock, late_ms = Paths.of({}, tmp_path), SystemClock(), []
    script = turn(clock.now_ms() - AFTER_MS + 700)
    due_ms = script.at_ms + AFTER_MS
    write(paths, script)

    def look() -> None:
        try:
            until(lambda: paths.stats_file.exists() and kinds(paths) == ["finished"], "the finished turn")
            until(lambda: kinds(paths) == ["inactive", "finished"], "the reminder")
            late_ms.append(clock.now_ms() - due_ms)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    with exporter(paths, clock) as made:
        thread = threading.Thread(target=look)
        thread.start()
        Daemon(made, paths, clock=clock, processes=Processes(), env={}, linger_s=None).run()
        thread.join()

    assert 0 <= late_ms[0] < 1_000
