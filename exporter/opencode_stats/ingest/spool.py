"""The spool's files: what is new in them goes into the ledger, and what is finished with goes away (docs/spool.md)."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from opencode_stats.contract.line import LONGEST_LINE_BYTES, parse_line
from opencode_stats.core.events import ProcessKey
from opencode_stats.errors import BadEvent
from opencode_stats.ingest.lines import cut
from opencode_stats.ledger.append import BadLine, Cursor, append, forget_cursor, read_cursors

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

    from opencode_stats.core.events import Event
    from opencode_stats.host.clock import Clock
    from opencode_stats.ingest.quarantine import Quarantine

ENDING: Final = ".jsonl"
PIECE_BYTES: Final = 256 * 1024
"""Read and committed at once: some 600 lines, so memory stays flat and a commit short."""
HEAD_BYTES: Final = 64
"""A file's beginning as it is kept in its cursor: it holds the version, the type and the instant of the first line."""
_LARGEST_PID: Final = 2**31 - 1


class Spool:
    """Reads the folder's files, each from its cursor."""

    def __init__(self, folder: Path, connection: sqlite3.Connection, quarantine: Quarantine, clock: Clock) -> None:
        self._folder = folder
        self._connection = connection
        self._quarantine = quarantine
        self._clock = clock
        self._cursors = read_cursors(connection)
        self._unfinished: dict[str, int] = {}

    def take_in(self) -> int:
        """Takes in everything that is new and gives the number of bytes that it was.

        Raises:
            OSError: a file or the quarantine can't be read or written; what was taken in before stays.
            sqlite3.Error: the ledger can't be written.
        """
        return sum(self._take_in_file(name, found) for name, found in self._files())

    def finish(self, process_is_gone: set[str]) -> int:
        """Removes the files of these processes (keys) that are read to the end, and gives their number.

        A half line at such a file's end is quarantined first. The ledger is checkpointed before anything is removed:
        from then on it is the only witness.
        """
        done = []
        for name, found in self._files():
            cursor = self._cursors.get(name)
            if cursor is None or cursor.process is None or cursor.process not in process_is_gone:
                continue
            if cursor.offset_bytes < found.st_size:
                self._quarantine_rest(cursor, found.st_size)
            done.append(name)
        if done:
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for name in done:
            os.unlink(self._folder / name)
            self._forget(name)
        return len(done)

    def _files(self) -> Iterator[tuple[str, os.stat_result]]:
        """The spool files, by name. Links, folders and other things are nobody's spool file."""
        try:
            names = sorted(name for name in os.listdir(self._folder) if name.endswith(ENDING))
        except FileNotFoundError:
            names = []
        for gone in self._cursors.keys() - set(names):
            self._forget(gone)
        for name in names:
            try:
                found = os.lstat(self._folder / name)
            except FileNotFoundError:
                continue
            if stat.S_ISREG(found.st_mode):
                yield name, found

    def _take_in_file(self, name: str, found: os.stat_result) -> int:
        known = self._cursors.get(name)
        if known is not None and self._unchanged(known, found):
            return 0
        descriptor = os.open(self._folder / name, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        taken_bytes = 0
        try:
            cursor = self._cursor_for(name, found, os.pread(descriptor, HEAD_BYTES, 0))
            while True:
                piece = os.pread(descriptor, PIECE_BYTES, cursor.offset_bytes)
                advanced = self._take_piece(descriptor, cursor, piece)
                if advanced is None:
                    break
                taken_bytes += advanced.offset_bytes - cursor.offset_bytes
                cursor = advanced
        finally:
            os.close(descriptor)
        self._unfinished[name] = found.st_size
        self._cursors[name] = cursor
        return taken_bytes

    def _take_piece(self, descriptor: int, cursor: Cursor, piece: bytes) -> Cursor | None:
        """Takes in the complete lines of a piece; None where there is not one."""
        lines = cut(piece, cursor.offset_bytes)
        if lines:
            entries = [self._entry(cursor, line.offset_bytes, line.content) for line in lines]
            end_bytes = lines[-1].end_bytes
        elif len(piece) == PIECE_BYTES:
            end_bytes = _end_of_line(descriptor, cursor.offset_bytes + len(piece))
            if not end_bytes:
                return None
            length_bytes = end_bytes - 1 - cursor.offset_bytes
            if length_bytes > LONGEST_LINE_BYTES:
                entries = [self._bad(cursor, cursor.offset_bytes, length_bytes, "longer than 1 MiB")]
            else:
                content = os.pread(descriptor, length_bytes, cursor.offset_bytes)
                entries = [self._entry(cursor, cursor.offset_bytes, content)]
        else:
            return None
        return append(self._connection, replace(cursor, offset_bytes=end_bytes), entries, _stranger(cursor.file))

    def _entry(self, cursor: Cursor, offset_bytes: int, content: bytes) -> Event | BadLine:
        try:
            return parse_line(content)
        except BadEvent as error:
            return self._bad(cursor, offset_bytes, len(content), error.reason)

    def _bad(self, cursor: Cursor, offset_bytes: int, length_bytes: int, reason: str) -> BadLine:
        kept_as = self._quarantine.keep(self._folder / cursor.file, cursor.inode, offset_bytes, length_bytes)
        return BadLine(offset_bytes, length_bytes, reason, kept_as, self._clock.now_ms())

    def _quarantine_rest(self, cursor: Cursor, size_bytes: int) -> None:
        """The half line that a killed process left."""
        bad = self._bad(cursor, cursor.offset_bytes, size_bytes - cursor.offset_bytes, "half a line at the end")
        self._cursors[cursor.file] = append(
            self._connection, replace(cursor, offset_bytes=size_bytes), [bad], _stranger(cursor.file)
        )

    def _unchanged(self, known: Cursor, found: os.stat_result) -> bool:
        same_file = (known.device, known.inode) == (found.st_dev, found.st_ino)
        return same_file and found.st_size == self._unfinished.get(known.file, -1)

    def _cursor_for(self, name: str, found: os.stat_result, head: bytes) -> Cursor:
        """The file's cursor; from the start where another file took its name, or it was cut short.

        Reading a line again is harmless: every event's effect is keyed by ids.
        """
        known = self._cursors.get(name)
        if (
            known is not None
            and (known.device, known.inode) == (found.st_dev, found.st_ino)
            and known.offset_bytes <= found.st_size
            and head.startswith(known.head)
        ):
            return replace(known, head=head)
        return Cursor(name, found.st_dev, found.st_ino, head, 0)

    def _forget(self, name: str) -> None:
        forget_cursor(self._connection, name)
        self._cursors.pop(name, None)
        self._unfinished.pop(name, None)


def _end_of_line(descriptor: int, offset_bytes: int) -> int:
    """The offset after the next newline at or after ``offset_bytes``; 0 where there is none yet."""
    while piece := os.pread(descriptor, PIECE_BYTES, offset_bytes):
        found = piece.find(b"\n")
        if found >= 0:
            return offset_bytes + found + 1
        offset_bytes += len(piece)
    return 0


def _stranger(file: str) -> ProcessKey:
    """A process for lines whose file never said whose they are: one of another boot, so it counts as gone."""
    pid = file.partition("-")[0]
    known = pid.isascii() and pid.isdigit() and 0 < int(pid) <= _LARGEST_PID
    return ProcessKey(int(pid) if known else _LARGEST_PID, boot_id=f"file {file[:200]}")
