"""A scratch home with a real daemon in it, and a process that plays OpenCode's plugin: what the benchmarks stand on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opencode_stats.host.paths import Paths

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
SCRATCH = ROOT / ".cache" / "bench"
"""On the disk of the checkout: a folder in memory would make every fsync free."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A home of its own: ``env`` for processes in it, ``paths`` to look at."""

    home: Path
    env: dict[str, str]
    paths: Paths

    def command(self, *words: str) -> list[str]:
        """The command line of opencode-stats."""
        return [sys.executable, "-m", "opencode_stats", *words]

    def run(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        """Runs a command to its end; it must succeed."""
        return subprocess.run(self.command(*words), env=self.env, capture_output=True, check=True)

    def stats(self) -> dict[str, Any]:
        """stats.json, parsed."""
        document: dict[str, Any] = json.loads(self.paths.stats_file.read_bytes())
        return document


@contextmanager
def scene() -> Iterator[Scene]:
    """A scratch home, removed at the end."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    home = Path(tempfile.mkdtemp(dir=SCRATCH))
    env = {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT / "exporter"),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
    }
    try:
        yield Scene(home, env, Paths.of(env, home))
    finally:
        shutil.rmtree(home)


@contextmanager
def daemon(on: Scene) -> Iterator[subprocess.Popen[bytes]]:
    """A daemon that has published once; stopped at the end."""
    process = subprocess.Popen(on.command("daemon"), env=on.env, stderr=subprocess.PIPE)
    try:
        assert process.stderr is not None
        while b"daemon.ready" not in process.stderr.readline():
            assert process.poll() is None, "the daemon ended"
        yield process
    finally:
        process.terminate()
        process.wait(timeout=20)
        process.stderr.close()  # type: ignore[union-attr]  # it is a pipe


class Player:
    """Writes a spool file as the plugin does, in the name of this very process, and rings the doorbell."""

    def __init__(self, on: Scene) -> None:
        stat = Path("/proc/self/stat").read_text()
        start_ticks = int(stat[stat.rfind(")") + 1 :].split()[19])
        boot_id = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        on.paths.spool.mkdir(parents=True, exist_ok=True)
        self._path = on.paths.spool / f"{os.getpid()}-{start_ticks}-{boot_id[:8]}.jsonl"
        self._doorbell = on.paths.doorbell
        self._descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._serial = 0
        run = {
            "pid": os.getpid(),
            "boot_id": boot_id,
            "pid_ns": str(os.stat("/proc/self/ns/pid").st_ino),
            "start_ticks": start_ticks,
        }
        self.write(type="run.started", run=run, api=1, plugin_version="0.1.0")
        self.write(type="workspace.opened", directory="/home/user/project")

    def write(self, **members: object) -> None:
        """Appends one line; nobody is told."""
        line = {"v": 1, "at_ms": time.time_ns() // 1_000_000, **members}
        os.write(self._descriptor, (json.dumps(line) + "\n").encode())

    def ring(self) -> None:
        """One byte into the doorbell, as the plugin does."""
        try:
            descriptor = os.open(self._doorbell, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            return
        try:
            os.write(descriptor, b"\n")
        except BlockingIOError:
            pass
        finally:
            os.close(descriptor)

    def message(self, tokens: int = 1) -> None:
        """Appends one completed message that costs so many tokens."""
        self._serial += 1
        now_ms = time.time_ns() // 1_000_000
        self.write(
            type="message.snapshot",
            event=f"evt_{self._serial:026d}",
            conversation="ses_bench",
            message=f"msg_{(now_ms << 12) & 0xFFFFFFFFFFFF:012x}{self._serial:014d}",
            parent="msg_user",
            agent="build",
            provider="mock",
            model=f"mock-{self._serial % 3}",
            directory="/home/user/project",
            root="/home/user/project",
            tokens={"input": tokens, "output": 0, "reasoning": 0, "cache_read": 0, "cache_write": 0},
            cost_usd=0.001,
            created_ms=now_ms,
            completed_ms=now_ms,
            finish="stop",
        )

    def close(self) -> None:
        """Ends the writing; the file stays."""
        os.close(self._descriptor)


def median(values: list[float]) -> float:
    """The middle value."""
    return sorted(values)[len(values) // 2]


def high(values: list[float], share: float = 0.99) -> float:
    """The value that so large a share of all stays below."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]
