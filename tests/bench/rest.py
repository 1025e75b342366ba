"""What the exporter costs: its memory after a day's load, and its wake-ups and processor time at rest."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.scene import Player, daemon, scene

if TYPE_CHECKING:
    from collections.abc import Iterator

DAY_OF_MESSAGES = 5_000
REST_S = 20.0


def measure() -> Iterator[str]:
    """The figures, a line each."""
    with scene() as on:
        player = Player(on)
        with daemon(on) as exporter:
            for number in range(DAY_OF_MESSAGES):
                player.message()
                if number % 10 == 0:
                    player.ring()
                    time.sleep(0.002)
            on.run("import")
            yield f"memory after {DAY_OF_MESSAGES} messages: {_resident_mib(exporter.pid):.1f} MiB RSS"
            time.sleep(2)
            before = _used(exporter.pid)
            time.sleep(REST_S)
            after = _used(exporter.pid)
            switches, cpu_s = after[0] - before[0], after[1] - before[1]
            yield (
                f"at rest, OpenCode running: {switches / REST_S:.2f} wake-ups/s, {100 * cpu_s / REST_S:.3f} % of a core"
            )
        player.close()
    with scene() as on, daemon(on) as exporter:
        time.sleep(2)
        before = _used(exporter.pid)
        time.sleep(REST_S)
        after = _used(exporter.pid)
        yield f"at rest, no OpenCode: {after[0] - before[0]} wake-ups in {REST_S:.0f} s"


def _resident_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise ValueError(pid)


def _used(pid: int) -> tuple[int, float]:
    """Voluntary context switches of all threads, and processor seconds."""
    switches = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        for line in (task / "status").read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches:"):
                switches += int(line.split()[1])
    stat = Path(f"/proc/{pid}/stat").read_text()
    fields = stat[stat.rfind(")") + 1 :].split()
    return switches, (int(fields[11]) + int(fields[12])) / 100
