"""What a daemon says besides stats.json: to the user (``herald``), and where it is wanted on the bus (``figures``)."""

from __future__ import annotations

import contextlib
import logging
import subprocess
from typing import TYPE_CHECKING, Final

from opencode_stats.desktop.bus import can_speak, program, session_bus
from opencode_stats.desktop.herald import Herald

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from opencode_stats.core.attention import AttentionItem
    from opencode_stats.core.stats import Problem
    from opencode_stats.host.clock import Clock
    from opencode_stats.host.paths import Paths
    from opencode_stats.settings import Settings

logger = logging.getLogger(__name__)

AGAIN_AFTER_S: Final = 60.0
ENDS_S: Final = 2.0


class Outlets:
    """Both, of one daemon; ``look`` after every publishing."""

    def __init__(self, paths: Paths, env: Mapping[str, str], clock: Clock, woken: Callable[[], None]) -> None:
        self._herald = Herald(paths, env, clock, woken)
        self._figures = OnTheBus(paths, env, clock)

    def look(self, items: Sequence[AttentionItem], settings: Settings, now_ms: int) -> None:
        """Does what there is to do after a publishing with these items; returns at once."""
        self._herald.look(items, settings, now_ms)
        self._figures.look(wanted=settings.dbus)

    def problems(self, now_ms: int) -> tuple[Problem, ...]:
        """What a reader of the figures should know."""
        return self._herald.problems(now_ms)

    def end(self) -> None:
        """Ends everything that it started."""
        self._figures.end()
        self._herald.end()


class OnTheBus:
    """The process of ``figures``, which is there while it is wanted; one that ended is started again after a minute."""

    def __init__(self, paths: Paths, env: Mapping[str, str], clock: Clock) -> None:
        self._env = env
        self._clock = clock
        self._command = [*program("figures"), str(paths.stats_file), str(paths.stamp)]
        self._process: subprocess.Popen[bytes] | None = None
        self._again_s = clock.elapsed_s()
        self._silent = ""

    def look(self, *, wanted: bool) -> None:
        """Starts it or ends it."""
        if self._process is not None and self._process.poll() is not None:
            logger.warning("bus.ended status=%d", self._process.returncode)
            self.end()
            self._again_s = self._clock.elapsed_s() + AGAIN_AFTER_S
        if not wanted:
            self.end()
            self._again_s = self._clock.elapsed_s()
        elif self._process is None and self._clock.elapsed_s() >= self._again_s:
            self._again_s = self._clock.elapsed_s() + AGAIN_AFTER_S
            self._start()

    def _start(self) -> None:
        # Looked up each time: the bus may be younger than the exporter.
        address = session_bus(self._env)
        silent = "" if can_speak() else "dbus-fast is not installed"
        silent = silent if address else "there is no session bus"
        if silent != self._silent:
            self._silent = silent
            if silent:
                logger.warning("bus.silent reason=%r", silent)
        if silent:
            return
        try:
            # It ends when its standard input does, so it never outlives us.
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                self._command,
                env={**self._env, "DBUS_SESSION_BUS_ADDRESS": address},
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                cwd="/",
                start_new_session=True,
            )
        except OSError as error:
            logger.warning("bus.failed error=%s", error)

    def end(self) -> None:
        """Ends it, if it is there."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            with contextlib.suppress(OSError):
                process.stdin.close()
        try:
            process.wait(ENDS_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
