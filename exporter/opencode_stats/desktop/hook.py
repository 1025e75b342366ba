"""The user's own command for each thing that is told: one at a time, not too often, and never through a shell.

What is told goes into the command's environment and, as JSON, to its standard input; nothing of it is ever a word of a
command line. Under systemd the command is started by the user's service manager (systemd-run(1)): the exporter's
service may not use the network, and its children neither.
"""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import shutil
import signal
import subprocess
import threading
from typing import TYPE_CHECKING, Any, Final

from opencode_stats.core.notices import visible
from opencode_stats.core.stats import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from opencode_stats.core.notices import Notice
    from opencode_stats.host.clock import Clock

logger = logging.getLogger(__name__)

TIMEOUT_S: Final = 30.0
AT_ONCE: Final = 5
EVERY_S: Final = 10.0
"""So many commands may be started at once, and after that one in so long."""
TOLD_FOR_MS: Final = 60 * 60 * 1000
ENDS_S: Final = 3.0
_PREFIX: Final = "OPENCODE_STATS_"


def fields_of(notice: Notice) -> dict[str, Any]:
    """What the command gets on its standard input; names are as they are, ``title`` and ``body`` made visible."""
    item = notice.item
    return {
        "id": item.id,
        "kind": item.kind,
        "title": notice.title,
        "body": notice.body,
        "folder": item.workspace,
        "turnMs": item.turn_ms,
        "limit": item.limit,
        "runId": item.run_id,
        "pids": list(item.pids),
        "atMs": item.at_ms,
    }


def environment_of(notice: Notice) -> dict[str, str]:
    """The same as environment variables; what is null is empty, and no value has what a terminal would obey."""
    words = {
        "ID": notice.item.id,
        "KIND": notice.item.kind,
        "TITLE": notice.title,
        "BODY": notice.body,
        "FOLDER": notice.item.workspace or "",
        "TURN_MS": "" if notice.item.turn_ms is None else str(notice.item.turn_ms),
        "LIMIT": notice.item.limit or "",
        "RUN_ID": notice.item.run_id,
        "PIDS": " ".join(map(str, notice.item.pids)),
        "AT_MS": str(notice.item.at_ms),
    }
    return {_PREFIX + name: visible(value) for name, value in words.items()}


def command_line(
    command: Sequence[str], env: Mapping[str, str], names: Sequence[str], timeout_s: float, manager: str | None
) -> list[str]:
    """The words to start: the command itself, or under systemd what has the user's service manager start it.

    Args:
        command: the user's.
        env: ours; systemd sets ``INVOCATION_ID`` for what it started (systemd.exec(5)).
        names: the variables to hand over; their values stay out of the command line, which everybody may read.
        timeout_s: how long it may take; whom the manager started is not ours to kill.
        manager: the path of systemd-run, None where there is none.
    """
    if manager is None or not env.get("INVOCATION_ID"):
        return list(command)
    # systemd would put variables in for `$NAME` in the words.
    words = [word.replace("$", "$$") for word in command]
    handed = [f"--setenv={name}" for name in names]
    ends = f"--property=RuntimeMaxSec={timeout_s:g}"
    return [manager, "--user", "--quiet", "--collect", "--wait", "--pipe", ends, *handed, "--", *words]


class Hook:
    """Runs a command of the user's; ``name`` is the setting that has it, ``woken`` is called when it failed anew."""

    def __init__(
        self,
        name: str,
        env: Mapping[str, str],
        clock: Clock,
        woken: Callable[[], None],
        *,
        timeout_s: float = TIMEOUT_S,
        every_s: float = EVERY_S,
        manager: str | None = None,
    ) -> None:
        self._name = name
        self._env = env
        self._clock = clock
        self._woken = woken
        self._timeout_s = timeout_s
        self._every_s = every_s
        self._manager = manager or shutil.which("systemd-run")
        self._allowance = float(AT_ONCE)
        self._counted_s = clock.elapsed_s()
        self._waiting: dict[str, tuple[Sequence[str], Notice, Mapping[str, str]]] = {}
        self._turn = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._trouble = ""
        self._failed_ms = 0

    def run(self, command: Sequence[str], notices: Sequence[Notice], extra: Mapping[str, str] | None = None) -> None:
        """Has the command run for each; of what waits for its turn, the newest of a subject takes the older's place."""
        with self._turn:
            for notice in notices:
                self._waiting.pop(notice.subject, None)
                self._waiting[notice.subject] = (command, notice, extra or {})
            if self._waiting and self._thread is None:
                self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
                self._thread.start()

    def problems(self, now_ms: int) -> tuple[Problem, ...]:
        """That it failed, for an hour or until it succeeds."""
        if not self._trouble or now_ms - self._failed_ms >= TOLD_FOR_MS:
            return ()
        return (
            Problem(
                "hook", f"The command of {self._name} in the settings failed: {self._trouble}. The figures are right."
            ),
        )

    def end(self) -> None:
        """Runs nothing more; what runs is waited for a little, and then killed."""
        self._stop.set()
        with self._turn:
            thread = self._thread
        if thread is None:
            return
        thread.join(ENDS_S)
        process = self._process
        if process is not None:
            _kill(process)
        thread.join(ENDS_S)

    def _work(self) -> None:
        while True:
            with self._turn:
                subject = next(iter(self._waiting), None)
                if subject is None or self._stop.is_set():
                    self._thread = None
                    return
            if self._stop.wait(self._pause_s()):
                continue
            with self._turn:
                command, notice, extra = self._waiting.pop(subject)
            trouble = self._once(command, notice, extra)
            news = bool(trouble) or bool(self._trouble)
            self._trouble, self._failed_ms = trouble, self._clock.now_ms()
            if trouble:
                logger.warning("hook.failed setting=%s reason=%s", self._name, trouble)
            if news and not self._stop.is_set():
                self._woken()

    def _pause_s(self) -> float:
        """How long to wait before the next one; counts that one."""
        now_s = self._clock.elapsed_s()
        self._allowance = min(AT_ONCE, self._allowance + (now_s - self._counted_s) / self._every_s)
        self._counted_s = now_s
        self._allowance -= 1
        return max(0.0, -self._allowance * self._every_s)

    def _once(self, command: Sequence[str], notice: Notice, extra: Mapping[str, str]) -> str:
        """Why it failed; empty where it did not."""
        told = {**environment_of(notice), **extra}
        words = command_line(command, self._env, [*told], self._timeout_s, self._manager)
        if words != [*command] and shutil.which(command[0], path=self._env.get("PATH")) is None:
            # systemd-run has no exit status of its own for that.
            return os.strerror(errno.ENOENT)
        home = self._env.get("HOME", "")
        try:
            process = subprocess.Popen(  # noqa: S603 - the user's own command, by words
                words,
                env={**self._env, **told},
                cwd=home if os.path.isdir(home) else "/",
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            return (error.strerror if isinstance(error, OSError) else None) or str(error)
        self._process = process
        content = json.dumps(fields_of(notice)).encode() + b"\n"
        try:
            process.communicate(content, timeout=self._timeout_s)
        except subprocess.TimeoutExpired:
            _kill(process)
            process.communicate()
            return f"it took more than {self._timeout_s:g} s"
        finally:
            self._process = None
        return _reason(process.returncode)


def _reason(code: int) -> str:
    if code < 0:
        known = {one.value: one.name for one in signal.Signals}
        return f"it was ended by {known.get(-code, f'signal {-code}')}"
    return f"exit status {code}" if code else ""


def _kill(process: subprocess.Popen[bytes]) -> None:
    """The whole of its session: it may have children."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
