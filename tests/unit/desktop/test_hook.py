"""The user's own command: what it gets, how often it runs, and what becomes of its failures."""

from __future__ import annotations

import json
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.clock import NOON_MS, FakeClock
from tests.support.session_bus import until
from tests.unit.desktop.items import item

from opencode_stats.core.notices import Memory, Rules, notices
from opencode_stats.desktop.hook import AT_ONCE, EVERY_S, TOLD_FOR_MS, Hook, command_line
from opencode_stats.host.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from opencode_stats.core.attention import AttentionItem
    from opencode_stats.core.notices import Notice

pytestmark = pytest.mark.processes

KEEP = """
import json, os, sys
told = {name: value for name, value in os.environ.items() if name.startswith("OPENCODE_STATS_")}
with open(sys.argv[1], "a", encoding="utf-8") as file:
    file.write(json.dumps({"stdin": json.load(sys.stdin), "env": told, "words": sys.argv[2:]}) + "\\n")
"""


def noticed(*items: AttentionItem) -> list[Notice]:
    return notices(items, Memory(0), Rules(), "/home/me", NOON_MS)


class Desk:
    """A hook, and what its command was told."""

    def __init__(self, folder: Path) -> None:
        self.kept = folder / "kept"
        self.woken: list[bool] = []
        self.clock = FakeClock()
        self.hook = self.make()

    def make(self, clock: object = None, env: Mapping[str, str] | None = None, **more: Any) -> Hook:  # noqa: ANN401
        own = {"PATH": "/usr/bin:/bin", "HOME": str(self.kept.parent)} | dict(env or {})
        return Hook("on_attention", own, clock or self.clock, lambda: self.woken.append(True), **more)  # type: ignore[arg-type]

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-c", KEEP, str(self.kept), *words]

    @property
    def told(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.kept.read_text("utf-8").splitlines()] if self.kept.exists() else []


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.hook.end()


def test_the_command_gets_the_item_and_nothing_of_it_is_a_word_or_for_a_shell(desk: Desk) -> None:
    desk.hook.run(desk.command("$(touch x)", "a b"), noticed(item(folder="/w/$(reboot)\x1b;`id`")))
    until(lambda: desk.told, "the command")

    (told,) = desk.told
    assert told["words"] == ["$(touch x)", "a b"]
    assert told["stdin"] == {
        "id": "finished/run-1/1",
        "kind": "finished",
        "title": "OpenCode has finished",
        "body": "/w/$(reboot)?;`id`, after 1m",
        "folder": "/w/$(reboot)\x1b;`id`",
        "turnMs": 60_000,
        "limit": None,
        "runId": "run-1",
        "pids": [12, 7],
        "atMs": NOON_MS,
    }
    assert told["env"] == {
        "OPENCODE_STATS_ID": "finished/run-1/1",
        "OPENCODE_STATS_KIND": "finished",
        "OPENCODE_STATS_TITLE": "OpenCode has finished",
        "OPENCODE_STATS_BODY": "/w/$(reboot)?;`id`, after 1m",
        "OPENCODE_STATS_FOLDER": "/w/$(reboot)?;`id`",
        "OPENCODE_STATS_TURN_MS": "60000",
        "OPENCODE_STATS_LIMIT": "",
        "OPENCODE_STATS_RUN_ID": "run-1",
        "OPENCODE_STATS_PIDS": "12 7",
        "OPENCODE_STATS_AT_MS": str(NOON_MS),
    }
    assert desk.woken == []


def test_after_a_few_at_once_the_rest_waits_and_the_newest_of_a_run_takes_the_olders_place(desk: Desk) -> None:
    many = [item(number=number, run=f"run-{number}") for number in range(AT_ONCE)]
    desk.hook.run(desk.command(), noticed(*many))
    until(lambda: len(desk.told) == AT_ONCE, "the first ones")

    desk.hook.run(desk.command(), noticed(item("permission", 98)))
    desk.hook.run(desk.command(), noticed(item("finished", 99)))
    until(lambda: desk.hook._allowance < 0, "that it waits")
    assert desk.hook._waiting.keys() == {"run-1"}
    assert desk.hook._pause_s() >= EVERY_S
    desk.hook.end()

    assert len(desk.told) == AT_ONCE


def test_what_waits_is_told_when_its_time_has_come(desk: Desk) -> None:
    hook = desk.make(SystemClock(), every_s=0.01)
    hook.run(desk.command(), noticed(*(item(number=number, run=f"run-{number}") for number in range(AT_ONCE + 2))))
    until(lambda: len(desk.told) == AT_ONCE + 2, "all of them")
    hook.end()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["/nowhere/program"], "No such file or directory"),
        ([sys.executable, "-c", "raise SystemExit(3)"], "exit status 3"),
        ([sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"], "it was ended by SIGKILL"),
        # Of the real-time ones only the first and the last have names.
        ([sys.executable, "-c", "import os; os.kill(os.getpid(), 40)"], "it was ended by signal 40"),
        (["a\0b"], "embedded null byte"),
    ],
)
def test_a_failure_is_told_for_an_hour_or_until_it_works_again(desk: Desk, words: list[str], reason: str) -> None:
    desk.hook.run(words, noticed(item()))
    until(lambda: desk.woken, "that it failed")

    (problem,) = desk.hook.problems(NOON_MS)
    told = f"The command of on_attention in the settings failed: {reason}. The figures are right."
    assert (problem.code, problem.message) == ("hook", told)
    assert desk.hook.problems(NOON_MS + TOLD_FOR_MS) == ()

    desk.hook.run(desk.command(), noticed(item(number=2)))
    until(lambda: len(desk.woken) == 2, "that it works again")
    assert desk.hook.problems(NOON_MS) == ()


def test_one_that_does_not_end_is_killed_with_its_children(desk: Desk) -> None:
    hook = desk.make(SystemClock(), timeout_s=0.2)
    hook.run(["sh", "-c", "sleep 1000 & wait"], noticed(item()))
    until(lambda: desk.woken, "that it failed")

    assert [one.message for one in hook.problems(SystemClock().now_ms())] == [
        "The command of on_attention in the settings failed: it took more than 0.2 s. The figures are right."
    ]


def test_an_end_kills_what_runs_and_starts_nothing_more(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opencode_stats.desktop.hook.ENDS_S", 0.05)
    desk.hook.run(["sleep", "1000"], noticed(item()))
    until(lambda: desk.hook._process, "the command")
    desk.hook.run(desk.command(), noticed(item(run="run-2")))
    desk.hook.end()

    until(lambda: not any(thread.name == "on_attention" for thread in threading.enumerate()), "the thread's end")
    assert desk.told == []


def test_under_systemd_the_users_manager_starts_it_and_no_value_is_in_the_command_line() -> None:
    words = command_line(
        ["ntfy", "$HOME"], {"INVOCATION_ID": "1"}, ["OPENCODE_STATS_BODY"], 30.0, "/usr/bin/systemd-run"
    )

    assert words[:2] == ["/usr/bin/systemd-run", "--user"]
    assert words[-5:] == ["--property=RuntimeMaxSec=30", "--setenv=OPENCODE_STATS_BODY", "--", "ntfy", "$$HOME"]
    assert command_line(["a"], {"INVOCATION_ID": "1"}, [], 30.0, None) == ["a"]
    assert command_line(["a"], {}, [], 30.0, "/usr/bin/systemd-run") == ["a"]


def test_one_that_is_missing_is_told_so_also_where_the_users_manager_would_start_it(desk: Desk) -> None:
    desk.hook = desk.make(manager="/usr/bin/false", env={"INVOCATION_ID": "1"})
    desk.hook.run(["no-such-program"], noticed(item()))
    until(lambda: desk.woken, "that it failed")

    (problem,) = desk.hook.problems(NOON_MS)
    assert "failed: No such file or directory." in problem.message
