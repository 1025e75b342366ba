"""Taking in a piece of a spool file: its events, its bad lines and the new cursor, in one transaction.

Whatever is killed when, each line has its effect exactly once: either all of the piece is in the ledger with the
cursor behind it, or none of it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from opencode_stats.core import events as e
from opencode_stats.core.usage import message_of
from opencode_stats.ledger import auxiliary, runs, turns
from opencode_stats.ledger.messages import take_snapshot
from opencode_stats.ledger.transactions import transaction

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a spool file is read.

    ``head`` is the file's beginning and ``tail`` what stands before the cursor: by them a file that was replaced or
    cut short is told from one that has only grown.
    ``process`` is the key of the process that writes it, None until its first line was read.
    """

    file: str
    device: int
    inode: int
    head: bytes
    offset_bytes: int
    process: str | None = None
    tail: bytes = b""


@dataclass(frozen=True, slots=True)
class BadLines:
    """Neighbouring lines that are no events: where they were, why, and the name under which their bytes are kept."""

    offset_bytes: int
    length_bytes: int
    lines: int
    reason: str
    kept_as: str | None
    at_ms: int


def read_cursors(connection: sqlite3.Connection) -> dict[str, Cursor]:
    """Every spool file's cursor, by file name."""
    rows = connection.execute("SELECT file, device, inode, head, offset_bytes, process, tail FROM cursors")
    return {row[0]: Cursor(*row) for row in rows}


def forget_cursor(connection: sqlite3.Connection, file: str) -> None:
    """Forgets a file that is gone."""
    connection.execute("DELETE FROM cursors WHERE file = ?", (file,))


def keep_loss(connection: sqlite3.Connection, process: str, lost: e.LinesLost) -> None:
    """Notes what a process (its key) could not keep; the same loss told again, grown since, replaces what was told."""
    connection.execute(
        "INSERT OR REPLACE INTO losses VALUES (?, ?, ?, ?, ?)",
        (process, lost.first_ms, lost.reason, lost.last_ms, lost.lines),
    )


def append(
    connection: sqlite3.Connection, cursor: Cursor, entries: Sequence[e.Event | BadLines], stranger: e.ProcessKey
) -> Cursor:
    """Takes in what was read between the file's old cursor and this one, and gives the cursor as it was kept.

    ``stranger`` names the process where the file's first line never did (it was damaged).
    """
    with transaction(connection):
        intake = _Intake(connection, cursor.process, stranger)
        for entry in entries:
            if isinstance(entry, BadLines):
                _keep_bad_lines(connection, cursor, entry)
            else:
                intake.take(entry)
        intake.finish()
        kept = replace(cursor, process=intake.process)
        connection.execute(
            "INSERT OR REPLACE INTO cursors VALUES (?, ?, ?, ?, ?, ?, ?)",
            (kept.file, kept.device, kept.inode, kept.head, kept.offset_bytes, kept.process, kept.tail),
        )
    return kept


def _keep_bad_lines(connection: sqlite3.Connection, cursor: Cursor, bad: BadLines) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO quarantine VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            cursor.file, cursor.device, cursor.inode, bad.offset_bytes, bad.length_bytes, bad.lines, bad.reason,
            bad.kept_as, bad.at_ms,
        ),
    )  # fmt: skip


class _Intake:
    """Applies the events of one piece of one file, in order."""

    def __init__(self, connection: sqlite3.Connection, process: str | None, stranger: e.ProcessKey) -> None:
        self._connection = connection
        self._stranger = stranger
        self._api = 1
        self._last_ms = 0
        self._active_ms: dict[int, int] = {}
        self.process = process
        if process is not None:
            (self._api,) = connection.execute("SELECT api FROM processes WHERE key = ?", (process,)).fetchone()

    def take(self, event: e.Event) -> None:
        """Gives one event its effect."""
        connection = self._connection
        self._last_ms = max(self._last_ms, event.at_ms)
        if isinstance(event, e.RunStarted):
            self.process, self._api = runs.start_process(connection, event)
            return
        process = self._known_process(event.at_ms)
        if isinstance(event, e.RunEnded):
            connection.execute("UPDATE processes SET bye_ms = ? WHERE key = ?", (event.at_ms, process))
            return
        if isinstance(event, e.WorkspaceOpened):
            runs.take_workspace(connection, process, self._api, event)
            return
        if isinstance(event, e.WorkspaceClosed):
            self._note_activity()
            runs.close_workspace(connection, process, self._api, event.directory, event.at_ms)
            return
        if isinstance(event, e.LinesLost):
            keep_loss(connection, process, event)
            return
        self._take_in_run(event, self._run_of(event, process))

    def finish(self) -> None:
        """Writes what every event moves, once for the piece."""
        self._note_activity()
        if self.process is not None:
            self._connection.execute(
                "UPDATE processes SET last_event_ms = max(last_event_ms, ?) WHERE key = ?",
                (self._last_ms, self.process),
            )

    def _note_activity(self) -> None:
        for run, at_ms in self._active_ms.items():
            self._connection.execute(
                "UPDATE runs SET last_activity_ms = max(last_activity_ms, ?) WHERE id = ?", (at_ms, run)
            )
        self._active_ms.clear()

    def _take_in_run(self, event: e.Event, run: int) -> None:  # noqa: PLR0912 - one branch a kind of event
        connection = self._connection
        if isinstance(event, e.MessageSnapshot):
            changed = take_snapshot(connection, message_of(event, self._api), run=run, origin="live")
            if changed is not None:
                auxiliary.add_change(connection, *changed)
            auxiliary.settle(connection, event.conversation)
        elif isinstance(event, e.PromptSubmitted):
            turns.take_prompt(connection, event, run)
        elif isinstance(event, e.ConversationSeen):
            turns.take_conversation(connection, event, run)
        elif isinstance(event, e.ConversationUsage):
            turns.take_running_total(connection, event)
        elif isinstance(event, e.ConversationStatus):
            if event.status == "idle":
                turns.become_idle(connection, event.conversation, run, event.at_ms)
            else:
                turns.become_busy(connection, event.conversation, run)
        elif isinstance(event, e.ConversationIdle):
            turns.become_idle(connection, event.conversation, run, event.at_ms, event.outcome)
        elif isinstance(event, e.ConversationFailed):
            turns.take_failure(connection, event)
        elif isinstance(event, e.ConversationCompacted):
            connection.execute(
                "UPDATE conversations SET compacted_ms = ? WHERE conversation = ?", (event.at_ms, event.conversation)
            )
        elif isinstance(event, e.RequestOpened):
            turns.open_request(connection, event, run)
        elif isinstance(event, e.RequestClosed):
            turns.close_request(connection, event)
        elif isinstance(event, e.TitleRequested):
            turns.take_title_request(connection, event, run)
        else:  # pragma: no cover - a new kind of event must be given its effect here
            raise TypeError(type(event).__name__)

    def _run_of(self, event: e.Event, process: str) -> int:
        conversation: str | None = getattr(event, "conversation", None)
        directory: str | None = None
        if self._api != 1:
            # A sub-agent is not known yet when its own first line says whose it is.
            parent = event.parent if isinstance(event, e.ConversationSeen) else None
            directory = self._directory_of(parent or conversation) or getattr(event, "directory", None)
        run = runs.run_of(self._connection, process, self._api, directory, event.at_ms)
        self._active_ms[run] = max(self._active_ms.get(run, 0), event.at_ms)
        if conversation is not None:
            turns.know_conversation(self._connection, conversation, run)
        return run

    def _directory_of(self, conversation: str | None) -> str | None:
        """The directory of the conversation's root: a sub-agent belongs to the run that called it."""
        row = self._connection.execute(
            "WITH RECURSIVE line (conversation, parent, directory) AS (SELECT conversation, parent, directory "
            "FROM conversations WHERE conversation = ? UNION SELECT c.conversation, c.parent, c.directory "
            "FROM conversations AS c JOIN line ON line.parent = c.conversation) "
            "SELECT directory FROM line WHERE directory IS NOT NULL ORDER BY parent IS NULL DESC LIMIT 1",
            (conversation,),
        ).fetchone()
        return None if row is None else row[0]

    def _known_process(self, at_ms: int) -> str:
        if self.process is None:
            started = e.RunStarted(at_ms=at_ms, run=self._stranger, api=1, plugin_version=e.UNKNOWN_VERSION)
            self.process, self._api = runs.start_process(self._connection, started)
        return self.process
