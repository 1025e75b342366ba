"""Spool files that are taken in and finished: kept until backups of the ledger hold what they said.

Should the ledger come to harm, they are brought back and read again from where the backup's cursors stand, so a backup
of yesterday and the lines since make the ledger of today (docs/adr/0009-backups-and-recovery.md). A kept file is named
after the moment at which it was finished, ``1795262400000_NAME``.
"""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING, Final

from opencode_stats.host.files import FILES, own_folder

if TYPE_CHECKING:
    from pathlib import Path

    from opencode_stats.host.files import Files

MOST_BYTES: Final = 64 * 1024 * 1024
"""More is never kept: a month of heavy use. What is older than that is in OpenCode's own storage."""
_NAME: Final = re.compile(r"(?P<ms>[0-9]{1,15})_(?P<name>.+)")


def keep(file: Path, folder: Path, now_ms: int, files: Files = FILES) -> None:
    """Puts a finished spool file away.

    Raises:
        OSError: it stays where it is.
    """
    own_folder(folder, files)
    files.replace(file, folder / f"{now_ms}_{file.name}")


def trim(folder: Path, files: Files = FILES) -> None:
    """Removes the oldest kept files where there are too many bytes; it looks at all of them.

    Raises:
        OSError: one can't be removed.
    """
    there = _kept(folder, files)
    kept_bytes = sum(size for _, _, size in there)
    for _, name, size in there:
        if kept_bytes <= MOST_BYTES:
            break
        files.unlink(folder / name)
        kept_bytes -= size


def drop_covered(folder: Path, before_ms: int, files: Files = FILES) -> int:
    """Removes what was finished before that moment, and gives the number of files.

    Raises:
        OSError: one can't be removed.
    """
    covered = [name for finished_ms, name, _ in _kept(folder, files) if finished_ms < before_ms]
    for name in covered:
        files.unlink(folder / name)
    return len(covered)


def bring_back(folder: Path, spool: Path, files: Files = FILES) -> int:
    """Puts everything back into the spool, to be read again, and gives the number of files.

    Raises:
        OSError: one can't be moved; those before it are back.
    """
    there = _kept(folder, files)
    for _, name, _ in there:
        own = name.partition("_")[2]
        # The name is taken where its process goes on after all; the other name tells as much to the reader.
        target = spool / (name if os.path.lexists(spool / own) else own)
        files.replace(folder / name, target)
    return len(there)


def _kept(folder: Path, files: Files) -> list[tuple[int, str, int]]:
    """When each was finished, its name here and its size; the oldest first."""
    found = []
    try:
        names = files.names(folder)
    except FileNotFoundError:
        return []
    for name in names:
        parts = _NAME.fullmatch(name)
        there = files.lstat(folder / name)
        if parts is not None and stat.S_ISREG(there.st_mode):
            found.append((int(parts["ms"]), name, there.st_size))
    return sorted(found)
