"""What it takes to print the current figures, against Python doing nothing at all."""

from __future__ import annotations

import os
import resource
import sys
import time
from typing import TYPE_CHECKING

from tests.bench.scene import Player, Scene, daemon, median, scene

if TYPE_CHECKING:
    from collections.abc import Iterator

ROUNDS = 31


def measure() -> Iterator[str]:
    """The figures, a line each."""
    with scene() as on, daemon(on):
        player = Player(on)
        for _ in range(20):
            player.message()
        player.ring()
        on.run("import")
        nothing, now, as_json, bar = [], [], [], []
        for _ in range(ROUNDS):
            nothing.append(_cpu_ms(on, [sys.executable, "-c", "pass"]))
            now.append(_cpu_ms(on, on.command()))
            as_json.append(_cpu_ms(on, on.command("--json")))
            bar.append(_cpu_ms(on, on.command("statusline", "--format", "waybar")))
        base = median(nothing)
        yield f"python -c pass: {base:.1f} ms of processor time"
        yield f"opencode-stats, daemon running: {median(now):.1f} ms; ratio {median(now) / base:.1f}"
        yield f"opencode-stats --json, daemon running: {median(as_json):.1f} ms; ratio {median(as_json) / base:.1f}"
        yield f"opencode-stats statusline --format waybar: {median(bar):.1f} ms; ratio {median(bar) / base:.1f}"
        player.close()
    with scene() as on:
        player = Player(on)
        for _ in range(20):
            player.message()
        on.run("import")
        fresh = []
        for _ in range(5):
            started = time.perf_counter()
            on.run("--json")
            fresh.append((time.perf_counter() - started) * 1000)
        yield f"opencode-stats --json, no daemon, nothing new: {median(fresh):.0f} ms by the wall clock"
        player.close()


def _cpu_ms(on: Scene, command: list[str]) -> float:
    """User and system time of the child: what the machine spent, whatever else it was doing."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    devnull = os.open(os.devnull, os.O_WRONLY)
    pid = os.posix_spawn(command[0], command, on.env, file_actions=[(os.POSIX_SPAWN_DUP2, devnull, 1)])
    _, status = os.waitpid(pid, 0)
    os.close(devnull)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert os.waitstatus_to_exitcode(status) == 0
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000
