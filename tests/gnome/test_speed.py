"""How soon the panel follows, and what that costs the Shell. The figures are printed."""

from __future__ import annotations

import os
import re
import statistics
import threading
import time
from typing import TYPE_CHECKING, Any, Final

import pytest
from tests.e2e.rig.processes import eventually
from tests.gnome.rig.desk import measured, spread
from tests.gnome.rig.documents import document, large_text
from tests.gnome.rig.stretches import BLOCKED_MS, UNWATCH_STRETCHES, WATCH_STRETCHES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.gnome.rig.desk import Desk

pytestmark = [pytest.mark.gnome, pytest.mark.timeout(150)]
ROUNDS: Final = 40
LABEL_MEDIAN_MS: Final = 50.0
FRAME_MS: Final = 16.0
UPDATES: Final = 60
ATTEMPTS: Final = 4
# GJS collects all garbage ten seconds after an object was let go of; the engine's own word for GJS's reason.
LETTING_GO: Final = re.compile(r"^MajorGC: .* MEM_PRESSURE ", re.MULTILINE)
LET_GO_S: Final = 10
WATCHED_S: Final = 42

WATCH_GAPS: Final = """
    kept.gaps = [];
    let last = GLib.get_monotonic_time();
    kept.sampler = GLib.timeout_add(GLib.PRIORITY_HIGH, 1, () => {
        const now = GLib.get_monotonic_time();
        kept.gaps.push((now - last) / 1000);
        last = now;
        return GLib.SOURCE_CONTINUE;
    });
"""
UNWATCH_GAPS: Final = "GLib.source_remove(kept.sampler); return kept.gaps"


@pytest.fixture(scope="module")
def quick_desk(desk: Desk) -> Iterator[Desk]:
    """A Shell that shows figures in full and notes when its label changes."""
    desk.shell.set("number-style", "full")
    desk.world.put(document(1))
    desk.world.stamp()
    # As after a login: folders that are there already are watched at once.
    desk.shell.disable()
    desk.shell.enable()
    eventually(lambda: desk.shell.label == "1", timeout_s=15, what="a first figure")
    desk.shell.run(
        "kept.labels = []; kept.watched = label(); kept.handler = kept.watched.connect('notify::text', one =>"
        " kept.labels.push([one.text, GLib.get_monotonic_time() / 1000]))"
    )
    yield desk
    desk.shell.run("kept.watched.disconnect(kept.handler)")


class BusyFile(threading.Thread):
    """Writes to a file beside stats.json a thousand times a second, as OpenCode's ``-wal`` is written."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self.ended = threading.Event()

    def run(self) -> None:
        with self._path.open("ab", buffering=0) as file:
            while not self.ended.wait(0.001):
                file.write(b"x" * 4096)
                if file.tell() > 8_000_000:
                    file.truncate(0)


@pytest.fixture
def busy_folder(quick_desk: Desk) -> Iterator[None]:
    writer = BusyFile(quick_desk.world.home.opencode_data / "opencode.db-wal")
    writer.start()
    yield
    writer.ended.set()
    writer.join()


def test_rename_to_label(quick_desk: Desk, busy_folder: None) -> None:
    renamed: dict[str, float] = {}
    for number in range(ROUNDS):
        text = f"{20_000 + number:,}"
        renamed[text] = quick_desk.world.put(document(20_000 + number))
        quick_desk.world.stamp()
        eventually(lambda text=text: quick_desk.shell.label == text, timeout_s=5, what=text)  # type: ignore[misc]
        time.sleep(0.2)
    labels = dict(quick_desk.shell.run("return kept.labels"))
    delays_ms = [labels[text] - at_ms for text, at_ms in renamed.items()]
    measured(f"rename → label, beside a busy -wal: {spread(delays_ms)} ({ROUNDS} rounds)")
    assert statistics.median(delays_ms) <= LABEL_MEDIAN_MS


@pytest.mark.parametrize(
    ("menu", "stamp"),
    [("closed", "digest"), ("open", "digest"), ("section", "digest"), ("closed", "bare"), ("open", "bare")],
)
def test_main_loop_is_never_blocked(quick_desk: Desk, menu: str, stamp: str) -> None:
    shell = quick_desk.shell
    digest = stamp == "digest"
    contents = [large_text(300_000 + number) for number in range(UPDATES)]
    if menu != "closed":
        shell.open_menu()
    if menu == "section":
        shell.run("all(button().menu.actor).find(one => one.label?.text === 'Today').menu.open()")
    # It has seen such a file before: the first is read by code that was not compiled so far.
    quick_desk.world.put(large_text(299_999))
    quick_desk.world.stamp(digest=digest)
    eventually(lambda: shell.label == "299,999", what="the large file's figure")
    idle_gaps_ms = gaps(quick_desk, lambda _number: None)

    def replace(number: int) -> None:
        quick_desk.world.put(contents[number])
        quick_desk.world.stamp(digest=digest)

    def is_held(own_ms: list[float]) -> bool:
        # Where all of the file has to be read, the engine collects garbage in slices of up to 10 ms now and then.
        allowed = 1 if digest and menu != "section" else 3
        longest_ms = sorted(own_ms)
        return longest_ms[-1 - allowed] <= BLOCKED_MS and longest_ms[-1] <= FRAME_MS

    # What we do is long in every round; what a shared machine does to one of hundreds of stretches is not.
    for _round in range(ATTEMPTS):
        shell.run(WATCH_STRETCHES)
        busy_gaps_ms = gaps(quick_desk, replace)
        stretches, readings = shell.run(UNWATCH_STRETCHES)
        assert readings >= UPDATES
        own_ms, clock_ms = ([one[column] for one in stretches] for column in (0, 1))
        measured(f"main loop at 10 Hz with {len(contents[0]) // 1000} KB, menu {menu}, stamp {stamp}:")
        measured(
            f"  our stretches: {spread(own_ms)}, {sum(one > BLOCKED_MS for one in own_ms)} of {len(own_ms)} longer"
        )
        measured(f"  than {BLOCKED_MS:.0f} ms; with waiting for a processor {spread(clock_ms)}")
        measured(f"  gaps of a 1 ms timer without updates {spread(idle_gaps_ms)}; with them {spread(busy_gaps_ms)}")
        if is_held(own_ms):
            break
    shell.close_menu()
    assert is_held(own_ms)


def gaps(desk: Desk, act: Any) -> list[float]:  # noqa: ANN401 - a function of the round's number
    """What lies between two turns of the main loop while something is done ten times a second."""
    desk.shell.run(WATCH_GAPS)
    since_s = time.monotonic()
    for number in range(UPDATES):
        act(number)
        time.sleep(max(0.0, since_s + (number + 1) / 10 - time.monotonic()))
    found: list[float] = desk.shell.run(UNWATCH_GAPS)
    return found


def test_nothing_is_done_while_nothing_changes(quick_desk: Desk) -> None:
    before_ms = cpu_ms(quick_desk.shell.pid)
    quick_desk.shell.disable()
    time.sleep(5)
    without_ms = cpu_ms(quick_desk.shell.pid) - before_ms
    quick_desk.shell.enable()
    time.sleep(4)  # two seconds after a change it looks once more
    quick_desk.shell.run(WATCH_STRETCHES)
    before_ms = cpu_ms(quick_desk.shell.pid)
    time.sleep(5)
    with_ms = cpu_ms(quick_desk.shell.pid) - before_ms
    _stretches, readings = quick_desk.shell.run(UNWATCH_STRETCHES)
    measured(f"five seconds at rest: {with_ms:.0f} ms of processor, {without_ms:.0f} ms with the extension disabled")
    assert readings == 0


def test_changes_do_not_have_all_of_the_shells_garbage_collected(quick_desk: Desk) -> None:
    time.sleep(LET_GO_S + 2)  # what was let go of before
    before = len(quick_desk.shell.log)
    since_s = time.monotonic()
    for number in range(WATCHED_S * 10):
        quick_desk.world.put(document(50_000 + number))
        quick_desk.world.stamp()
        time.sleep(max(0.0, since_s + (number + 1) / 10 - time.monotonic()))
    eventually(lambda: quick_desk.shell.label == f"{50_000 + WATCHED_S * 10 - 1:,}", what="the last figure")
    collections = len(LETTING_GO.findall(quick_desk.shell.log[before:]))
    measured(f"the Shell's garbage collected {collections} times in {WATCHED_S} s of ten changes a second")
    # Once every ten seconds if each change let go of something; the Shell does so each minute, when its clock moves on.
    # Once every ten seconds if each change let go of something; what the Shell itself lets go of is less.
    assert collections < WATCHED_S // LET_GO_S


def cpu_ms(pid: int) -> float:
    """What a process has used of the processor."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")
