"""Whose process is whose: reused pids, other namespaces, other boots, and a clock that is set under all of them."""

from __future__ import annotations

import json
import os
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.clock import NOON_MS, FakeClock
from tests.support.script import BOOT_ID, NAMESPACE, Script
from tests.unit.daemon.household import Household, living_key, until

from opencode_stats.daemon.exporter import Exporter, refresh
from opencode_stats.host.paths import Paths
from opencode_stats.host.processes import Processes
from opencode_stats.ledger.runs import QUIET_AFTER_MS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S
QUIET_S = QUIET_AFTER_MS / 1000


class Elsewhere(Processes):
    """This boot, and a namespace in which nobody of the scripts lives."""

    def __init__(self, home: Path) -> None:
        for folder in ("proc/sys/kernel/random", "proc/self/ns"):
            (home / folder).mkdir(parents=True)
        (home / "proc/sys/kernel/random/boot_id").write_text(BOOT_ID)
        (home / "proc/self/ns/pid").touch()
        super().__init__(str(home / "proc"))
        assert self._namespace != NAMESPACE


@dataclass
class Room:
    """An exporter whose clock is moved by hand, and its spool."""

    paths: Paths
    exporter: Exporter
    clock: FakeClock

    def write(self, script: Script, since: int = 0) -> None:
        with open(self.paths.spool / script.file_name, "ab") as file:
            file.write(b"".join(script.raw_lines[since:]))

    @property
    def stats(self) -> dict[str, Any]:
        """stats.json after one more round."""
        refresh(self.exporter)
        document: dict[str, Any] = json.loads(self.paths.stats_file.read_bytes())
        return document

    @property
    def state(self) -> tuple[str, bool, int]:
        """The session's state, whether it is live, and all tokens."""
        document = self.stats
        return document["session"]["state"], document["session"]["live"], document["total"]["totalTokens"]


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with made(tmp_path) as one:
        yield one


@contextmanager
def made(home: Path) -> Iterator[Room]:
    paths, clock = Paths.of({}, home), FakeClock()
    exporter = Exporter(
        paths,
        version="0.1.0",
        clock=clock,
        zone=lambda: UTC,
        processes=Elsewhere(home),
        databases=list,
        daemon_pid=1,
    )
    with closing(exporter):
        yield Room(paths, exporter, clock)


def hidden() -> Script:
    """A process in another pid namespace, in the middle of a turn."""
    return Script(pid=7).started().conversation("ses_1").prompt("ses_1").busy("ses_1").answer("ses_1", input=100)


@pytest.mark.processes
def test_a_pid_that_another_process_has_now_is_nobodys_proof_of_life(household: Household) -> None:
    """The real daemon and a real process, which started at another moment than the file says."""
    with household.opencode() as opencode, household.daemon():
        dead = Script(pid=opencode.process.pid, start_ticks=1)
        dead.key = replace(living_key(opencode.process.pid), start_ticks=1)
        household.write(dead.started().conversation("ses_d").busy("ses_d").answer("ses_d", input=7))
        household.ring()

        until(lambda: household.tokens == 7, "its tokens")
        until(lambda: len(list(household.paths.spool.iterdir())) == 1, "the removal of its file")

        assert household.stats["session"]["live"]
        assert [run["runId"].split("-")[0] for run in household.stats["sessions"]] == [str(opencode.process.pid)]
        assert opencode.process.poll() is None


def test_one_in_another_namespace_lives_until_its_goodbye(room: Room) -> None:
    script = hidden()
    room.write(script)
    assert room.state == ("working", True, 100)
    room.clock.advance(QUIET_S - 60)
    assert room.state == ("working", True, 100)

    told = len(script.lines)
    room.write(script.idle("ses_1").ended(), told)

    assert room.state == ("ended", False, 100)
    assert os.listdir(room.paths.spool) == []


def test_one_in_another_namespace_is_gone_after_an_hour_and_back_with_its_next_line(room: Room) -> None:
    script = hidden()
    room.write(script)
    assert room.state == ("working", True, 100)
    room.clock.advance(QUIET_S + 1)
    assert room.state == ("ended", False, 100)
    # Its file went; the plugin begins a new one.
    assert os.listdir(room.paths.spool) == []

    later = Script(pid=7, at_ms=room.clock.wall_ms).started().busy("ses_1").answer("ses_1", "msg_later", input=20)
    room.write(later)

    assert room.state == ("working", True, 120)
    assert len(room.stats["sessions"]) == 1


def test_the_same_pid_in_two_namespaces_are_two_processes(room: Room) -> None:
    for number, namespace in enumerate(("1", "2", None)):
        script = Script(pid=7, start_ticks=1000 + number)
        script.key = replace(script.key, pid_ns=namespace)
        conversation = f"ses_{number}"
        room.write(script.started().conversation(conversation).answer(conversation, f"msg_{number}", input=10**number))

    # The one that names no namespace is looked for in ours, where nobody has that pid.
    assert room.stats["total"]["totalTokens"] == 111
    assert len(room.stats["sessions"]) == 2


def test_one_of_another_boot_is_gone_and_what_it_writes_on_counts(room: Room) -> None:
    """A virtual machine or another computer that shares the home: it lives, but nothing here can tell."""
    script = Script(pid=7)
    script.key = replace(script.key, boot_id="99999999-0000-4000-8000-000000000000")
    room.write(script.started().conversation("ses_1").prompt("ses_1").busy("ses_1").answer("ses_1", input=100))
    assert room.state == ("ended", False, 100)
    assert os.listdir(room.paths.spool) == []

    later = Script(pid=7, at_ms=room.clock.wall_ms + 60_000)
    later.key = script.key
    room.write(later.started().answer("ses_1", "msg_later", input=20))
    assert room.state[2] == 120
    assert room.stats["session"]["totalTokens"] == 120


@pytest.mark.parametrize("jump_s", [-3 * DAY_S, -HOUR_S, 5 * 60.0, HOUR_S + 60, 3 * DAY_S])
def test_a_clock_that_is_set_between_two_readings_loses_and_doubles_nothing(room: Room, jump_s: float) -> None:
    script = hidden()
    room.write(script)
    assert room.state[2] == 100
    room.clock.step(jump_s)
    # Backwards it lives on; an hour ahead it looks quiet, and its next line brings it back.
    assert room.state == (("ended", False, 100) if jump_s > QUIET_S else ("working", True, 100))

    later = Script(pid=7, at_ms=room.clock.wall_ms).started().busy("ses_1").answer("ses_1", "msg_later", input=20)
    room.write(later)

    state = room.state
    assert (state[1], state[2]) == (True, 120)
    assert room.stats["session"]["totalTokens"] == 120
    room.clock.step(-jump_s)
    assert room.state[2] == 120


def test_each_message_counts_on_the_day_that_its_clock_said(room: Room) -> None:
    """The clock goes two days ahead in the middle of a conversation, and back: as a wrong time server does it."""
    script = Script(pid=7).started().conversation("ses_1")
    for number, jump_s in enumerate((0.0, 2 * DAY_S, -1 * DAY_S, -1 * DAY_S, -1 * DAY_S)):
        script.at_ms += round(jump_s * 1000)
        script.answer("ses_1", f"msg_{number}", input=10**number)
    room.write(script)

    assert room.stats["total"]["totalTokens"] == 11_111
    days = {}
    for day in range(-2, 4):
        room.clock.wall_ms = NOON_MS + round(day * DAY_S * 1000)
        document = room.stats
        days[document["daily"]["date"]] = document["daily"]["totalTokens"]
        assert document["total"]["totalTokens"] == 11_111
    assert days == {
        "2026-11-19": 0,
        "2026-11-20": 10_000,
        "2026-11-21": 1_001,
        "2026-11-22": 100,
        "2026-11-23": 10,
        "2026-11-24": 0,
    }
