"""A scratch home where the real command line and a real daemon work, with real processes in OpenCode's place."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from tests.support.script import Script

from opencode_stats.core.events import ProcessKey
from opencode_stats.host.files import own_folder
from opencode_stats.host.paths import Paths
from opencode_stats.host.processes import Processes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

SOURCES = Path(__file__).parents[3] / "exporter"
COMMAND = (sys.executable, "-m", "opencode_stats")
PATIENCE_S = 60.0
"""Only a test that fails waits so long."""


def until(seen: Callable[[], object], what: str, patience_s: float = PATIENCE_S) -> float:
    """Waits for it, and gives how many seconds that took."""
    began_s = time.monotonic()
    while not seen():
        assert time.monotonic() - began_s < patience_s, f"not within {patience_s} s: {what}"
        time.sleep(0.002)
    return time.monotonic() - began_s


@dataclass
class Daemon:
    """A daemon's process, and what it tells the service manager."""

    process: subprocess.Popen[str]
    manager: socket.socket
    lines: list[str] = field(default_factory=list)

    @property
    def log(self) -> str:
        """What it has logged so far."""
        return "".join(self.lines)

    def tells(self) -> str:
        """The next word to the service manager."""
        return self.manager.recv(100).decode()

    def end(self, number: int = signal.SIGTERM) -> int:
        """Sends the signal, and gives the exit code when all of the log is there."""
        self.process.send_signal(number)
        return self.ends()

    def ends(self) -> int:
        """Waits for its end, and gives the exit code when all of the log is there."""
        code = self.process.wait(PATIENCE_S)
        until(lambda: self.process.stderr is None or self.process.stderr.closed, "the end of its log")
        return code

    @property
    def cpu_ticks(self) -> int:
        """The processor time that it has used, in clock ticks (proc(5): utime and stime)."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])


@dataclass
class OpenCode:
    """A real process that does nothing, and the story that its plugin would tell."""

    process: subprocess.Popen[bytes]
    script: Script
    told: int = 0

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(PATIENCE_S)


@dataclass(frozen=True)
class Household:
    """A home and the command line in it; ``extra`` goes into the environment, ``prefix`` before every command."""

    home: Path
    extra: Mapping[str, str] = field(default_factory=dict)
    prefix: tuple[str, ...] = ()

    @property
    def environment(self) -> dict[str, str]:
        kept = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCES), "HOME": str(self.home)}
        return {**kept, "TZ": "UTC", "LC_ALL": "C.UTF-8", "TMPDIR": str(self.home / "tmp"), **self.extra}

    @property
    def paths(self) -> Paths:
        return Paths.of(self.environment, self.home)

    @property
    def stats(self) -> dict[str, Any]:
        """stats.json as a reader finds it."""
        document: dict[str, Any] = json.loads(self.paths.stats_file.read_bytes())
        return document

    @property
    def tokens(self) -> int:
        return int(self.stats["total"]["totalTokens"])

    def call(self, *arguments: str, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
        """Runs a command to its end."""
        return subprocess.run(
            [*self.prefix, *COMMAND, *arguments],
            env={**self.environment, **env},
            cwd=cwd,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )

    def write(self, script: Script, since: int = 0) -> None:
        """Appends a script's lines, those from ``since`` on, without ringing."""
        own_folder(self.paths.spool)
        path = self.paths.spool / script.file_name
        path.touch(0o600)
        with open(path, "ab") as file:
            file.write(b"".join(script.raw_lines[since:]))

    def tell(self, opencode: OpenCode) -> None:
        """Writes what its script has more than was told."""
        self.write(opencode.script, opencode.told)
        opencode.told = len(opencode.script.lines)

    def ring(self) -> None:
        descriptor = os.open(self.paths.doorbell, os.O_WRONLY | os.O_NONBLOCK)
        os.write(descriptor, b"b")
        os.close(descriptor)

    @contextmanager
    def opencode(self) -> Iterator[OpenCode]:
        """A living process with a spool file that says that it started."""
        with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
            try:
                script = Script(pid=process.pid, at_ms=time.time_ns() // 1_000_000 - 10_000)
                script.key = living_key(process.pid)
                one = OpenCode(process, script.started())
                self.tell(one)
                yield one
            finally:
                process.kill()

    @contextmanager
    def daemon(self, *arguments: str, ready: bool = True, umask: int = -1) -> Iterator[Daemon]:
        """A daemon, that has said that it is ready unless ``ready`` is False; it is gone at the end."""
        address = f"opencode-stats-{uuid.uuid4()}"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(f"\0{address}")
            manager.settimeout(PATIENCE_S)
            process = subprocess.Popen(
                [*self.prefix, *COMMAND, "daemon", *arguments],
                env=self.environment | {"NOTIFY_SOCKET": f"@{address}"},
                stderr=subprocess.PIPE,
                text=True,
                umask=umask,
            )
            one = Daemon(process, manager)
            reader = threading.Thread(target=_read, args=(process.stderr, one.lines))
            reader.start()
            try:
                if ready:
                    assert one.tells() == "READY=1", one.log
                yield one
            finally:
                process.kill()
                process.wait(PATIENCE_S)
                reader.join()


def _read(stream: IO[str] | None, lines: list[str]) -> None:
    assert stream is not None
    with stream:
        for line in stream:
            lines.append(line)  # noqa: PERF402 - line by line: a test reads along


def living_key(pid: int) -> ProcessKey:
    """The key by which the daemon finds this process alive."""
    boot_id = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    namespace = str(os.stat("/proc/self/ns/pid").st_ino)
    return ProcessKey(pid, boot_id, namespace, Processes().start_ticks(pid))
