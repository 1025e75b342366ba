"""From an event in the real OpenCode to the text of the label in a real Shell, all that lies between being real."""

from __future__ import annotations

import json
import statistics
import time
from typing import TYPE_CHECKING, Final

import pytest
from tests.e2e.rig.books import expected
from tests.e2e.rig.fetch import fetched
from tests.e2e.rig.opencode import Server, serving
from tests.e2e.rig.prepared import prepared
from tests.e2e.rig.processes import eventually
from tests.e2e.rig.stage import Stage, by_setup, stage
from tests.gnome.rig.desk import measured
from tests.gnome.rig.session import Shell, shell

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.gnome, pytest.mark.timeout(280)]
ROUNDS: Final = 15
MEDIAN_MS: Final = 150.0
QUIET_S: Final = 0.8
"""How long the model is silent before its last byte: what counts is a daemon idle before, not its pace in a burst."""


@pytest.fixture(scope="module")
def on() -> Iterator[Stage]:
    program = fetched()
    with stage(program, prepared(program), install=by_setup) as made, made.exporter.daemon():
        yield made


@pytest.fixture(scope="module")
def real_shell(on: Stage, chroot: Path, archive: Path) -> Iterator[Shell]:
    with shell(chroot, on.home.user, extension=archive) as started:
        started.set("number-style", "full")
        started.set("notify-minimum-turn", "0")
        started.enable()
        eventually(lambda: started.label, timeout_s=20, what="a first figure")
        yield started
        assert started.complaints() == []


@pytest.fixture(scope="module")
def server(on: Stage, real_shell: Shell) -> Iterator[Server]:
    with serving(on.home) as serving_now:
        yield serving_now


@pytest.fixture(scope="module")
def conversation(on: Stage, server: Server) -> str:
    return server.ask(on.home.project, "SCENARIO:hello")


def test_label_says_what_was_charged(on: Stage, real_shell: Shell, conversation: str) -> None:
    shows(on, real_shell, timeout_s=10)


def test_event_to_label(on: Stage, real_shell: Shell, server: Server, conversation: str) -> None:
    project = on.home.project
    real_shell.run(
        "kept.labels = []; kept.watched = label(); kept.handler = kept.watched.connect('notify::text', one =>"
        " kept.labels.push([one.text, GLib.get_real_time() / 1000]))"
    )
    told_ms: dict[str, float] = {}
    for number in range(ROUNDS):
        gate = f"round-{number}"
        server.prompt_async(project, conversation, f"SCENARIO:held GATE:{gate}")
        on.provider.gates.wait_reached(gate)
        time.sleep(QUIET_S)
        before = len(on.charges)
        on.provider.gates.open(gate)
        on.provider.charges.wait_for(lambda charges, before=before: len(charges) > before)  # type: ignore[misc]
        server.wait_idle(project)
        told_ms[shows(on, real_shell)] = last_told_ms(on)
    seen_ms = dict(real_shell.run("kept.watched.disconnect(kept.handler); return kept.labels"))
    delays_ms = sorted(seen_ms[text] - at_ms for text, at_ms in told_ms.items())
    measured(
        f"event in OpenCode 1.18.33 → label: median {statistics.median(delays_ms):.1f},"
        f" most {delays_ms[-1]:.1f} ms ({ROUNDS} rounds)"
    )
    assert statistics.median(delays_ms) <= MEDIAN_MS


def test_a_finished_turn_is_announced_once(on: Stage, real_shell: Shell, server: Server, conversation: str) -> None:
    time.sleep(1.5)  # what the turn before is announced by has come
    real_shell.run("Main.messageTray.getSources().forEach(source => source.destroy())")
    real_shell.run(
        "kept.shown = []; kept.adding = Main.messageTray.connect('source-added', (_tray, source) =>"
        " source.connect('notification-added', (_source, one) =>"
        " kept.shown.push([one.title, GLib.get_real_time() / 1000])))"
    )
    server.ask(on.home.project, "SCENARIO:hello", model="mock/mock-1")
    eventually(lambda: real_shell.notifications, what="a notification")
    time.sleep(1.5)

    shown = real_shell.run("Main.messageTray.disconnect(kept.adding); return kept.shown")
    assert [title for title, _at_ms in shown] == ["OpenCode has finished"]
    (idle_ms,) = [item["atMs"] for item in on.published["attention"] if item["kind"] == "finished"][:1]
    measured(f"OpenCode idle → notification: {shown[0][1] - idle_ms:.0f} ms")
    assert "project" in real_shell.notifications[0][1]


def shows(on: Stage, real_shell: Shell, *, timeout_s: float = 5) -> str:
    """Wait until the label is what the books have been charged; gives its text.

    Raises:
        AssertionError: it is not in time; says what the label, stats.json and the books have.
    """
    text = f"{expected(on.charges)['totalTokens']:,}"
    try:
        eventually(lambda: real_shell.label == text, timeout_s=timeout_s, what=f"{text} in the panel")
    except AssertionError as error:
        day = on.published["daily"]
        error.add_note(f"label: {real_shell.label!r}; stats.json of {day['date']}: {day['totalTokens']}; {on.charges}")
        raise
    return text


def last_told_ms(on: Stage) -> float:
    """When the plugin was told the last message's usage: whole ms, so half a millisecond is added."""
    lines = [json.loads(line) for file in on.home.spool.glob("*.jsonl") for line in file.read_bytes().splitlines()]
    told = [line["at_ms"] for line in lines if line.get("finish") and "completed_ms" not in line]
    return float(max(told)) + 0.5
