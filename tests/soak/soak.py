"""The soak itself: starts the writers and the daemon, kills the daemon, watches, and tells what it came to."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Final

from tests.bench.scene import ROOT, Player, Scene, high, median, scene
from tests.soak.story import KINDS, Plan, expected

if TYPE_CHECKING:
    from collections.abc import Iterator

WRITER: Final = Path(__file__).with_name("writer.py")
PLUGIN_WRITER: Final = Path(__file__).with_name("plugin_writer.ts")
RUN_BUN: Final = ("node", str(ROOT / "opencode_plugin" / "run.mjs"))
ENDINGS: Final = ("goodbye", "goodbye", "killed", "torn")
SAMPLE_S: Final = 0.25
PROBE_S: Final = 0.5
PATIENCE_S: Final = 120.0
MIB: Final = 1024 * 1024


@dataclass
class Soaked:
    """What was seen: ``memory`` is (seconds, MiB) of the daemon's last life, ``latencies_ms`` those of the probes."""

    writers: int
    messages: int
    plugins: int
    kills: int = 0
    load_s: float = 0.0
    settled_s: float = 0.0
    reads: int = 0
    memory: list[tuple[float, float]] = field(default_factory=list)
    latencies_ms: list[float] = field(default_factory=list)
    totals: dict[str, list[int]] = field(default_factory=dict)
    spool_files_left: list[str] = field(default_factory=list)
    quarantined: int = 0
    torn: int = 0
    verified: bool = False

    @property
    def largest_mib(self) -> float:
        """The daemon's memory at most, while it was seen."""
        return max(mib for _, mib in self.memory)

    @property
    def slope_mib(self) -> float:
        """How much the daemon grew in the second half of its last life: two means, the later less the earlier."""
        half = [mib for _, mib in self.memory[len(self.memory) // 2 :]]
        middle = len(half) // 2
        if middle == 0:
            return 0.0
        return sum(half[middle:]) / (len(half) - middle) - sum(half[:middle]) / middle

    def lines(self) -> Iterator[str]:
        """The figures, a line each."""
        sums = expected(self.writers, self.messages)
        tokens = sum(sum(row[:5]) for row in sums.values())
        verdict = "exact, by model and kind" if self.totals == sums else f"WRONG: {self.totals} for {sums}"
        yield f"{self.writers} writers ({self.plugins} the plugin itself), {self.messages:,} messages each: {verdict}"
        yield f"  {tokens:,} tokens; {self.kills} kills of the daemon; verify {'agrees' if self.verified else 'FAILS'}"
        yield f"  written in {self.load_s:.0f} s, all published {self.settled_s:.1f} s after the last"
        yield f"  memory: at most {self.largest_mib:.1f} MiB, {self.slope_mib:+.2f} MiB in the second half of the load"
        if self.latencies_ms:
            middle, late = median(self.latencies_ms), high(self.latencies_ms)
            yield f"  message to stats.json under this load: median {middle:.0f} ms, p99 {late:.0f} ms"
        yield f"  {self.reads:,} readings of stats.json on the way, none torn, none older than one before"
        left = f"LEFT: {self.spool_files_left}" if self.spool_files_left else "no spool file is left"
        yield f"  {left}; {self.quarantined} half lines of {self.torn} torn writers in quarantine"


def soak(
    *, writers: int = 64, messages: int = 1_000, seconds: float = 0.0, kills: int = 5, plugins: int = 0, seed: int = 1
) -> Soaked:
    """Lets ``writers`` (an even number) work at once against a daemon that is killed so often, and gives what was seen.

    ``plugins`` of them are the real plugin in Bun.

    Raises:
        AssertionError: stats.json was torn, fell, or did not come to its end in time.
    """
    soaked = Soaked(writers, messages, plugins)
    rng = Random(seed)
    with scene() as on:
        on.paths.spool.mkdir(parents=True, mode=0o700)
        daemon = _Daemon(on)
        watcher = _Watcher(on, daemon, soaked)
        try:
            daemon.start()
            prober = Player(on)
            prober.write(type="conversation.seen", conversation="ses_bench", change="created", created_ms=1)
            began_s = time.monotonic()
            running = _start_writers(on, soaked, rng, seconds)
            watcher.start()
            _kill_now_and_then(daemon, soaked, running, rng, kills)
            _load(soaked, running, prober, watcher)
            soaked.load_s = time.monotonic() - began_s
            watcher.loaded.set()
            ended_s = time.monotonic()
            prober.close()
            _settle(on, soaked, watcher)
            soaked.settled_s = time.monotonic() - ended_s
            soaked.verified = on.run("verify").returncode == 0
        finally:
            watcher.stop()
            daemon.stop()
        assert not watcher.failures, watcher.failures
    return soaked


def _bun() -> str:
    """The Bun that the plugin's own tests run in; its process is then a writer itself, and not the child of one."""
    asked = subprocess.run([*RUN_BUN, "-e", "console.log(process.execPath)"], capture_output=True, check=True)
    return asked.stdout.decode().strip()


def _start_writers(on: Scene, soaked: Soaked, rng: Random, seconds: float) -> list[subprocess.Popen[bytes]]:
    base_ms = time.time_ns() // 1_000_000 - 10 * soaked.messages
    running = []
    bun = _bun() if soaked.plugins else ""
    for writer in range(soaked.writers):
        plugin = writer < soaked.plugins
        ending = ENDINGS[writer % 2 * 2] if plugin else ENDINGS[writer % len(ENDINGS)]
        soaked.torn += ending == "torn"
        pause_s = seconds / soaked.messages
        plan = Plan(str(on.paths.spool), str(on.paths.doorbell), writer, soaked.messages, base_ms, pause_s, ending)
        command = [bun, "run", str(PLUGIN_WRITER)] if plugin else [sys.executable, "-S", "-E", str(WRITER)]
        running.append(subprocess.Popen([*command, plan.as_json()], env=on.env, cwd=on.home))
    rng.shuffle(running)
    return running


def _kill_now_and_then(
    daemon: _Daemon, soaked: Soaked, running: list[subprocess.Popen[bytes]], rng: Random, kills: int
) -> None:
    """In the first part of the load; then the daemon lives on, and its memory is looked at."""
    while soaked.kills < kills and _alive(running):
        time.sleep(rng.uniform(0.05, 1.0))
        daemon.kill()
        soaked.kills += 1
        daemon.start()


def _load(soaked: Soaked, running: list[subprocess.Popen[bytes]], prober: Player, watcher: _Watcher) -> None:
    """Until all writers are gone, with a message of our own now and then, to see how long that takes."""
    probes = 0
    while _alive(running):
        probes += 1
        began_s = time.monotonic()
        prober.message(1)
        prober.ring()
        while watcher.probes < probes:
            assert time.monotonic() - began_s < PATIENCE_S, "a message under load was never published"
            assert watcher.is_alive(), watcher.failures
            time.sleep(0.001)
        soaked.latencies_ms.append((time.monotonic() - began_s) * 1000)
        time.sleep(PROBE_S)


def _alive(running: list[subprocess.Popen[bytes]]) -> bool:
    # Polled, so that nobody stays a zombie, which would count as alive.
    for process in running:
        code = process.poll()
        assert code in (None, 0, -signal.SIGKILL), f"a writer ended with {code}"
    return any(process.returncode is None for process in running)


def _settle(on: Scene, soaked: Soaked, watcher: _Watcher) -> None:
    """Until the daemon has taken in everything and removed what is finished with; then what it came to."""
    sums = expected(soaked.writers, soaked.messages)
    give_up_s = time.monotonic() + PATIENCE_S
    while True:
        on.run("import")
        document = on.stats()
        soaked.totals = {
            key.removeprefix("soak/"): [*(entry["tokens"][name] for name in _CAMEL), entry["messages"]]
            for key, entry in document["total"]["models"].items()
            if key.startswith("soak/")
        }
        # The probes' own file stays: its process is this one.
        names = [path.name for path in on.paths.spool.iterdir() if not path.name.startswith(f"{os.getpid()}-")]
        if (soaked.totals == sums and not names) or time.monotonic() > give_up_s:
            break
        time.sleep(0.2)
    soaked.spool_files_left = names
    soaked.quarantined = len(list(on.paths.quarantine.iterdir())) if on.paths.quarantine.exists() else 0


_CAMEL: Final = ("input", "output", "reasoning", "cacheRead", "cacheWrite")
assert len(_CAMEL) == len(KINDS)


class _Daemon:
    """The daemon's process, which comes back after each kill."""

    def __init__(self, on: Scene) -> None:
        self._on = on
        self._process: subprocess.Popen[bytes] | None = None
        self.since_s = 0.0

    @property
    def pid(self) -> int:
        return 0 if self._process is None else self._process.pid

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._on.command("daemon"), env=self._on.env, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        self.since_s = time.monotonic()

    def kill(self) -> None:
        assert self._process is not None
        assert self._process.poll() is None, "the daemon ended by itself"
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(30)


class _Watcher(threading.Thread):
    """Reads stats.json without a pause, and the daemon's memory now and then."""

    def __init__(self, on: Scene, daemon: _Daemon, soaked: Soaked) -> None:
        super().__init__(daemon=True)
        self._on, self._daemon, self._soaked = on, daemon, soaked
        self._ended = threading.Event()
        self.loaded = threading.Event()
        self.probes = 0
        self.failures: list[str] = []
        self._highest = 0
        self._seen: tuple[int, int] = (0, 0)
        self._life = 0

    def stop(self) -> None:
        self._ended.set()
        if self.is_alive():
            self.join()

    def run(self) -> None:
        sampled_s = 0.0
        while not self._ended.wait(0.003):
            try:
                self._read()
            except (ValueError, KeyError, AssertionError) as error:
                self.failures.append(repr(error)[:300])
                return
            if time.monotonic() - sampled_s > SAMPLE_S and not self.loaded.is_set():
                sampled_s = time.monotonic()
                self._sample()

    def _read(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            state = os.stat(self._on.paths.stats_file)
            if (state.st_ino, state.st_mtime_ns) == self._seen:
                return
            self._seen = (state.st_ino, state.st_mtime_ns)
            document: dict[str, Any] = json.loads(self._on.paths.stats_file.read_bytes())
            total = document["total"]["totalTokens"]
            assert total >= self._highest, f"{total} after {self._highest}"
            self._highest = total
            self._soaked.reads += 1
            self.probes = sum(
                entry["messages"] for key, entry in document["total"]["models"].items() if key.startswith("mock/")
            )

    def _sample(self) -> None:
        if self._daemon.pid != self._life:
            self._life = self._daemon.pid
            self._soaked.memory.clear()
        with contextlib.suppress(OSError, StopIteration):
            status = Path(f"/proc/{self._life}/status").read_text()
            kib = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))
            self._soaked.memory.append((time.monotonic() - self._daemon.since_s, kib * 1024 / MIB))
