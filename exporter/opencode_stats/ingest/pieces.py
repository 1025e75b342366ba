"""A piece of a spool file at a time: read, cut into lines, parsed, and taken into the ledger with the new cursor."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from opencode_stats.contract.line import LONGEST_LINE_BYTES, parse_line
from opencode_stats.errors import BadEvent
from opencode_stats.ingest.lines import Line, cut
from opencode_stats.ledger.append import BadLines, append

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from opencode_stats.core.events import Event, ProcessKey
    from opencode_stats.host.clock import Clock
    from opencode_stats.host.files import Files
    from opencode_stats.ingest.quarantine import Quarantine
    from opencode_stats.ledger.append import Cursor

PIECE_BYTES: Final = 256 * 1024
"""Read and committed at once: some 600 lines, so memory stays flat and a commit short."""
TAIL_BYTES: Final = 64
"""What stands before a cursor, as it is kept in it: the end of a line, with its instant, ids or numbers."""
TOO_LONG: Final = f"longer than {LONGEST_LINE_BYTES} bytes"
HALF_A_LINE: Final = "half a line at the end"


class Reader:
    """Takes pieces in. It remembers only how far it has looked for the end of a line that is very long."""

    def __init__(self, connection: sqlite3.Connection, quarantine: Quarantine, clock: Clock, files: Files) -> None:
        self._connection = connection
        self._quarantine = quarantine
        self._clock = clock
        self._files = files
        self._searched_bytes: dict[str, int] = {}

    def forget(self, name: str) -> None:
        """Forgets a file that is gone, or another one by now."""
        self._searched_bytes.pop(name, None)

    def take_piece(self, folder: Path, descriptor: int, cursor: Cursor, stranger: ProcessKey) -> Cursor | None:
        """Takes in the complete lines of the next piece; None where there is not one.

        Raises:
            OSError: the file can't be read, or a bad line can't be kept; nothing of the piece was taken in.
        """
        piece = self._files.read(descriptor, PIECE_BYTES, cursor.offset_bytes)
        lines = cut(piece, cursor.offset_bytes)
        tail = piece
        if not lines and len(piece) == PIECE_BYTES:
            end_bytes = self._end_of_line(descriptor, cursor, cursor.offset_bytes + len(piece))
            if end_bytes is None:
                return None
            length_bytes = end_bytes - 1 - cursor.offset_bytes
            if length_bytes > LONGEST_LINE_BYTES:
                tail = self._files.read(descriptor, TAIL_BYTES, end_bytes - TAIL_BYTES)
                advanced = replace(cursor, offset_bytes=end_bytes, tail=tail)
                return self._append(folder, advanced, [_Bad(cursor.offset_bytes, end_bytes - 1, TOO_LONG)], stranger)
            content = self._files.read(descriptor, length_bytes, cursor.offset_bytes)
            lines, tail = [Line(cursor.offset_bytes, content)], content + b"\n"
        if not lines:
            return None
        end_bytes = lines[-1].end_bytes
        tail = (cursor.tail + tail[: end_bytes - cursor.offset_bytes])[-TAIL_BYTES:]
        advanced = replace(cursor, offset_bytes=end_bytes, tail=tail)
        return self._append(folder, advanced, list(_joined(map(_parsed, lines))), stranger)

    def give_up(self, folder: Path, cursor: Cursor, size_bytes: int, stranger: ProcessKey) -> Cursor:
        """Quarantines what a killed process left behind the last newline.

        Raises:
            OSError: it can't be kept.
        """
        rest = _Bad(cursor.offset_bytes, size_bytes, HALF_A_LINE)
        return self._append(folder, replace(cursor, offset_bytes=size_bytes, tail=b""), [rest], stranger)

    def _append(self, folder: Path, cursor: Cursor, parsed: Sequence[Event | _Bad], stranger: ProcessKey) -> Cursor:
        entries = [self._kept(folder, cursor, entry) if isinstance(entry, _Bad) else entry for entry in parsed]
        self.forget(cursor.file)
        return append(self._connection, cursor, entries, stranger)

    def _kept(self, folder: Path, cursor: Cursor, bad: _Bad) -> BadLines:
        length_bytes = bad.end_bytes - bad.offset_bytes
        kept_as = self._quarantine.keep(folder / cursor.file, cursor.inode, bad.offset_bytes, length_bytes)
        return BadLines(bad.offset_bytes, length_bytes, bad.lines, bad.reason, kept_as, self._clock.now_ms())

    def _end_of_line(self, descriptor: int, cursor: Cursor, offset_bytes: int) -> int | None:
        """The offset after the next newline at or after ``offset_bytes``; None where there is none yet.

        What was looked through is not looked through again: a file of gigabytes without a newline grows, too.
        """
        offset_bytes = max(offset_bytes, self._searched_bytes.get(cursor.file, 0))
        while piece := self._files.read(descriptor, PIECE_BYTES, offset_bytes):
            found = piece.find(b"\n")
            if found >= 0:
                return offset_bytes + found + 1
            offset_bytes += len(piece)
        self._searched_bytes[cursor.file] = offset_bytes
        return None


@dataclass(slots=True)
class _Bad:
    """Neighbouring lines that are no events for the same reason; ``end_bytes`` is before the last one's newline."""

    offset_bytes: int
    end_bytes: int
    reason: str
    lines: int = 1


def _parsed(line: Line) -> Event | _Bad:
    try:
        return parse_line(line.content)
    except BadEvent as error:
        return _Bad(line.offset_bytes, line.end_bytes - 1, error.reason)


def _joined(entries: Iterator[Event | _Bad]) -> Iterator[Event | _Bad]:
    """The same, neighbours in badness as one: a file full of garbage must not make a row and a copy for every line."""
    bad: _Bad | None = None
    for entry in entries:
        if isinstance(entry, _Bad) and bad is not None and entry.reason == bad.reason:
            bad.end_bytes, bad.lines = entry.end_bytes, bad.lines + 1
            continue
        if bad is not None:
            yield bad
            bad = None
        if isinstance(entry, _Bad):
            bad = entry
        else:
            yield entry
    if bad is not None:
        yield bad
