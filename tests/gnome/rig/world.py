"""A home with a real exporter at work, and OpenCodes that are played by what they write into the spool."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.e2e.rig.exporter import Exporter, published
from tests.e2e.rig.home import Home
from tests.e2e.rig.processes import eventually
from tests.support.script import Script

from opencode_stats.contract.stats_document import FileVersion, encode_digest
from opencode_stats.core.events import ProcessKey

if TYPE_CHECKING:
    from collections.abc import Iterator

TURN_MS: Final = 60_000
"""How long a played turn has lasted when it ends: longer than the least that is announced."""


@dataclass
class Played:
    """One OpenCode whose process is real and whose words are ours."""

    script: Script
    spool: Path
    doorbell: Path
    written: int = 0

    def write(self) -> None:
        """Append to the spool what the script has told since the last time, as the plugin does."""
        new = b"".join(self.script.raw_lines[self.written :])
        self.written = len(self.script.lines)
        with open(self.spool / self.script.file_name, "ab", opener=_private) as file:
            file.write(new)
        with contextlib.suppress(OSError):  # nobody listens: the exporter finds it when it starts
            bell = os.open(self.doorbell, os.O_WRONLY | os.O_NONBLOCK)
            os.write(bell, b"\n")
            os.close(bell)

    def now(self) -> Script:
        """The script, at this moment."""
        self.script.at_ms = max(self.script.at_ms, time.time_ns() // 1_000_000)
        return self.script

    def turn(self, conversation: str, **tokens: Any) -> None:  # noqa: ANN401 - as Script.answer
        """A prompt some time ago, answered and finished now."""
        self.script.at_ms = min(self.script.at_ms, time.time_ns() // 1_000_000 - TURN_MS)
        self.script.prompt(conversation).busy(conversation)
        self.now().answer(conversation, directory="/home/rig/work/shop", **tokens).idle(conversation)
        self.write()


@dataclass
class World:
    """A home; ``exporter`` is its opencode-stats."""

    home: Home
    exporter: Exporter
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def published(self) -> dict[str, Any]:
        """stats.json as a reader finds it now."""
        return published(self.home)

    @property
    def daily_tokens(self) -> int:
        """Today's tokens as they are published; 0 before there is a file."""
        try:
            return int(self.published["daily"]["totalTokens"])
        except FileNotFoundError:
            return 0

    def opencode(self, directory: str = "/home/rig/work/shop", *, pid: int | None = None) -> Played:
        """An OpenCode that has just started; its process is ``pid``, or one of its own."""
        if pid is None:
            self.processes.append(subprocess.Popen(["sleep", "3600"]))
            pid = self.processes[-1].pid
        script = Script(pid=pid, at_ms=time.time_ns() // 1_000_000 - 2 * TURN_MS)
        script.key = key_of(pid)
        script.started(host_version="1.18.33").opened(directory)
        self.home.spool.mkdir(parents=True, exist_ok=True, mode=0o700)
        played = Played(script, self.home.spool, self.home.state / "doorbell")
        played.write()
        return played

    def put(self, content: str | bytes | dict[str, Any]) -> float:
        """Replace stats.json atomically, without the exporter; gives when, on the monotonic clock, in ms."""
        if isinstance(content, dict):
            content = json.dumps(content)
        data = content.encode() if isinstance(content, str) else content
        beside = self.home.root / "putting"
        beside.write_bytes(data)
        self.home.stats_file.parent.mkdir(parents=True, exist_ok=True)
        at_ms = time.monotonic_ns() / 1e6
        os.rename(beside, self.home.stats_file)
        return at_ms

    def stamp(self, *, digest: bool = True) -> None:
        """Replace the exporter's stamp, as it does after each publishing of a whole document.

        Without a ``digest`` it says nothing but that, as another writer's may.
        """
        folder = self.home.state / "stamp"
        folder.mkdir(parents=True, exist_ok=True)
        content = b""
        if digest:
            found = self.home.stats_file.stat()
            version = FileVersion(found.st_ino, found.st_size, found.st_mtime_ns // 1000)
            content = encode_digest(self.published, version)
        beside = self.home.root / "stamping"
        beside.write_bytes(content)
        os.rename(beside, folder / "published")

    def wait_published(self, tokens: int) -> None:
        """Until today's figure is this."""
        eventually(lambda: self.daily_tokens == tokens, what=f"{tokens} tokens in stats.json")


@contextlib.contextmanager
def world() -> Iterator[World]:
    """A fresh home while the context lasts; nothing runs in it."""
    with tempfile.TemporaryDirectory(prefix="oc-", ignore_cleanup_errors=True) as folder:
        home = Home(Path(folder), Path("/nonexistent"))
        for place in (home.user, home.logs, home.root / "tmp", home.root / "bin"):
            place.mkdir(parents=True)
        (home.root / "runtime").mkdir(mode=0o700)
        made = World(home, Exporter(home))
        try:
            yield made
        finally:
            for process in made.processes:
                process.kill()
                process.wait()


def key_of(pid: int) -> ProcessKey:
    """What tells this process from every other, as the plugin finds it out."""
    ticks = int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19])
    namespace = os.readlink(f"/proc/{pid}/ns/pid").strip("pid:[]")
    return ProcessKey(pid, Path("/proc/sys/kernel/random/boot_id").read_text().strip(), namespace, ticks)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
