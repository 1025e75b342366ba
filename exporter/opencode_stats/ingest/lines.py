"""Bytes in, complete lines out: pure, so that any split of a file into pieces can be shown to give the same lines."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One complete line without its newline, at its place in the file."""

    offset_bytes: int
    content: bytes

    @property
    def end_bytes(self) -> int:
        """Where the next line begins."""
        return self.offset_bytes + len(self.content) + 1


def cut(piece: bytes, offset_bytes: int) -> list[Line]:
    """The complete lines of a piece that begins at ``offset_bytes`` of its file, where a line begins too.

    What follows the last newline is not in the answer: it is read again when there is more of it.
    """
    lines = []
    start = 0
    while (end := piece.find(b"\n", start)) >= 0:
        lines.append(Line(offset_bytes + start, piece[start:end]))
        start = end + 1
    return lines
