"""From a completed message in the spool to a stats.json that says so, against the bare floor of such a thing.

The floor is what nobody can avoid: one process wakes another through a pipe, which writes, syncs and renames a file of
the same size and syncs the folder, on the same disk, measured in the same minute.
"""

from __future__ import annotations

import os
import select
import time
from typing import TYPE_CHECKING

from tests.bench.scene import Player, Scene, daemon, high, median, scene

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROUNDS = 200
SPACING_S = 0.15
BURST = 1_000


def measure() -> Iterator[str]:
    """The figures, a line each."""
    with scene() as on, daemon(on):
        player = Player(on)
        player.write(type="conversation.seen", conversation="ses_bench", change="created", created_ms=1)
        player.message()
        player.ring()
        _wait_total(on, 1)
        took, floors = [], []
        size_bytes = on.paths.stats_file.stat().st_size
        for round_number in range(ROUNDS):
            time.sleep(SPACING_S)
            started = time.perf_counter()
            player.message()
            player.ring()
            _wait_total(on, 2 + round_number)
            took.append((time.perf_counter() - started) * 1000)
            floors.append(_floor_ms(on.home, size_bytes))
        floor, middle = median(floors), median(took)
        yield f"message to stats.json: median {middle:.2f} ms, p99 {high(took):.2f} ms"
        yield f"  floor (wake + write + fsync + rename + fsync): median {floor:.2f} ms; ratio {middle / floor:.1f}"

        began = ROUNDS + 1
        for _ in range(BURST):
            player.message()
            player.ring()
        ended = time.perf_counter()
        _wait_total(on, began + BURST)
        yield f"burst of {BURST} messages: all visible {(time.perf_counter() - ended) * 1000:.0f} ms after the last"
        player.close()


def _wait_total(on: Scene, tokens: int) -> None:
    """Spins, so that the waiting itself adds nothing to what is measured."""
    needle = f'"totalTokens": {tokens},'.encode()
    deadline = time.perf_counter() + 10
    while needle not in on.paths.stats_file.read_bytes():
        assert time.perf_counter() < deadline, "stats.json never said so"


def _floor_ms(folder: Path, size_bytes: int) -> float:
    """Wake a child through a pipe, let it replace a file durably, and see that it did."""
    wake_read, wake_write = os.pipe()
    target, temp = folder / "floor", folder / "floor.tmp"
    content = b"x" * size_bytes
    child = os.fork()
    if child == 0:
        select.select([wake_read], [], [])
        with open(temp, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temp, target)
        descriptor = os.open(folder, os.O_RDONLY)
        os.fsync(descriptor)
        os._exit(0)
    time.sleep(0.01)
    target.unlink(missing_ok=True)
    started = time.perf_counter()
    os.write(wake_write, b"w")
    while not target.exists():
        pass
    took_ms = (time.perf_counter() - started) * 1000
    os.waitpid(child, 0)
    os.close(wake_read)
    os.close(wake_write)
    return took_ms
