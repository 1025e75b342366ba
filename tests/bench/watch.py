"""What the live view takes while stats.json changes ten times a second, and while nothing changes; memory of both."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import struct
import subprocess
import termios
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench.scene import scene
from tests.support.screens import many_runs

from opencode_stats.host.lock import exporter_lock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.scene import Scene

UPDATES_PER_S = 10
SECONDS = 20
ROWS, COLUMNS = 40, 120
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def measure() -> Iterator[str]:
    """The figures, a line each."""
    with scene() as on:
        on.paths.stats_file.parent.mkdir(parents=True)
        on.paths.state.mkdir(parents=True)
        document = many_runs().document
        _publish(on, document)
        with exporter_lock(on.paths.lock, os.getpid()):
            for name, words in (
                ("watch", ["watch"]),
                ("statusline --follow", ["statusline", "--follow", "--format", "waybar"]),
            ):
                for updates_per_s in (UPDATES_PER_S, 0):
                    share, frames, rss_mib = _share_of_a_core(on, words, document, updates_per_s)
                    yield (
                        f"{name}, {updates_per_s} updates/s: {share:.1%} of a core, {frames / SECONDS:.1f} writes/s, "
                        f"{rss_mib:.0f} MiB"
                    )


def _share_of_a_core(
    on: Scene, words: list[str], document: dict[str, Any], updates_per_s: int
) -> tuple[float, int, float]:
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    env = {**on.env, "TERM": "xterm-256color"}
    process = subprocess.Popen(on.command(*words), env=env, stdin=slave, stdout=slave, stderr=subprocess.DEVNULL)
    os.close(slave)
    reads: list[int] = []
    reader = threading.Thread(target=_drain, args=(master, reads))
    reader.start()
    try:
        time.sleep(2)
        before, read_before = _ticks(process.pid), len(reads)
        began_s = time.monotonic()
        for number in range(SECONDS * updates_per_s):
            document["daily"]["totalTokens"] += 12_345
            document["session"]["totalTokens"] += 12_345
            document["daily"]["models"]["gpt-5"]["totalTokens"] += 12_345
            document["sessions"][number % len(document["sessions"])]["totalTokens"] += 12_345
            _publish(on, document)
            time.sleep(max(0.0, began_s + (number + 1) / updates_per_s - time.monotonic()))
        time.sleep(max(0.0, began_s + SECONDS - time.monotonic()))
        spent_s = (_ticks(process.pid) - before) / TICKS_PER_S
        return spent_s / SECONDS, len(reads) - read_before, _rss_mib(process.pid)
    finally:
        process.terminate()
        process.wait(10)
        reader.join(10)
        os.close(master)


def _publish(on: Scene, document: dict[str, Any]) -> None:
    temporary = on.paths.stats_file.with_name("temporary")
    temporary.write_text(json.dumps(document, indent=1))
    temporary.replace(on.paths.stats_file)


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _rss_mib(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def _drain(master: int, reads: list[int]) -> None:
    while select.select([master], [], [], 60)[0]:
        try:
            reads.append(len(os.read(master, 65_536)))
        except OSError:
            return  # EIO: the last process on the terminal closed it
