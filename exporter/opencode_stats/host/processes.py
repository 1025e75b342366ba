"""Which processes are alive, by pid and start, never by pid alone; and whose children they are."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Collection

    from opencode_stats.core.events import ProcessKey

Life = Literal["alive", "gone", "unknown"]

_FIRST_PROCESS = 1
_MOST_ANCESTORS = 64
"""A pid that is taken again while they are read could lead round in a ring."""
_AFTER_NAME_PARENT = 1
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
        fields = self._fields(pid)
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

    def ancestors(self, pid: int) -> tuple[int, ...]:
        """The parents of a process, nearest first, without the first process of the system; empty for no process."""
        if not self._boot_id:
            return self._ancestors_without_proc(pid)
        found: list[int] = []
        while len(found) < _MOST_ANCESTORS:
            fields = self._fields(found[-1] if found else pid)
            parent = int(fields[_AFTER_NAME_PARENT]) if len(fields) > _AFTER_NAME_PARENT else 0
            if parent <= _FIRST_PROCESS:
                break
            found.append(parent)
        return tuple(found)

    def environment(self, pid: int, names: Collection[str]) -> dict[str, str]:
        """These variables of the environment that a process was started with, where they can be read.

        Nothing else of it is kept: it holds secrets. Where there is no ``/proc`` none is known.
        """
        wanted = {name.encode(): name for name in names}
        try:
            with open(f"{self._proc}/{pid}/environ", "rb") as file:
                pairs = (entry.partition(b"=") for entry in file.read().split(b"\0"))
                return {wanted[name]: os.fsdecode(value) for name, _, value in pairs if name in wanted}
        except OSError:
            return {}

    def name(self, pid: int) -> str:
        """What the process calls itself (proc(5): comm); empty for no process, and where there is no ``/proc``."""
        return self._read(f"{pid}/comm").rstrip("\n")

    def program(self, pid: int) -> str:
        """The path by which the very program of this process can be run, whatever has become of its file."""
        return f"{self._proc}/{pid}/exe"

    def _fields(self, pid: int) -> list[str]:
        """What /proc/PID/stat has after the command's name: state, parent, …; empty for no process."""
        stat = self._read(f"{pid}/stat")
        return stat[stat.rfind(")") + 1 :].split()

    def _life_without_proc(self, key: ProcessKey) -> Life:
        import psutil  # noqa: PLC0415 - 12 MiB that Linux need not pay for

        return "alive" if psutil.pid_exists(key.pid) else "gone"

    def _ancestors_without_proc(self, pid: int) -> tuple[int, ...]:
        import psutil  # noqa: PLC0415 - 12 MiB that Linux need not pay for

        try:
            return tuple(parent.pid for parent in psutil.Process(pid).parents() if parent.pid > _FIRST_PROCESS)
        except psutil.Error:
            return ()

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
