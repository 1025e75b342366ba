"""Bad lines are kept, whole, with the reason in the ledger: a newer version may understand them, a person can look."""

from __future__ import annotations

import contextlib
import os
import shutil
from typing import TYPE_CHECKING, Final

from opencode_stats.host.files import FILES, own_folder

if TYPE_CHECKING:
    from pathlib import Path

    from opencode_stats.host.files import Files

MOST_BYTES: Final = 64 * 1024 * 1024
"""The folder's size at most; when it is full a bad line is still reported, but its bytes are not kept."""
MOST_FILES: Final = 1_000
_COPY_BYTES: Final = 1024 * 1024


class Quarantine:
    """The folder of bad lines; neighbours that are bad for the same reason are in one file."""

    def __init__(self, folder: Path, files: Files = FILES) -> None:
        self._folder = folder
        self._files = files
        self._sizes_bytes: dict[str, int] | None = None

    def keep(self, source: Path, inode: int, offset_bytes: int, length_bytes: int) -> str | None:
        """Copies a piece of a spool file and gives the copy's name; None where it is gone, or the quarantine full.

        The name is made of the piece's place, so that the same line read again after a crash is kept once.

        Raises:
            OSError: the copy can't be written; the line has to stay unread until it can.
        """
        own_folder(self._folder, self._files)
        name = f"{source.name}.{inode}.{offset_bytes}.bad"
        target = self._folder / name
        if not self._has_room(name, length_bytes):
            return None
        try:
            spool = self._files.open(source, os.O_RDONLY)
        except FileNotFoundError:
            # Deleted under the reader, who has it open still: its good lines count all the same.
            return None
        self._copy(spool, target, offset_bytes, length_bytes)
        self._sizes()[name] = length_bytes
        return name

    def clear(self) -> None:
        """Removes the folder with everything in it; no folder is no error."""
        if os.path.isdir(self._folder):
            shutil.rmtree(self._folder)
        self._sizes_bytes = None

    def _copy(self, spool: int, target: Path, offset_bytes: int, length_bytes: int) -> None:
        files = self._files
        with contextlib.ExitStack() as opened:
            opened.callback(files.close, spool)
            kept = files.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            opened.callback(files.close, kept)
            try:
                end_bytes = offset_bytes + length_bytes
                while offset_bytes < end_bytes:
                    rest = memoryview(files.read(spool, min(_COPY_BYTES, end_bytes - offset_bytes), offset_bytes))
                    if not rest:
                        break
                    offset_bytes += len(rest)
                    while rest:
                        rest = rest[files.write(kept, rest) :]
                files.fsync(kept)
            except OSError:
                # Half a copy is no evidence, and on a full disk its room is wanted.
                with contextlib.suppress(OSError):
                    files.unlink(target)
                raise

    def _has_room(self, name: str, length_bytes: int) -> bool:
        if self._fits(name, length_bytes):
            return True
        # Somebody may have cleared the folder since it was looked at.
        self._sizes_bytes = None
        return self._fits(name, length_bytes)

    def _fits(self, name: str, length_bytes: int) -> bool:
        others = {other: size_bytes for other, size_bytes in self._sizes().items() if other != name}
        return len(others) < MOST_FILES and sum(others.values()) + length_bytes <= MOST_BYTES

    def _sizes(self) -> dict[str, int]:
        """The files' sizes by name, read once: only we write here."""
        if self._sizes_bytes is None:
            names = self._files.names(self._folder)
            self._sizes_bytes = {name: self._files.lstat(self._folder / name).st_size for name in names}
        return self._sizes_bytes


def any_file(folder: Path) -> bool:
    """Whether anything is in quarantine; a folder that can't be looked into has to be taken for one."""
    try:
        with os.scandir(folder) as entries:
            return next(entries, None) is not None
    except FileNotFoundError:
        return False
    except OSError:
        return True
