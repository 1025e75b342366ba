"""Nothing is left behind: not by being disabled fifty times, not by ten thousand readings."""

from __future__ import annotations

import json
import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from tests.e2e.rig.processes import eventually
from tests.gnome.rig.desk import measured
from tests.gnome.rig.documents import document

if TYPE_CHECKING:
    from tests.gnome.rig.desk import Desk
    from tests.gnome.rig.session import Shell

pytestmark = [pytest.mark.gnome, pytest.mark.timeout(290)]
CYCLES: Final = 50
WARM_CYCLES: Final = 5
UPDATES: Final = 10_000
PORTION: Final = 2_500
GROWTH_MB: Final = 4.0
OURS: Final = re.compile(r"Opencode\w+")
# Sources have numbers in the order of their making; those that are still there can be asked for.
COUNT: Final = """
    System.gc();
    await pause(200);
    System.gc();
    const context = GLib.MainContext.default();
    const newest = GLib.idle_add(GLib.PRIORITY_LOW, () => GLib.SOURCE_REMOVE);
    await pause(50);
    let sources = 0;
    for (let id = 1; id <= newest; id++) {
        if (context.find_source_by_id(id) !== null)
            sources++;
    }
    System.dumpHeap('/mnt/heap.txt');
    return {sources, actors: all(Main.layoutManager.uiGroup).length};
"""
# Handlers on objects that outlive the extension (settings, theme, display, the stage): each has to be disconnected. And
# timers, which end with it, though they would end by themselves later.
WATCH_HANDLERS: Final = """
    kept.sources = [];
    kept.adders = ['timeout_add', 'timeout_add_seconds', 'idle_add'].map(name => [name, GLib[name]]);
    for (const [name, add] of kept.adders) {
        GLib[name] = (...rest) => {
            const id = add(...rest);
            if (isOurs())
                kept.sources.push(id);
            return id;
        };
    }
    kept.handlers = new Map();
    const prototype = GObject.Object.prototype;
    [kept.connect, kept.disconnect] = [prototype.connect, prototype.disconnect];
    const isOurs = () => new Error().stack.includes(UUID);
    prototype.connect = function (...rest) {
        const id = kept.connect.apply(this, rest);
        if (isOurs())
            kept.handlers.set(`${id}`, [new WeakRef(this), id, rest[0]]);
        return id;
    };
"""
HANDLERS_LEFT: Final = """
    for (const [name, add] of kept.adders)
        GLib[name] = add;
    const timers = kept.sources.filter(id => GLib.MainContext.default().find_source_by_id(id) !== null);
    System.gc();
    await pause(200);
    System.gc();
    GObject.Object.prototype.connect = kept.connect;
    const left = [];
    for (const [reference, id, signal] of kept.handlers.values()) {
        const object = reference.deref();
        try {
            if (object && GObject.signal_handler_is_connected(object, id))
                left.push(`${object.constructor.name} ${signal}`);
        } catch {
            // It was disposed of, and its handlers with it.
        }
    }
    return [kept.handlers.size, left, kept.sources.length, timers.length];
"""


@pytest.fixture(scope="module")
def settled_desk(desk: Desk) -> Desk:
    """A Shell whose extension shows figures, notified and was opened once."""
    desk.shell.set("number-style", "full")
    desk.world.put(document(1))
    desk.world.stamp()
    eventually(lambda: desk.shell.label == "1", timeout_s=15, what="a first figure")
    return desk


def use_once(shell: Shell) -> None:
    """Opens the menu with a section, and closes it."""
    shell.run(
        "for (let waits = 0; waits < 100 && !label()?.text; waits++) await pause(20);"
        "button().menu.open(); await painted();"
        "const today = all(button().menu.actor).find(one => one.label?.text === 'Today');"
        "today.menu.open(); await painted(); button().menu.close(); await painted()"
    )


def count(shell: Shell) -> dict[str, int]:
    """What there is of everything in the Shell, after its garbage was collected."""
    heap_file = shell.shared / "heap.txt"
    heap_file.unlink(missing_ok=True)  # the Shell would append
    found: dict[str, int] = shell.run(COUNT)
    heap = heap_file.read_text(errors="replace")
    found["our objects"] = len([line for line in heap.splitlines() if OURS.search(line) and "prototype" not in line])
    found["objects"] = heap.count("\n0x")
    found["descriptors"] = len(os.listdir(f"/proc/{shell.pid}/fd"))
    found["file watches"] = watches(shell.pid)
    return found


def watches(pid: int) -> int:
    """How many files and folders a process watches through inotify."""
    lines = 0
    for file in Path(f"/proc/{pid}/fdinfo").iterdir():
        try:
            lines += file.read_text().count("inotify wd:")
        except FileNotFoundError:
            continue  # closed meanwhile
    return lines


def test_disabled_and_enabled_fifty_times(settled_desk: Desk) -> None:
    shell = settled_desk.shell
    counts = []
    for cycles in (WARM_CYCLES, CYCLES):
        for _ in range(cycles):
            shell.disable()
            shell.enable()
            use_once(shell)
        shell.disable()
        counts.append(count(shell))
        shell.enable()
    before, after = counts
    growth = {name: after[name] - before[name] for name in before}
    measured(f"disabled, enabled and opened {CYCLES} times: {growth} (before: {before})")
    # What is left behind each time is there fifty times; the Shell's own come and go by some.
    for name in ("sources", "actors", "our objects", "descriptors", "file watches"):
        assert growth[name] < CYCLES / 2, name


def test_every_handler_is_disconnected_and_every_timer_ended(settled_desk: Desk) -> None:
    shell = settled_desk.shell
    shell.disable()
    shell.run(WATCH_HANDLERS)
    shell.enable()
    use_once(shell)
    shell.disable()
    made, left, timers_made, timers_left = shell.run(HANDLERS_LEFT)
    shell.enable()
    assert made > 10, "what was not seen can't be missed"
    assert left == []
    assert timers_made > 1, "neither can these"
    assert timers_left == 0


def test_memory_is_flat_over_ten_thousand_updates(settled_desk: Desk) -> None:
    shell = settled_desk.shell
    content = json.dumps(document(10_000))
    shell.run(
        "kept.changes = 0; kept.watched = label();"
        "kept.handler = kept.watched.connect('notify::text', () => kept.changes++)"
    )
    sizes_mb = []
    since_s = time.monotonic()
    for number in range(UPDATES):
        if number % PORTION == 0:
            sizes_mb.append(resident_mb(shell))
        settled_desk.world.put(content.replace('"totalTokens": 10000', f'"totalTokens": {10_000 + number}'))
        settled_desk.world.stamp()
        time.sleep(0.003)
    sizes_mb.append(resident_mb(shell))
    changes = shell.run("kept.watched.disconnect(kept.handler); return kept.changes")
    measured(
        f"{UPDATES:,} replacements in {time.monotonic() - since_s:.0f} s, {changes:,} of them shown; the Shell's memory"
        f" every {PORTION:,}: {', '.join(f'{size:.1f}' for size in sizes_mb)} MB"
    )
    assert changes > UPDATES / 20, "what was not read can't be kept"
    assert sizes_mb[-1] - sizes_mb[1] < GROWTH_MB


def resident_mb(shell: Shell) -> float:
    """The Shell's memory, after its garbage was collected."""
    shell.run("System.gc(); await pause(300); System.gc()")
    rollup = Path(f"/proc/{shell.pid}/smaps_rollup").read_text()
    found = re.search(r"^Rss:\s+(\d+) kB", rollup, re.MULTILINE)
    assert found
    return int(found[1]) / 1024
