"""Bad lines are kept, whole, with the reason in the ledger: a newer version may understand them, a person can look."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Final

from opencode_stats.host.files import OWN_FILE_MODE, own_folder

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES: Final = 64 * 1024 * 1024
"""The folder's size at most; when it is full a bad line is still reported, but its bytes are not kept."""
_COPY_BYTES: Final = 1024 * 1024


class Quarantine:
    """The folder of bad lines, one file each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, source: Path, inode: int, offset_bytes: int, length_bytes: int) -> str | None:
        """Copies a piece of a spool file and gives the copy's name; None where the quarantine is full.

        The name is made of the piece's place, so that the same line read again after a crash is kept once.

        Raises:
            OSError: the copy can't be written; the line has to stay unread until it can.
        """
        own_folder(self._folder)
        name = f"{source.name}.{inode}.{offset_bytes}.bad"
        target = self._folder / name
        if self._size_bytes(but=name) + length_bytes > MOST_BYTES:
            return None
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
        with open(source, "rb") as spool, open(os.open(target, flags, OWN_FILE_MODE), "wb") as kept:
            spool.seek(offset_bytes)
            left_bytes = length_bytes
            while left_bytes and (piece := spool.read(min(_COPY_BYTES, left_bytes))):
                kept.write(piece)
                left_bytes -= len(piece)
            kept.flush()
            os.fsync(kept.fileno())
        return name

    def clear(self) -> None:
        """Removes the folder with everything in it; no folder is no error."""
        if os.path.isdir(self._folder):
            shutil.rmtree(self._folder)

    def _size_bytes(self, *, but: str) -> int:
        with os.scandir(self._folder) as entries:
            return sum(entry.stat(follow_symlinks=False).st_size for entry in entries if entry.name != but)
