"""Programs that always end: started in a session of their own, with their output in files."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

Value = TypeVar("Value")
_LOOK_S = 0.02
_GRACE_S = 8.0
"""A program gets this long to end by itself after SIGTERM; the TUI gives its worker five seconds."""


@dataclass(frozen=True, slots=True)
class Done:
    """A program that ended; ``duration_s`` is its whole life."""

    returncode: int
    stdout: str
    stderr: str
    duration_s: float


class Started:
    """A running program."""

    def __init__(self, process: subprocess.Popen[bytes], output: Path, errors: Path) -> None:
        self.process = process
        self._output = output
        self._errors = errors
        self._since = time.monotonic()

    @property
    def pid(self) -> int:
        """Its process id, also of its process group."""
        return self.process.pid

    @property
    def running(self) -> bool:
        """Whether it is still there."""
        return self.process.poll() is None

    @property
    def stdout(self) -> str:
        """What it wrote so far."""
        return self._output.read_text(errors="replace")

    @property
    def stderr(self) -> str:
        """What it wrote to its error stream so far."""
        return self._errors.read_text(errors="replace")

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def wait(self, timeout_s: float = 60.0) -> Done:
        """Wait for its end.

        Raises:
            TimeoutError: it goes on.
        """
        try:
            code = self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"still running after {timeout_s} s: {self.stdout}\n{self.stderr}") from None
        return Done(code, self.stdout, self.stderr, time.monotonic() - self._since)

    def end(self) -> None:
        """End it and what it started: SIGTERM to the program, then SIGKILL to its whole group."""
        if self.running:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(_GRACE_S)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()


@contextlib.contextmanager
def started(
    command: Sequence[str], *, directory: Path, environment: Mapping[str, str], logs: Path
) -> Iterator[Started]:
    """Run a program while the context lasts; standard input is empty."""
    number = len(list(logs.iterdir())) // 2
    output, errors = (logs / f"{number:03}-{os.path.basename(command[0])}.{kind}" for kind in ("out", "err"))
    with output.open("wb") as out, errors.open("wb") as err:
        process = subprocess.Popen(
            command,
            cwd=directory,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
    program = Started(process, output, errors)
    try:
        yield program
    finally:
        program.end()


def eventually(check: Callable[[], Value], *, timeout_s: float = 20.0, what: str = "it") -> Value:
    """The first true value of ``check``, asked again and again.

    An ``AssertionError`` of the check counts as "not yet".

    Raises:
        AssertionError: it did not come true in time; says what the last value was.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        last: object
        try:
            value = check()
        except AssertionError as error:
            last = error
        else:
            if value:
                return value
            last = value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come true in {timeout_s} s; last: {last}")
        time.sleep(_LOOK_S)
