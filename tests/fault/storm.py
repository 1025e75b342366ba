"""A daemon that is killed (SIGKILL) again and again while events stream in and readers hammer stats.json.

Everything is real: the daemon's process, the processes that write, the files. What must hold: every read is whole and
none is older than one before; in the end every token is counted once.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import subprocess
import time
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tests.support.script import Script
from tests.unit.daemon.household import COMMAND, PATIENCE_S, Household, living_key, until

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from multiprocessing.process import BaseProcess
    from multiprocessing.sharedctypes import SynchronizedArray
    from pathlib import Path

_FORK: Final = multiprocessing.get_context("fork")
WRITERS: Final = 3
READERS: Final = 2
LONGEST_WAIT_S: Final = 120.0
"""On a machine that has other work; only a storm that fails waits so long."""
LONGEST_START_S: Final = 0.6
LONGEST_WORK_S: Final = 0.4
"""Half of the kills come while the daemon starts, counted from its start, and half while it works, from its first
publishing."""
READS_AT_ONCE: Final = 500
REST_S: Final = 0.01
"""Between so many reads: the readers must not have the machine for themselves."""


@dataclass(frozen=True)
class Weathered:
    """What was done, and what was seen: ``wrong`` is empty where all was well."""

    kills: int
    kills_at_work: int
    messages: int
    tokens: int
    reads: int
    versions: int
    seconds: float
    wrong: list[str]


def storm(home: Path, *, kills: int, seconds: float, seed: int) -> Weathered:
    """Kills the daemon so often, or for so long, whichever is over first; then lets it finish, and looks."""
    rng = random.Random(seed)
    household = Household(home)
    began_s = time.monotonic()
    counts: Counter[str] = Counter()
    with _readers(household) as reading:
        with _writers(household, rng) as written:
            while counts["kills"] < kills and time.monotonic() - began_s < seconds and not reading.troubles():
                counts["at work"] += _killed(household, rng)
                counts["kills"] += 1
        tokens, messages = sum(written[0::2]), sum(written[1::2])
        with household.daemon() as last:
            # Those that wrote have all ended, so every file goes when it was read.
            until(lambda: not list(household.paths.spool.iterdir()), "the last spool file's end", LONGEST_WAIT_S)
            wrong = [] if last.end() == 0 else ["the last daemon did not end well"]
        until(lambda: reading.fresh(household), "the last version's readers", LONGEST_WAIT_S)
    wrong += reading.wrong + _differences(household, tokens, messages)
    return Weathered(
        counts["kills"], counts["at work"], messages, tokens, reading.reads, reading.versions,
        time.monotonic() - began_s, wrong,
    )  # fmt: skip


def _killed(household: Household, rng: random.Random) -> bool:
    """Starts a daemon and kills it; whether it had published by then."""
    with subprocess.Popen([*COMMAND, "daemon"], env=household.environment, stderr=subprocess.DEVNULL) as daemon:
        try:
            if rng.random() < 0.5:
                time.sleep(rng.uniform(0, LONGEST_START_S))
            else:
                # One that ended by itself is told below.
                until(
                    lambda: daemon.poll() is not None or _has_published(household, daemon.pid),
                    "the first publishing",
                    LONGEST_WAIT_S,
                )
                time.sleep(rng.uniform(0, LONGEST_WORK_S))
        finally:
            daemon.kill()
    assert daemon.returncode == -signal.SIGKILL, f"it ended by itself: {daemon.returncode}"
    return _has_published(household, daemon.pid)


def _has_published(household: Household, pid: int) -> bool:
    try:
        return bool(household.stats["exporter"]["pid"] == pid)
    except (FileNotFoundError, ValueError):
        # Whether it is whole is the readers' to judge.
        return False


def _differences(household: Household, tokens: int, messages: int) -> list[str]:
    wrong = []
    total = household.stats["total"]
    for name, counted, told in (("tokens", total["totalTokens"], tokens), ("messages", total["messages"], messages)):
        if counted != told:
            wrong.append(f"{name}: {counted} counted, {told} told")
    if total["tokens"]["input"] != tokens:
        wrong.append("another kind of token")
    verified = household.call("verify")
    if verified.returncode:
        wrong.append(f"verify: {verified.stdout}{verified.stderr}")
    wrong += [f"left behind: {path}" for path in household.home.rglob("*.tmp")]
    if household.paths.quarantine.exists():
        wrong.append("something came into quarantine")
    return wrong


@contextmanager
def _writers(household: Household, rng: random.Random) -> Iterator[SynchronizedArray[int]]:
    """Writers for the block, that take turns: each lives some seconds. Tokens and messages told, of each in turn."""
    written: SynchronizedArray[int] = _FORK.Array("q", 2 * WRITERS)
    stop = _FORK.Event()
    household.paths.spool.mkdir(parents=True, mode=0o700)
    crews = [
        _FORK.Process(target=_crew, args=(household, rng.randrange(2**32), number, written, stop))
        for number in range(WRITERS)
    ]
    for crew in crews:
        crew.start()
    try:
        yield written
    finally:
        stop.set()
        for crew in crews:
            crew.join()


def _crew(household: Household, seed: int, number: int, written: Any, stop: Any) -> None:  # noqa: ANN401 - shared ones
    """One writer after the other, each a process of its own, as OpenCode is."""
    rng = random.Random(seed)
    while not stop.is_set():
        one = _FORK.Process(target=_write, args=(household, rng.randrange(2**32), number, written, stop))
        one.start()
        one.join()


def _write(household: Household, seed: int, number: int, written: Any, stop: Any) -> None:  # noqa: ANN401 - the same
    rng = random.Random(seed)
    pid = os.getpid()
    key = living_key(pid)
    # Writers that start in the same millisecond would make the same ids, as OpenCodes don't, whose tails are random.
    script = Script(pid=pid, at_ms=time.time_ns() // 1_000_000, tail=f"{pid:07}{rng.randrange(10**7):07}")
    script.key = key
    conversation = f"ses_{pid}_{script.key.start_ticks}"
    script.started().conversation(conversation)
    spool = os.open(household.paths.spool / script.file_name, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    ends_s = time.monotonic() + rng.uniform(0.5, 15)
    while not stop.is_set() and time.monotonic() < ends_s:
        tokens = rng.randrange(1, 10_000)
        script.prompt(conversation).busy(conversation).answer(conversation, input=tokens).idle(conversation)
        for line in script.raw_lines:
            cut = rng.randrange(len(line)) if rng.random() < 0.1 else len(line)  # one in ten
            for piece in (line[:cut], line[cut:]):
                os.write(spool, piece)
            with suppress(OSError):
                household.ring()
        script.lines.clear()
        script.messages.clear()
        script.prompts.clear()
        with written.get_lock():
            written[2 * number] += tokens
            written[2 * number + 1] += 1
        time.sleep(rng.uniform(0, 0.04))


class Reading:
    """What the readers have seen so far."""

    def __init__(self) -> None:
        self.counts: SynchronizedArray[int] = _FORK.Array("q", 3 * READERS)
        self.told = _FORK.SimpleQueue()
        self.wrong: list[str] = []

    @property
    def reads(self) -> int:
        return sum(self.counts[0::3])

    @property
    def versions(self) -> int:
        """Different files seen, by the reader that saw most."""
        return max(self.counts[1::3])

    def troubles(self) -> list[str]:
        """What was wrong so far; who saw it has stopped."""
        while not self.told.empty():
            self.wrong.append(self.told.get())
        return self.wrong

    def fresh(self, household: Household) -> bool:
        """Whether every reader has seen what is there now, or has stopped because something was wrong."""
        now = int(household.stats["exporter"]["generatedAt"])
        return bool(self.troubles()) or all(seen == now for seen in self.counts[2::3])


@contextmanager
def _readers(household: Household) -> Iterator[Reading]:
    reading = Reading()
    readers = [
        _FORK.Process(target=_read, args=(household.paths.stats_file, number, reading)) for number in range(READERS)
    ]
    with _running(readers):
        yield reading


def _read(path: Path, number: int, reading: Reading) -> None:
    """Reads for ever; a file that is the very same as the last one is as whole as that."""
    last, seen = b"", None
    while True:
        for _ in range(READS_AT_ONCE):
            try:
                descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                if seen is not None:
                    reading.told.put("stats.json was there, and was gone")
                    return
                time.sleep(REST_S)
                continue
            content = os.pread(descriptor, 1 << 20, 0)
            os.close(descriptor)
            if content != last:
                try:
                    document = json.loads(content)
                    trouble = _older(seen, document)
                except (ValueError, KeyError, TypeError) as error:
                    trouble = f"torn ({error}): {content!r}"
                if trouble:
                    reading.told.put(trouble)
                    return
                last, seen = content, document
                reading.counts[3 * number + 1] += 1
                reading.counts[3 * number + 2] = seen["exporter"]["generatedAt"]
            reading.counts[3 * number] += 1
        time.sleep(REST_S)


def _older(before: dict[str, Any] | None, after: dict[str, Any]) -> str:
    """What of a later file is older than an earlier one; empty where nothing is."""
    if before is None:
        return ""
    if after["exporter"]["generatedAt"] < before["exporter"]["generatedAt"]:
        return "generatedAt went back"
    falls = [name for name in ("totalTokens", "messages") if after["total"][name] < before["total"][name]]
    return f"total.{falls[0]} fell" if falls else ""


@contextmanager
def _running(processes: Sequence[BaseProcess]) -> Iterator[None]:
    """Started before the block, gone after it."""
    for process in processes:
        process.start()
    try:
        yield
    finally:
        for process in processes:
            process.terminate()
            process.join(PATIENCE_S)
