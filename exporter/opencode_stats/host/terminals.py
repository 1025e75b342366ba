"""Which processes may own the window in which a process is at work: what a desktop needs to raise it.

The window belongs to one of the ancestors of what runs in it (GNOME Terminal's server, Ptyxis, Console, kitty, an
editor). Not so inside tmux: there the ancestors end at tmux's server, which has no window, and the window belongs to an
ancestor of a client that is attached at this moment.

Nothing but the server can say which clients show a pane: the kernel tells no unprivileged reader who is at the other
end of a Unix socket without netlink, and all clients of all servers have the same name. So it is asked, by its own
program (``/proc/PID/exe``), never by one found in a PATH: a client of another version would be refused. It must be an
ancestor of the process and be called tmux, so a number in an environment alone makes nothing run.

GNU screen and Zellij have no such question; of what runs in them only the ancestors are known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opencode_stats.host.processes import Processes

TMUX_PATIENCE_S: Final = 1.0
"""A server that is stopped never answers; one that works does in some milliseconds."""
MOST_PIDS: Final = 64
"""Many more than any desktop has between a program and its window; they are in every version of a published file."""
_PANES: Final = ("list-panes", "-a", "-F", "pane #{pane_id} #{session_id}")
_CLIENTS: Final = ("list-clients", "-F", "client #{client_activity} #{session_id} #{client_pid}")
_PANE_FIELDS: Final = 2
_CLIENT_FIELDS: Final = 3
_TMUX_FIELDS: Final = 3


@dataclass(frozen=True, slots=True)
class Tmux:
    """The tmux that a process runs in, as its environment tells: ``pane`` is empty where that is not known."""

    socket: str
    server_pid: int
    session: str
    pane: str


def lineage(processes: Processes, pid: int) -> tuple[int, ...]:
    """The process and its ancestors, nearest first, without the first process of the system."""
    return (pid, *processes.ancestors(pid))


def tmux_around(processes: Processes, pids: tuple[int, ...]) -> Tmux | None:
    """The tmux in which the first of these processes runs, given its lineage; None outside of tmux."""
    found = processes.environment(pids[0], ("TMUX", "TMUX_PANE"))
    # Socket, server's pid, number of the session; the socket's path may hold commas itself.
    fields = found.get("TMUX", "").rsplit(",", _TMUX_FIELDS - 1)
    if len(fields) != _TMUX_FIELDS or not fields[1].isdecimal():
        return None
    server_pid = int(fields[1])
    if server_pid not in pids[1:] or not processes.name(server_pid).startswith("tmux"):
        return None
    return Tmux(fields[0], server_pid, f"${fields[2]}", found.get("TMUX_PANE", ""))


def attached_clients(processes: Processes, tmux: Tmux, patience_s: float = TMUX_PATIENCE_S) -> tuple[int, ...]:
    """The clients that can show this pane now, the one that was used last first, each followed by its ancestors.

    Runs tmux's own program and waits for it, ``patience_s`` at most; empty where it gives no answer.
    """
    import subprocess  # noqa: PLC0415 - who uses no tmux need not pay for it

    try:
        answer = subprocess.run(  # noqa: S603 - no shell; the program is the server's own
            ["tmux", "-S", tmux.socket, *_PANES, ";", *_CLIENTS],  # noqa: S607 - `executable` says which
            executable=processes.program(tmux.server_pid),
            env={"LC_ALL": "C.UTF-8"},  # tmux refuses to start without UTF-8
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=patience_s,
            check=True,
        ).stdout
    except (OSError, ValueError, subprocess.SubprocessError):
        # Gone, stopped, or of a version that knows another language: the ancestors are all that is known.
        return ()
    clients = clients_of(tmux, answer.decode("utf-8", "replace").splitlines())
    return distinct(pid for client in clients for pid in lineage(processes, client))


def clients_of(tmux: Tmux, lines: Iterable[str]) -> list[int]:
    """The clients of the sessions that hold the pane (a window may be in several), the one that was used last first."""
    panes, clients = [], []
    for line in lines:
        kind, *fields = line.split(" ")
        if kind == "pane" and len(fields) == _PANE_FIELDS:
            panes.append((fields[0], fields[1]))
        elif kind == "client" and len(fields) == _CLIENT_FIELDS and fields[0].isdecimal() and fields[2].isdecimal():
            clients.append((int(fields[0]), fields[1], int(fields[2])))
    sessions = {session for pane, session in panes if pane == tmux.pane} if tmux.pane else {tmux.session}
    return [pid for _, session, pid in sorted(clients, key=lambda one: -one[0]) if session in sessions]


def distinct(pids: Iterable[int]) -> tuple[int, ...]:
    """Each pid once, where it comes first, at most ``MOST_PIDS``."""
    return tuple(dict.fromkeys(pids))[:MOST_PIDS]
