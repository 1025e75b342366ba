"""Processes of OpenCode, and the runs that they are to their users (DESIGN §3.4).

With OpenCode 1.x a run is a process. OpenCode 2.x serves everything from one background process for days: there a run
is one workspace of it, from its first activity until the workspace is closed, the process is gone, or it has been
quiet.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opencode_stats.core.events import ProcessKey

if TYPE_CHECKING:
    import sqlite3

    from opencode_stats.core.events import RunStarted, WorkspaceOpened

QUIET_AFTER_MS = 60 * 60 * 1000
"""OpenCode 2.x evicts a workspace after an hour without events; nothing else tells of another namespace's end."""


def start_process(connection: sqlite3.Connection, event: RunStarted) -> tuple[str, int]:
    """Takes in the first line of a spool file and gives the process's key and its OpenCode's major version, 1 or 2.

    A repetition changes nothing.
    """
    key, run = event.run.text, event.run
    (api,) = connection.execute(
        "INSERT INTO processes (key, pid, boot_id, pid_ns, start_ticks, api, plugin_version, host_version, started_ms, "
        "last_event_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET api = max(api, excluded.api), "
        "host_version = ifnull(excluded.host_version, host_version), started_ms = min(started_ms, excluded.started_ms) "
        "RETURNING api",
        (
            key, run.pid, run.boot_id, run.pid_ns, run.start_ticks, event.api, event.plugin_version,
            event.host_version, event.at_ms, event.at_ms,
        ),
    ).fetchone()  # fmt: skip
    if api == 1:
        run_of(connection, key, 1, None, event.at_ms)
    return key, api


def run_of(connection: sqlite3.Connection, process: str, api: int, directory: str | None, at_ms: int) -> int:
    """The run that something at this moment in this process belongs to; one that had ended goes on, or begins anew."""
    where = directory if api != 1 else None
    row = connection.execute(
        "SELECT id, ended_ms FROM runs WHERE process = ? AND directory IS ? ORDER BY id DESC LIMIT 1", (process, where)
    ).fetchone()
    if row is not None:
        run: int = row[0]
        if row[1] is None or at_ms <= row[1]:
            return run
        if api == 1:
            # One process is one run: it was taken for dead (another namespace), or its last lines came late.
            connection.execute("UPDATE runs SET ended_ms = NULL WHERE id = ?", (run,))
            connection.execute("UPDATE processes SET ended_ms = NULL WHERE key = ?", (process,))
            return run
    uid = _uid(process, where, at_ms)
    added = connection.execute(
        "INSERT INTO runs (uid, process, directory, started_ms, last_activity_ms, idle_since_ms) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (uid, process, where, at_ms, at_ms, at_ms),
    )
    if where is not None:
        open_workspace(connection, added.lastrowid or 0, where, at_ms)
    return added.lastrowid or 0


def open_workspace(
    connection: sqlite3.Connection,
    run: int,
    directory: str,
    at_ms: int,
    *,
    worktree: str | None = None,
    project: str | None = None,
) -> None:
    """Notes that a run works in a directory."""
    connection.execute(
        "INSERT INTO workspaces VALUES (?, ?, ?, ?, ?, NULL) ON CONFLICT DO UPDATE SET closed_ms = NULL, "
        "worktree = ifnull(excluded.worktree, worktree), project = ifnull(excluded.project, project)",
        (run, directory, worktree, project, at_ms),
    )


def take_workspace(connection: sqlite3.Connection, process: str, api: int, event: WorkspaceOpened) -> None:
    """Takes in that OpenCode began to serve a directory; with OpenCode 2.x that alone is no run yet."""
    if api == 1:
        run = run_of(connection, process, api, None, event.at_ms)
        open_workspace(connection, run, event.directory, event.at_ms, worktree=event.worktree, project=event.project)


def close_workspace(connection: sqlite3.Connection, process: str, api: int, directory: str, at_ms: int) -> None:
    """Takes in that OpenCode stopped serving a directory; with OpenCode 2.x that ends its run.

    A line that is read again, in a copy of the file, must not end the run that began since.
    """
    connection.execute(
        "UPDATE workspaces SET closed_ms = ? WHERE directory = ? AND run IN (SELECT id FROM runs WHERE process = ?)",
        (at_ms, directory, process),
    )
    if api != 1:
        runs = connection.execute(
            "SELECT id FROM runs WHERE process = ? AND directory = ? AND ended_ms IS NULL AND last_activity_ms <= ?",
            (process, directory, at_ms),
        ).fetchall()
        for (run,) in runs:
            end_run(connection, run, at_ms)


@dataclass(frozen=True, slots=True)
class LiveProcess:
    """A process whose end is not known; ``said_goodbye`` where nothing came after its last instance's end."""

    key: ProcessKey
    last_event_ms: int
    said_goodbye: bool


def live_processes(connection: sqlite3.Connection) -> list[LiveProcess]:
    """The processes whose end is not known."""
    rows = connection.execute(
        "SELECT pid, boot_id, pid_ns, start_ticks, last_event_ms, ifnull(bye_ms >= last_event_ms, 0) "
        "FROM processes WHERE ended_ms IS NULL"
    )
    return [LiveProcess(ProcessKey(*row[:4]), row[4], bool(row[5])) for row in rows]


def ended_processes(connection: sqlite3.Connection) -> set[str]:
    """The keys of the processes that are gone and still have a spool file."""
    rows = connection.execute(
        "SELECT key FROM processes JOIN cursors ON cursors.process = processes.key WHERE ended_ms IS NOT NULL"
    )
    return {row[0] for row in rows}


def end_process(connection: sqlite3.Connection, process: str, at_ms: int) -> None:
    """Notes that a process is gone: at its goodbye if that was its last word, else at ``at_ms``."""
    (ended_ms,) = connection.execute(
        "SELECT iif(bye_ms >= last_event_ms, bye_ms, ?) FROM processes WHERE key = ?", (at_ms, process)
    ).fetchone()
    connection.execute("UPDATE processes SET ended_ms = ? WHERE key = ?", (ended_ms, process))
    live = connection.execute("SELECT id FROM runs WHERE process = ? AND ended_ms IS NULL", (process,)).fetchall()
    for (run,) in live:
        end_run(connection, run, ended_ms)


def end_quiet_runs(connection: sqlite3.Connection, now_ms: int) -> int:
    """Ends the OpenCode 2.x runs that were quiet for an hour, and gives their number."""
    quiet = connection.execute(
        "SELECT runs.id, last_activity_ms FROM runs JOIN processes ON processes.key = runs.process "
        "WHERE runs.ended_ms IS NULL AND api != 1 AND last_activity_ms <= ?",
        (now_ms - QUIET_AFTER_MS,),
    ).fetchall()
    for run, last_activity_ms in quiet:
        end_run(connection, run, last_activity_ms)
    return len(quiet)


def end_run(connection: sqlite3.Connection, run: int, at_ms: int) -> None:
    """Ends a run; nobody can answer its questions any more, and nothing in it works."""
    # Idle since its end, where it was at work until then.
    connection.execute(
        "UPDATE runs SET ended_ms = max(?, last_activity_ms), "
        "idle_since_ms = ifnull(idle_since_ms, max(?, last_activity_ms)) WHERE id = ?",
        (at_ms, at_ms, run),
    )
    connection.execute("UPDATE workspaces SET closed_ms = ? WHERE run = ? AND closed_ms IS NULL", (at_ms, run))
    connection.execute("UPDATE conversations SET busy = 0 WHERE run = ? AND busy = 1", (run,))
    connection.execute(
        "UPDATE attention SET closed_ms = ? WHERE closed_ms IS NULL AND id IN "
        "(SELECT 'request/' || request FROM requests WHERE run = ? AND closed_ms IS NULL)",
        (at_ms, run),
    )
    connection.execute("UPDATE requests SET closed_ms = ? WHERE run = ? AND closed_ms IS NULL", (at_ms, run))


def _uid(process: str, directory: str | None, at_ms: int) -> str:
    """A name for the run that a rebuilt ledger would give it again."""
    text = process if directory is None else f"{process} {directory} {at_ms}"
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{process.split('/')[2]}-{digest}"
