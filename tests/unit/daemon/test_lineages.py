"""When pids are looked at, and what becomes of the answers."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.support.script import Script
from tests.support.tmux import tmux_server
from tests.unit.daemon.household import living_key, until

from opencode_stats.core.attention import AttentionItem
from opencode_stats.core.stats import RunFacts
from opencode_stats.core.totals import Totals
from opencode_stats.daemon.lineages import Lineages
from opencode_stats.host.processes import Processes

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.daemon.household import Household

    from opencode_stats.host.terminals import Tmux

RUN = RunFacts(
    run_id="run",
    process="key",
    pid=42,
    started_ms=100,
    ended_ms=None,
    last_activity_ms=5_000,
    last_prompt_ms=200,
    idle_since_ms=5_000,
    busy=0,
    waiting=0,
    workspaces=(),
    totals=Totals(),
    title_requests=0,
)
ENDED = replace(RUN, ended_ms=6_000)
ITEM = AttentionItem("i", "finished", "run", "ses_a", "/w", 5_000, None)
LATER = replace(ITEM, id="j")


class FakeProcesses(Processes):
    """A process 42 in a shell 30; ``tmux`` says whether that shell is in a pane of the server 7."""

    def __init__(self, *, tmux: bool = False) -> None:
        self.looks = 0
        self.tmux = tmux

    def ancestors(self, pid: int) -> tuple[int, ...]:
        self.looks += 1
        return (30, 7)

    def environment(self, pid: int, names: object) -> dict[str, str]:
        return {"TMUX": "/tmp/s,7,0", "TMUX_PANE": "%0"} if self.tmux else {}

    def name(self, pid: int) -> str:
        return "tmux: server"


def test_a_run_has_its_process_and_its_ancestors() -> None:
    assert Lineages(FakeProcesses()).of([RUN], [], {"key"}) == {"run": (42, 30, 7)}


def test_they_are_looked_at_when_a_run_is_first_seen_and_when_something_new_asks() -> None:
    processes = FakeProcesses()
    lineages, looks = Lineages(processes), []
    for items in ([], [], [ITEM], [ITEM], [LATER, ITEM], [LATER], [], [LATER]):
        lineages.of([RUN], items, {"key"})
        looks.append(processes.looks)

    assert looks == [1, 1, 2, 2, 3, 3, 3, 4]


def test_a_process_that_can_not_be_seen_has_none() -> None:
    processes = FakeProcesses()

    assert Lineages(processes).of([RUN], [ITEM], {"another"}) == {}
    assert processes.looks == 0


def test_the_ancestors_of_a_run_that_ended_are_remembered_while_it_asks() -> None:
    lineages = Lineages(FakeProcesses())
    lineages.of([RUN], [ITEM], {"key"})

    assert lineages.of([ENDED], [ITEM], set()) == {"run": (30, 7)}
    assert lineages.of([], [ITEM], set()) == {"run": (30, 7)}
    assert lineages.of([ENDED], [], set()) == {}
    assert lineages.of([], [ITEM], set()) == {}


def test_without_a_daemon_the_answer_of_tmux_is_waited_for() -> None:
    lineages = Lineages(FakeProcesses(tmux=True), lambda processes, tmux: (90, 30, 91))

    assert lineages.of([RUN], [], {"key"}) == {"run": (42, 30, 7, 90, 91)}


def test_a_daemon_goes_on_and_is_told_when_tmux_has_answered() -> None:
    may_answer, told = threading.Event(), threading.Event()
    answers = [(90,), (90,), ()]

    def ask(processes: Processes, tmux: Tmux) -> tuple[int, ...]:
        assert may_answer.wait(20)
        return answers.pop(0)

    lineages = Lineages(FakeProcesses(tmux=True), ask)
    lineages.follow(told.set)
    assert lineages.of([RUN], [], {"key"}) == {"run": (42, 30, 7)}
    # Something new asks while the question is open: it is not put again.
    assert lineages.of([RUN], [ITEM], {"key"}) == {"run": (42, 30, 7)}
    may_answer.set()
    assert told.wait(20)
    assert lineages.of([RUN], [ITEM], {"key"}) == {"run": (42, 30, 7, 90)}
    assert len(answers) == 2

    told.clear()
    settle(lineages)
    lineages.of([RUN], [LATER], {"key"})
    settle(lineages)
    assert not told.is_set(), "the same answer is no news"
    lineages.of([RUN], [ITEM], {"key"})
    assert told.wait(20)
    assert lineages.of([RUN], [ITEM], {"key"}) == {"run": (42, 30, 7)}


def test_after_the_end_nobody_is_told() -> None:
    told = threading.Event()
    may_answer = threading.Event()

    def ask(processes: Processes, tmux: Tmux) -> tuple[int, ...]:
        assert may_answer.wait(20)
        return (90,)

    lineages = Lineages(FakeProcesses(tmux=True), ask)
    lineages.follow(told.set)
    lineages.of([RUN], [], {"key"})
    lineages.stop()
    may_answer.set()
    settle(lineages)

    assert not told.is_set()


def settle(lineages: Lineages) -> None:
    """Waits for the question that is open."""
    inquiry = lineages._known["run"].inquiry
    assert inquiry is not None
    inquiry.join(20)


@pytest.mark.processes
def test_a_daemon_publishes_who_shows_a_real_pane_and_looks_again_when_something_asks(
    household: Household, tmp_path: Path
) -> None:
    with tmux_server(tmp_path) as server, server.client("keeper") as other:
        script = Script(pid=server.session("one"), at_ms=time.time_ns() // 1_000_000 - 10_000)
        script.key = living_key(script.key.pid)
        household.write(script.started().conversation("ses_a").prompt("ses_a").busy("ses_a"))
        server_pid = server.pid
        with household.daemon():
            before = household.stats["session"]["pids"]
            with server.client("one") as client:
                told = len(script.lines)
                household.write(script.idle("ses_a"), told)
                household.ring()
                until(lambda: client in household.stats["session"]["pids"], "the client")
                document = household.stats

    shown, item = document["session"]["pids"], document["attention"][0]
    assert before[:2] == [script.key.pid, server_pid]
    assert shown == [*before, client, *shown[len(before) + 1 :]]
    assert os.getpid() in shown
    assert other not in shown
    assert (item["kind"], item["pids"]) == ("finished", shown)
    assert "hunter2" not in household.paths.stats_file.read_text()
