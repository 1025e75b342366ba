"""What happens to a process of OpenCode, whoever talks in it (docs/spool.md); the rest is in ``core.events``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from opencode_stats.core.bounds import MOST_LINES_LOST, check_instants, check_texts


@dataclass(frozen=True, slots=True)
class ProcessKey:
    """Names one process of one boot for ever; a bare pid is reused.

    ``boot_id`` and ``pid_ns`` (the inode of the pid namespace) are None where the system has no ``/proc``;
    ``start_ticks`` is field 22 of ``/proc/PID/stat`` (proc(5)).
    """

    pid: int
    boot_id: str | None = None
    pid_ns: str | None = None
    start_ticks: int | None = None

    def __post_init__(self) -> None:
        if not 0 < self.pid < 2**31:
            raise ValueError("a pid is outside 1 … 2^31-1")
        if self.start_ticks is not None and not 0 <= self.start_ticks < 2**63:
            raise ValueError("start_ticks is outside 0 … 2^63-1")
        check_texts(self.boot_id, self.pid_ns)
        if "/" in f"{self.boot_id}{self.pid_ns}":
            raise ValueError("a boot id or a namespace holds a slash")

    @property
    def text(self) -> str:
        """The key as one string: boot, namespace, pid and start."""
        return f"{self.boot_id or '-'}/{self.pid_ns or '-'}/{self.pid}/{self.start_ticks or 0}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """The plugin came up in a process; the first line of every spool file."""

    type: Literal["run.started"] = "run.started"
    at_ms: int
    run: ProcessKey
    api: Literal[1, 2]
    plugin_version: str
    host_version: str | None = None

    def __post_init__(self) -> None:
        check_instants(self.at_ms)
        check_texts(self.plugin_version, self.host_version)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded:
    """The last plugin instance of the process was disposed of, or the process said goodbye."""

    type: Literal["run.ended"] = "run.ended"
    at_ms: int

    def __post_init__(self) -> None:
        check_instants(self.at_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceOpened:
    """OpenCode started to serve a directory."""

    type: Literal["workspace.opened"] = "workspace.opened"
    at_ms: int
    directory: str
    worktree: str | None = None
    project: str | None = None

    def __post_init__(self) -> None:
        check_instants(self.at_ms)
        check_texts(self.directory, self.worktree, self.project)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceClosed:
    """OpenCode stopped serving a directory."""

    type: Literal["workspace.closed"] = "workspace.closed"
    at_ms: int
    directory: str

    def __post_init__(self) -> None:
        check_instants(self.at_ms)
        check_texts(self.directory)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinesLost:
    """The plugin could not keep some lines (a full disk, missing rights) and had no room to hold them back."""

    type: Literal["spool.lost"] = "spool.lost"
    at_ms: int
    lines: int
    reason: str
    first_ms: int
    last_ms: int

    def __post_init__(self) -> None:
        check_instants(self.at_ms, self.first_ms, self.last_ms)
        if not 0 < self.lines <= MOST_LINES_LOST:
            raise ValueError("lines is outside 1 … 10^9")
        check_texts(self.reason)
