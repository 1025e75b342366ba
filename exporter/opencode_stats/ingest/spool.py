"""The spool's files: what is new in them goes into the ledger, and what is finished with goes away (docs/spool.md)."""

from __future__ import annotations

import logging
import os
import re
import stat
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from opencode_stats.core.events import ProcessKey
from opencode_stats.host.files import FILES
from opencode_stats.ingest.kept import keep, trim
from opencode_stats.ingest.pieces import Reader
from opencode_stats.ledger.append import Cursor, forget_cursor, read_cursors
from opencode_stats.ledger.transactions import checkpointed

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from opencode_stats.host.clock import Clock
    from opencode_stats.host.files import Files
    from opencode_stats.ingest.quarantine import Quarantine

logger = logging.getLogger(__name__)

ENDING: Final = ".jsonl"
HEAD_BYTES: Final = 64
"""A file's beginning as it is kept in its cursor: it holds the version, the type and the instant of the first line."""
_NAME: Final = re.compile(r"[0-9A-Za-z._-]{1,120}\.jsonl")
"""Any other name is nobody's spool file: the plugin writes none, and SQLite could not keep some."""
_KEPT: Final = r"(?P<kept>[0-9]{1,15}_)?"
"""Before the name of a file that was put away and came back to find its name taken (``ingest.kept``)."""
_STRANGER: Final = re.compile(
    _KEPT + r"(?P<pid>[1-9][0-9]{0,9})-(?P<start_ticks>[0-9]{1,18})-(?P<boot>[0-9a-f]{8})(?:\.[1-9][0-9]{0,5})?\.jsonl"
)
_PART: Final = re.compile(_KEPT + r"(?P<base>.+?)(?:\.(?P<part>[1-9][0-9]{0,5}))?\.jsonl")
FULL_BYTES: Final = 8 * 1024 * 1024
"""A file of this size is full: the plugin writes nothing more to it and goes on in the next part (docs/spool.md)."""
_LARGEST_PID: Final = 2**31 - 1


class Spool:
    """Reads the folder's files, each from its cursor. One that can't be read keeps none of the others waiting."""

    def __init__(
        self,
        folder: Path,
        connection: sqlite3.Connection,
        quarantine: Quarantine,
        clock: Clock,
        files: Files = FILES,
        *,
        kept: Path | None = None,
    ) -> None:
        """``kept`` is where finished files are put away (``ingest.kept``); without it they are removed."""
        self._folder = folder
        self._clock = clock
        self._kept = kept
        self._connection = connection
        self._files = files
        self._reader = Reader(connection, quarantine, clock, self._files)
        self._cursors = read_cursors(connection)
        self._seen: dict[str, tuple[int, int]] = {}
        self._troubles: dict[str, str] = {}

    @property
    def troubles(self) -> Mapping[str, str]:
        """The files that could not be taken in the last time, with the system's reason; they are tried every time."""
        return self._troubles

    def take_in(self) -> int:
        """Takes in everything that is new and gives the number of bytes that it was.

        A file that can't be read, or whose bad lines can't be kept, is left as it is and named in ``troubles``.

        Raises:
            OSError: the folder can't be read.
            sqlite3.Error: the ledger can't be written; what was taken in before stays.
        """
        taken_bytes = 0
        for name, found in self._found():
            taken_bytes += self._try_file(name, found)
        return taken_bytes

    def finish(self, process_is_gone: set[str]) -> int:
        """Removes the files of these processes (keys) that are read to the end, and gives their number.

        A full file goes, too, as soon as its next part was begun, though its process lives. A half line at the end of
        one that goes is quarantined first. The ledger is checkpointed before anything is removed: from then on it is
        the only witness. A file to which somebody still writes stays.
        """
        ended = [
            name
            for name, cursor in list(self._cursors.items())
            if (cursor.process in process_is_gone or self._is_superseded(name)) and self._is_done_with(name)
        ]
        if not ended or not checkpointed(self._connection):
            return 0
        removed = sum(self._remove(name) for name in ended)
        if removed and self._kept is not None:
            # Once, not for each: to look through them costs as much as there are of them.
            try:
                trim(self._kept, self._files)
            except OSError as error:
                logger.warning("spool.untrimmed error=%s", error.strerror)
        return removed

    def _found(self) -> Iterator[tuple[str, os.stat_result]]:
        """The spool files, by name. Links, folders and other things are nobody's spool file."""
        try:
            names = sorted((name for name in self._files.names(self._folder) if _NAME.fullmatch(name)), key=_place)
        except FileNotFoundError:
            names = []
        for gone in (self._cursors.keys() | self._troubles.keys()) - set(names):
            self._forget(gone)
        for name in names:
            found = self._look_at(name)
            if found is not None:
                yield name, found

    def _look_at(self, name: str) -> os.stat_result | None:
        """What there is to know of a spool file; None where there is none, or it can't be told (``troubles``)."""
        try:
            found = self._files.lstat(self._folder / name)
        except FileNotFoundError:
            found = None
        except OSError as error:
            self._note_trouble(name, error)
            return None
        if found is None or not stat.S_ISREG(found.st_mode):
            self._troubles.pop(name, None)
            return None
        return found

    def _note_trouble(self, name: str, error: OSError) -> None:
        reason = error.strerror or type(error).__name__
        if self._troubles.get(name) != reason:
            logger.warning("spool.unreadable file=%s error=%s", name, reason)
        self._troubles[name] = reason

    def _try_file(self, name: str, found: os.stat_result) -> int:
        try:
            taken_bytes = self._take_in_file(name, found)
        except FileNotFoundError:
            # It went away since the folder was read.
            return 0
        except OSError as error:
            self._note_trouble(name, error)
            return 0
        self._troubles.pop(name, None)
        return taken_bytes

    def _take_in_file(self, name: str, found: os.stat_result) -> int:
        if self._is_unchanged(name, found):
            return 0
        # Not to wait for a writer, should a pipe have taken the file's place since.
        descriptor = self._files.open(self._folder / name, os.O_RDONLY | os.O_NONBLOCK)
        try:
            found = self._files.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                return 0
            cursor = self._cursor_for(name, found, descriptor)
            start_bytes = cursor.offset_bytes
            self._cursors[name] = cursor
            while (advanced := self._reader.take_piece(self._folder, descriptor, cursor, process_of(name))) is not None:
                # Noted piece by piece: what is committed stays known, whatever fails next.
                self._cursors[name] = cursor = advanced
        finally:
            self._files.close(descriptor)
        self._seen[name] = (found.st_size, found.st_mtime_ns)
        return cursor.offset_bytes - start_bytes

    def _is_superseded(self, name: str) -> bool:
        """Whether the file is full and something of a later part of it was read."""
        if self._cursors[name].offset_bytes < FULL_BYTES:
            return False
        base, part, _ = _place(name)
        return any(_place(other)[0] == base and _place(other)[1] > part for other in self._cursors)

    def _is_done_with(self, name: str) -> bool:
        """Reads what came last; whether nothing is left then, and the file is as it was."""
        found = self._look_at(name)
        if found is None:
            return False
        self._try_file(name, found)
        return name not in self._troubles and self._is_read(name)

    def _is_read(self, name: str) -> bool:
        """Whether nothing of the file is left unread; a half line is quarantined for it."""
        cursor = self._cursors[name]
        try:
            found = self._files.lstat(self._folder / name)
            if self._seen.get(name) != (found.st_size, found.st_mtime_ns):
                # It grows: its process is not so gone as it seemed.
                return False
            if cursor.offset_bytes < found.st_size:
                self._cursors[name] = self._reader.give_up(self._folder, cursor, found.st_size, process_of(name))
        except OSError as error:
            logger.warning("spool.unfinished file=%s error=%s", name, error.strerror)
            return False
        return True

    def _remove(self, name: str) -> bool:
        path = self._folder / name
        try:
            if self._files.lstat(path).st_size != self._cursors[name].offset_bytes:
                return False
            if self._kept is None:
                self._files.unlink(path)
            else:
                keep(path, self._kept, self._clock.now_ms(), self._files)
        except OSError as error:
            logger.warning("spool.unremovable file=%s error=%s", name, error.strerror)
            return False
        self._forget(name)
        return True

    def _is_unchanged(self, name: str, found: os.stat_result) -> bool:
        known = self._cursors.get(name)
        same_file = known is not None and (known.device, known.inode) == (found.st_dev, found.st_ino)
        return same_file and self._seen.get(name) == (found.st_size, found.st_mtime_ns)

    def _cursor_for(self, name: str, found: os.stat_result, descriptor: int) -> Cursor:
        """The file's cursor; from the start where another file took its name, or it was cut short.

        Reading a line again is harmless: every event's effect is keyed by ids.
        """
        known = self._cursors.get(name)
        head = self._files.read(descriptor, HEAD_BYTES, 0)
        if (
            known is not None
            and (known.device, known.inode) == (found.st_dev, found.st_ino)
            and known.offset_bytes <= found.st_size
            and head.startswith(known.head)
            and self._files.read(descriptor, len(known.tail), known.offset_bytes - len(known.tail)) == known.tail
        ):
            return replace(known, head=head)
        self._reader.forget(name)
        return Cursor(name, found.st_dev, found.st_ino, head, 0)

    def _forget(self, name: str) -> None:
        forget_cursor(self._connection, name)
        self._reader.forget(name)
        self._cursors.pop(name, None)
        self._seen.pop(name, None)
        self._troubles.pop(name, None)


def _place(name: str) -> tuple[str, int, str]:
    """The name without its part, the part, and the name: what is sorted by it comes in the order it was written in.

    What was put away under a name came before what has the name now: ``~`` is behind every digit.
    """
    found = _PART.fullmatch(name)
    return (name, 0, "~") if found is None else (found["base"], int(found["part"] or 0), found["kept"] or "~")


def process_of(file: str) -> ProcessKey:
    """The process that a spool file's name tells of, for lines whose file never said whose they are.

    The file's name tells as much as is needed to see whether it is alive. Under a name of another kind it is one of
    no known boot, so it counts as gone.
    """
    parts = _STRANGER.fullmatch(file)
    if parts is None or int(parts["pid"]) > _LARGEST_PID:
        return ProcessKey(_LARGEST_PID, boot_id=f"file {file}")
    return ProcessKey(int(parts["pid"]), parts["boot"], start_ticks=int(parts["start_ticks"]) or None)
