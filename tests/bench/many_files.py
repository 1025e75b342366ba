"""Ten thousand spool files, as they lie there when nobody took them in for long: the start, its memory, and a round."""

from __future__ import annotations

import json
import os
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.scene import daemon, median, scene

from opencode_stats.host.clock import SystemClock
from opencode_stats.ingest.quarantine import Quarantine
from opencode_stats.ingest.spool import Spool
from opencode_stats.ledger.connection import open_ledger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.scene import Scene

FILES = 10_000
MESSAGES_A_FILE = 2
ROUNDS = 9


def measure() -> Iterator[str]:
    """The figures, a line each."""
    with scene() as on:
        yield _started(on, 0)
    with scene() as on:
        lay(on.paths.spool, FILES)
        yield _started(on, FILES)
    with scene() as on:
        lay(on.paths.spool, FILES)
        on.paths.data.mkdir(parents=True)
        with closing(open_ledger(on.paths.ledger, 1)) as connection:
            spool = Spool(on.paths.spool, connection, Quarantine(on.paths.quarantine), SystemClock())
            spool.take_in()
            took_ms = []
            for _ in range(ROUNDS):
                began_s = time.process_time()
                spool.take_in()
                spool.finish(set())
                took_ms.append((time.process_time() - began_s) * 1000)
        yield f"a round over {FILES:,} files that stay, with nothing new: {median(took_ms):.0f} ms of processor time"


def lay(spool: Path, files: int) -> None:
    """So many files of processes of an earlier boot, each of a short conversation."""
    spool.mkdir(parents=True, mode=0o700)
    for number in range(files):
        run = {"pid": number + 1, "boot_id": "deadbeef-0000-4000-8000-000000000000", "start_ticks": 1}
        lines = [{"type": "run.started", "run": run, "api": 1, "plugin_version": "0.1.0"}]
        conversation = {"conversation": f"ses_{number}", "provider": "mock", "model": "mock-1"}
        for each in range(MESSAGES_A_FILE):
            now_ms = 1_795_000_000_000 + 10_000 * number + each
            message = conversation | {"message": f"msg_{(now_ms << 12) & 0xFFFFFFFFFFFF:012x}{each:014d}"}
            tokens = {"input": 1, "output": 0, "reasoning": 0, "cache_read": 0, "cache_write": 0}
            lines.append({"type": "message.snapshot", "created_ms": now_ms, **message})
            lines.append({"type": "message.snapshot", "created_ms": now_ms, "tokens": tokens, **message})
            lines.append(lines[-1] | {"completed_ms": now_ms + 5, "finish": "stop"})
        text = "".join(json.dumps({"v": 1, "at_ms": 1_795_000_000_000} | line) + "\n" for line in lines)
        (spool / f"{number + 1}-1-deadbeef.jsonl").write_text(text)


def _started(on: Scene, files: int) -> str:
    began_s = time.perf_counter()
    with daemon(on) as exporter:
        took_s = time.perf_counter() - began_s
        status = Path(f"/proc/{exporter.pid}/status").read_text().splitlines()
        peak_mib = next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM:"))
        stat = Path(f"/proc/{exporter.pid}/stat").read_text()
        fields = stat[stat.rfind(")") + 1 :].split()
        cpu_s = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        messages = on.stats()["total"]["messages"]
        left = len(list(on.paths.spool.iterdir()))
    if (messages, left) != (files * MESSAGES_A_FILE, 0):
        raise ValueError(f"{messages} messages, {left} files left")
    return f"ready with {files:,} files: {took_s:.1f} s ({cpu_s:.1f} s of processor time), peak {peak_mib:.1f} MiB"
