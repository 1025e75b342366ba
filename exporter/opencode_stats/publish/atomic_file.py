"""Replacing a file so that a reader sees the old bytes or the new bytes, at every instant and after every crash.

Steps: temp file in our own folder → write → fsync → rename → fsync of both folders. The temp file is ours alone, so a
crash leaves at most one stray file where nobody else looks; the next start sweeps it (``sweep``).
"""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING, Literal

from opencode_stats.host.files import sync_folder

if TYPE_CHECKING:
    from pathlib import Path

    from opencode_stats.host.files import Files

Outcome = Literal["published", "published, durability unknown"]

TEMP_PREFIX = ".opencode-stats-"
TEMP_ENDING = ".tmp"
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL


def replace_file(files: Files, target: Path, content: bytes, temp_folder: Path) -> Outcome:
    """Puts ``content`` in the place of ``target``, mode 0600.

    When the rename has happened readers see the new bytes: an error after it makes the outcome *durability unknown*
    (a power cut may still bring the old bytes back), and is no reason to publish again. A file system that can't sync
    folders at all makes no error: there no outcome would ever be another.

    Raises:
        OSError: the old bytes are still there, and no temp file is left (short of a crash).
    """
    name = f"{TEMP_PREFIX}{target.name}.{os.getpid()}{TEMP_ENDING}"
    try:
        folder = _rename_into_place(files, target, content, temp_folder / name)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        # Equal st_dev proves nothing: two bind mounts of one file system refuse the rename as well.
        folder = _rename_into_place(files, target, content, target.parent / name)
    durable = _is_synced(files, target.parent)
    if folder != target.parent:
        durable = _is_synced(files, folder) and durable
    return "published" if durable else "published, durability unknown"


def sweep(files: Files, *folders: Path) -> int:
    """Removes what a crash left half-written in these folders, and gives the number of files.

    One that can't be removed stays for the next start: it is in nobody's way, and no reason not to work.
    """
    swept = 0
    for folder in folders:
        try:
            names = files.names(folder)
        except FileNotFoundError:
            continue
        for name in names:
            if name.startswith(TEMP_PREFIX) and name.endswith(TEMP_ENDING):
                swept += _is_swept(files, folder / name)
    return swept


def _is_swept(files: Files, path: Path) -> bool:
    try:
        if not stat.S_ISREG(files.lstat(path).st_mode):
            # Ours are plain files; this is something else that has such a name.
            return False
        files.unlink(path)
    except OSError:
        return False
    return True


def _rename_into_place(files: Files, target: Path, content: bytes, temp: Path) -> Path:
    try:
        descriptor = files.open(temp, _NEW)
    except FileExistsError:
        # Left by a failure of ours; or laid there by somebody who may write to the folder, for us to write through.
        files.unlink(temp)
        descriptor = files.open(temp, _NEW)
    try:
        try:
            rest = memoryview(content)
            while rest:
                rest = rest[files.write(descriptor, rest) :]
            files.fsync(descriptor)
        finally:
            files.close(descriptor)
        files.replace(temp, target)
    except OSError as error:
        _remove(files, temp)
        if error.filename is None:
            # A full disk is told by write(2), which knows no names; whoever is to make room has to know where.
            error.filename = str(temp.parent)
        raise
    return temp.parent


def _remove(files: Files, temp: Path) -> None:
    try:
        files.unlink(temp)
    except OSError:
        # The first error is the one to tell; what stays here is swept at the next start.
        return


def _is_synced(files: Files, folder: Path) -> bool:
    """Whether as much was done for the folder as its file system can do."""
    try:
        # The folder itself, where the user has linked it to another disk: Files opens no link.
        sync_folder(folder.resolve(), files)
    except OSError:
        return False
    return True
