"""Which processes are alive: by pid and start, never by pid alone."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from opencode_stats.core.events import ProcessKey

Life = Literal["alive", "gone", "unknown"]

_AFTER_NAME_START_TICKS = 19
"""Field 22 of /proc/PID/stat is the 20th after the command's name, which may itself hold spaces and parentheses."""


class Processes:
    """This machine's processes, as ``/proc`` (a parameter) tells of them; ``psutil`` where there is no ``/proc``."""

    def __init__(self, proc: str = "/proc") -> None:
        self._proc = proc
        self._boot_id = self._read("sys/kernel/random/boot_id").strip()
        self._namespace = self._own_namespace()

    def life_of(self, key: ProcessKey) -> Life:
        """Whether the process still runs; ``unknown`` where another pid namespace hides it.

        Another boot's processes are gone; so is one whose pid is taken by a process that started at another time.
        """
        if key.boot_id is None or not self._boot_id:
            return self._life_without_proc(key)
        # The beginning is enough: a spool file's name has only that much of it.
        if not self._boot_id.startswith(key.boot_id):
            return "gone"
        if key.pid_ns is not None and self._namespace and key.pid_ns != self._namespace:
            return "unknown"
        started = self.start_ticks(key.pid)
        if started is None:
            return "gone"
        return "alive" if key.start_ticks in (None, started) else "gone"

    def start_ticks(self, pid: int) -> int | None:
        """When the process started, in clock ticks since boot (proc(5)); None for none, or for a zombie."""
        stat = self._read(f"{pid}/stat")
        fields = stat[stat.rfind(")") + 1 :].split()
        if len(fields) <= _AFTER_NAME_START_TICKS or fields[0] in ("Z", "X"):
            return None
        return int(fields[_AFTER_NAME_START_TICKS])

    def started_ms(self, pid: int, now_ms: int) -> int | None:
        """When the process started by this moment's clock, Unix milliseconds; None for none."""
        ticks, uptime = self.start_ticks(pid), self._read("uptime").split()
        if ticks is None or not uptime:
            return None
        return now_ms - int(float(uptime[0]) * 1000) + ticks * 1000 // os.sysconf("SC_CLK_TCK")

    def watch_end(self, pid: int) -> int | None:
        """A descriptor that becomes readable when the process ends (pidfd_open(2)); None where the kernel has none.

        The caller closes it.
        """
        try:
            return os.pidfd_open(pid)
        except (OSError, AttributeError):
            return None

    def _life_without_proc(self, key: ProcessKey) -> Life:
        import psutil  # noqa: PLC0415 - 12 MiB that Linux need not pay for

        return "alive" if psutil.pid_exists(key.pid) else "gone"

    def _own_namespace(self) -> str:
        try:
            return str(os.stat(f"{self._proc}/self/ns/pid").st_ino)
        except OSError:
            return ""

    def _read(self, name: str) -> str:
        try:
            with open(f"{self._proc}/{name}", encoding="utf-8", errors="replace") as file:
                return file.read()
        except OSError:
            return ""
