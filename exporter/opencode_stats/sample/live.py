"""A stats.json that goes on changing: an imagined OpenCode writes into the spool, and a real daemon publishes."""

from __future__ import annotations

import contextlib
import os
import threading
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Final

from opencode_stats.core.events import ProcessKey
from opencode_stats.daemon.loop import Daemon
from opencode_stats.host.clock import SystemClock
from opencode_stats.host.lock import exporter_lock
from opencode_stats.host.processes import Processes
from opencode_stats.sample.making import append, exporter_of
from opencode_stats.sample.opencode import OpenCode
from opencode_stats.sample.scenes import PLACES, USUAL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import tzinfo
    from pathlib import Path

    from opencode_stats.host.clock import Clock
    from opencode_stats.host.paths import Paths

_REST_STEPS: Final = 3
"""How long OpenCode is idle, or waits for the user, before it goes on."""


def run_live(paths: Paths, *, seed: int, every_s: float, zone: Callable[[], tzinfo], boot: str) -> None:
    """Changes the figures every so often until Ctrl-C or SIGTERM.

    The imagined OpenCode is this very process, so that its window can be found by ``pids``.

    Raises:
        LockHeld: another one is at work in this folder.
    """
    clock, processes = SystemClock(), Processes()
    pid = os.getpid()
    key = ProcessKey(pid, boot, None, processes.start_ticks(pid))
    stop = threading.Event()
    with exporter_lock(paths.lock, pid):
        exporter = exporter_of(paths, clock=clock, zone=zone, processes=processes, daemon_pid=pid)
        daemon = Daemon(exporter, paths, clock=clock, processes=processes, env={}, linger_s=None)
        write = partial(_write, paths, key, seed=seed, every_s=every_s, clock=clock, stop=stop)
        writer = threading.Thread(target=write, name="plugin")
        writer.start()
        try:
            daemon.run()
        finally:
            stop.set()
            writer.join()
            exporter.close()


def _write(paths: Paths, key: ProcessKey, *, seed: int, every_s: float, clock: Clock, stop: threading.Event) -> None:
    rng = Random(seed)  # noqa: S311 - nothing here is a secret
    one = OpenCode(key, rng, clock.now_ms(), PLACES[0])
    for _ in story(one, rng):
        # Where somebody took the folder away, the daemon says so and ends.
        with contextlib.suppress(OSError):
            append(paths, one.file_name, one.take_lines())
            _ring(paths.doorbell)
        if stop.wait(every_s):
            return
        one.now_ms = max(one.now_ms, clock.now_ms())


def _ring(doorbell: Path) -> None:
    descriptor = os.open(doorbell, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        os.write(descriptor, b"s")
    finally:
        os.close(descriptor)


def story(one: OpenCode, rng: Random) -> Iterator[None]:
    """What happens, a step at a time, without an end: turns with sub-agents, permissions, errors, and rests."""
    while True:
        root = one.converse(rng.choice(USUAL))
        for turn in range(rng.randint(1, 4)):
            yield from _turn(one, rng, root, titled=turn == 0)
            yield from _rest()


def _turn(one: OpenCode, rng: Random, root: str, *, titled: bool) -> Iterator[None]:
    one.prompt(root, titled=titled)
    yield
    for _ in range(rng.randint(2, 5)):
        one.request(root)
        yield
        what = rng.randrange(6)
        if what == 0:
            request = one.ask(root, rng.choice(("permission", "question")))
            yield from _rest()
            one.answer(request)
            yield
        elif what == 1:
            helper = one.converse(rng.choice(USUAL), parent=root)
            one.prompt(helper)
            one.request(helper, agent="explore")
            yield
            one.request(helper, agent="explore")
            one.idle(helper)
            yield
    if rng.randrange(8):
        one.idle(root)
    else:
        one.fail(root)
    yield


def _rest() -> Iterator[None]:
    for _ in range(_REST_STEPS):
        yield
