"""Opening a database of OpenCode: for reading only, and so that nothing new lies beside it afterwards.

Who reads a database with a write-ahead log makes SQLite put ``-wal`` and ``-shm`` beside it, and a reader may not take
them away again. Where there is no log nobody has the database open, all of it is in the one file, and SQLite can be
told so (``immutable``). Should OpenCode start while we read, it writes into a new log first; only when that is brought
into the file could we have read half of a change. The file's state tells.
"""

from __future__ import annotations

import os
import urllib.parse
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_WITH_LOG: Final = 2
_READ_VERSION_AT: Final = 19
"""The byte of the header that is 2 where there is a write-ahead log (sqlite.org/fileformat2.html, 1.3.3)."""


class Opening:
    """One opening of the database; ``uri`` is for SQLite, ``path`` is where it is."""

    def __init__(self, path: Path, *, alone: bool = True) -> None:
        """``alone`` False: SQLite's own locks, whatever appears beside the file."""
        self.path = path
        self._state = _state(path) if alone and _is_alone(path) else None
        left_alone = "" if self._state is None else "&immutable=1"
        self.uri = f"file:{urllib.parse.quote(str(path))}?mode=ro{left_alone}"

    @property
    def torn(self) -> bool:
        """Whether the file was written since: nothing that was read of it is sure, and it is to be opened not alone."""
        return self._state is not None and _state(self.path) != self._state


def _is_alone(path: Path) -> bool:
    # A log that is there belongs to somebody who is at work, or was killed.
    if os.path.lexists(f"{os.path.realpath(path)}-wal"):
        return False
    try:
        with open(path, "rb") as file:
            return file.read(_READ_VERSION_AT + 1)[_READ_VERSION_AT:] == bytes([_WITH_LOG])
    except OSError:
        # SQLite will say what is wrong.
        return False


def _state(path: Path) -> tuple[int, ...] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
