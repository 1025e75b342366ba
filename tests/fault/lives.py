"""An exporter's lives: what the daemon and the service manager do when a call fails, or after a kill."""

from __future__ import annotations

import json
import mmap
import os
import signal
import sys
import traceback
from contextlib import closing
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final
from unittest import mock

from tests.fault.calls import KILL, Calls
from tests.fault.world import ACTS, World
from tests.support.clock import NOON_MS
from tests.support.hosts import ME

from opencode_stats.daemon.exporter import Exporter, refresh
from opencode_stats.errors import LedgerError, UserError
from opencode_stats.ingest.host_files import take_host_file
from opencode_stats.ledger import bulk
from opencode_stats.ledger.connection import LedgerUnavailable, LedgerUnreadable, open_beside, open_reader
from opencode_stats.ledger.foreign import become_host
from opencode_stats.ledger.queries import quarantined
from opencode_stats.ledger.transactions import transaction
from opencode_stats.ledger.verify import verify
from opencode_stats.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fault.calls import Fault


ATTEMPTS: Final = 4
ACT_MS: Final = 10_000
LIFE_MS: Final = 1_000
"""Every life begins so much later, so that its clock is ahead of the last one's."""


class Reader:
    """Whoever looks at stats.json: what it sees is whole, and never less than it saw before."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._bytes = b""
        self._seen: dict[str, Any] | None = None
        self.looks = 0

    def __call__(self) -> None:
        self.looks += 1
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            assert self._seen is None, "stats.json was there, and is gone"
            return
        try:
            content = os.pread(descriptor, 1 << 20, 0)
        finally:
            os.close(descriptor)
        if content == self._bytes:
            return
        try:
            document = json.loads(content)
        except ValueError:
            raise AssertionError(f"torn: {content!r}") from None
        before = self._seen
        if before is not None:
            assert document["exporter"]["generatedAt"] >= before["exporter"]["generatedAt"], "older"
            assert document["total"]["totalTokens"] >= before["total"]["totalTokens"], "less"
            for model, figures in before["total"]["models"].items():
                assert document["total"]["models"][model]["messages"] >= figures["messages"], f"less of {model}"
        self._bytes, self._seen = content, document


class Life:
    """One process's life from an act on, until the end of the story."""

    def __init__(self, world: World, calls: Calls, number: int) -> None:
        self._world = world
        self._calls = calls
        self._number = number
        self._ms = 0
        self._exporter: Exporter | None = None

    def now_ms(self) -> int:
        """The wall clock; it never stands still."""
        self._ms += 1
        return NOON_MS + self._ms

    def elapsed_s(self) -> float:
        """The steady clock."""
        return self._ms / 1000

    def live(self, act: int, begun: Any = None, *, resumed: bool = False) -> None:  # noqa: ANN401 - shared memory
        """Does the rounds of this act and all later ones; ``begun`` is told of each whose world is ready."""
        # The story's first import goes the way of a large one, its later ones that of small ones.
        with self._calls.sqlite(), mock.patch.object(bulk, "MANY", 2):
            try:
                for number in range(act, ACTS):
                    if number == ACTS - 1:
                        self._end()
                    if not resumed or number > act:
                        self._world.go_on(number)
                    if begun is not None:
                        begun[0] = number
                    self._ms = ACT_MS * number + LIFE_MS * self._number
                    self._round()
            finally:
                self._end()
        self._calls.settle()

    def _round(self) -> None:
        """One round, and what happens where it fails: the daemon tries again, the service manager starts it again."""
        for attempt in range(ATTEMPTS):
            self._calls.healed = attempt > 1
            self._calls.armed = True
            try:
                if self._exporter is None:
                    self._exporter = self._started()
                elif attempt:
                    self._exporter.reopen()
                refresh(self._exporter)
                self._take_other_host()
            except (OSError, LedgerUnavailable):
                assert self._exporter is not None, "a start fails with a sentence"
            except (UserError, LedgerError):
                self._end()
            else:
                return
            finally:
                self._calls.armed = False
        raise AssertionError("it did not come right")

    def _take_other_host(self) -> None:
        """What ``import --ledger`` does, beside the exporter that writes the ledger."""
        path = self._world.host_file
        if not path.exists():
            return
        try:
            with closing(open_beside(self._world.paths.ledger, self._calls.factory)) as ledger:
                with transaction(ledger):
                    become_host(ledger, ME, "me")
                take_host_file(ledger, str(path))
        except LedgerUnreadable as error:
            # A read that failed may look like damage to SQLite; the command says so and ends, and is called again.
            raise LedgerError(str(error)) from error

    def _started(self) -> Exporter:
        return Exporter(
            self._world.paths,
            version="0.1.0",
            clock=self,
            zone=lambda: UTC,
            processes=self._world.processes,
            databases=lambda: [self._world.database],
            daemon_pid=1,
            settings=Settings(workspace_stats=True),
            files=self._calls.files,
            factory=self._calls.factory,
        )

    def _end(self) -> None:
        """The process ends by itself, and closes what it has."""
        self._calls.armed = True
        if self._exporter is not None:
            self._exporter.close()
        self._exporter = None
        self._calls.armed = False


def undisturbed(home: Path) -> tuple[World, Calls]:
    """The story without a fault: what it comes to, and how many calls of each layer it takes."""
    world = World(home)
    calls = Calls(None, Reader(world.paths.stats_file))
    Life(world, calls, 0).live(0)
    return world, calls


def disturbed(home: Path, *faults: Fault) -> World:
    """The story with a fault in each life, and a last start after it; what a reader saw meanwhile was right.

    Of several faults each but the last is a kill; the first of them is met for certain.
    """
    world = World(home)
    reader = Reader(world.paths.stats_file)
    act, lives = 0, 0
    for fault in faults:
        if act == ACTS:
            break
        if fault.deed == KILL:
            act = _killed(world, fault, reader, act, lives)
        else:
            calls = Calls(fault, reader)
            Life(world, calls, lives).live(act, resumed=lives > 0)
            assert calls.files.descriptors == {}, "left open"
            act = ACTS
        lives += 1
    if act < ACTS:
        Life(world, Calls(None, reader), lives).live(act, resumed=True)
    world.say_who_is_gone(ACTS)
    Life(world, Calls(None, reader), lives + 1).live(ACTS - 1, resumed=True)
    reader()
    return world


def findings(world: World) -> list[str]:
    """What is wrong in the end beside the figures: the ledger's sums, the quarantine's rows."""
    with closing(open_reader(world.paths.ledger)) as ledger:
        return [*verify(ledger), *(f"{lines} lines: {reason}" for reason, lines in quarantined(ledger) if lines != 1)]


def _killed(world: World, fault: Fault, reader: Reader, act: int, lives: int) -> int:
    """Lets a child live from this act on until it is killed at the fault's call, and gives the act in which that was.

    All of them where a later life ended before it made so many calls.
    """
    sys.stdout.flush()
    with closing(mmap.mmap(-1, 1)) as begun:
        begun[0] = act
        child = os.fork()
        if child == 0:
            try:
                Life(world, Calls(fault, reader), lives).live(act, begun, resumed=lives > 0)
            except BaseException:  # noqa: BLE001 - whatever it is: it must not come back as a second test runner
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if lives > 0 and status == 0:
            return ACTS
        assert os.WIFSIGNALED(status), f"not killed: {status}"
        assert os.WTERMSIG(status) == signal.SIGKILL
        world.say_who_is_gone(begun[0])
        return begun[0]
