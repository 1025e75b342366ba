"""The file calls whose failure must be survived, as a parameter, so that tests can make each of them fail."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

OWN_FOLDER_MODE = 0o700
OWN_FILE_MODE = 0o600


class Files:
    """The operating system's own calls; each raises OSError as documented there."""

    def open(self, path: Path, flags: int, mode: int = OWN_FILE_MODE) -> int:
        """As the call of that name: never for children and never through a symbolic link at the end of the path."""
        return os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW, mode)

    def write(self, descriptor: int, content: memoryview) -> int:
        """As the call of that name; gives how many bytes it took, which may be fewer than given."""
        return os.write(descriptor, content)

    def read(self, descriptor: int, length_bytes: int, offset_bytes: int) -> bytes:
        """As the call "pread": from a place in the file, and fewer bytes only at its end."""
        return os.pread(descriptor, length_bytes, offset_bytes)

    def fsync(self, descriptor: int) -> None:
        """As the call of that name: waits until the disk has it."""
        os.fsync(descriptor)

    def close(self, descriptor: int) -> None:
        """As the call of that name."""
        os.close(descriptor)

    def replace(self, source: Path, target: Path) -> None:
        """As the call "rename": puts a file in another's place."""
        os.replace(source, target)

    def unlink(self, path: Path) -> None:
        """As the call of that name: removes a file."""
        os.unlink(path)

    def mkdir(self, path: Path, mode: int = OWN_FOLDER_MODE) -> None:
        """As the call of that name: makes one folder."""
        os.mkdir(path, mode)

    def names(self, folder: Path) -> list[str]:
        """What is in a folder, in no order; as the call "getdents"."""
        return os.listdir(folder)

    def lstat(self, path: Path) -> os.stat_result:
        """As the call of that name: what there is to know of a file, or of a link itself."""
        return os.lstat(path)

    def fstat(self, descriptor: int) -> os.stat_result:
        """As the call of that name: what there is to know of an open file."""
        return os.fstat(descriptor)


FILES: Final = Files()
"""The real calls, for whoever is given no others."""


def own_folder(path: Path, files: Files = FILES) -> None:
    """Makes the folder, for its owner alone whatever the umask.

    A folder that exists keeps its mode: it may be the user's choice, and ``doctor`` speaks of it.

    Raises:
        OSError: it can't be made.
    """
    missing = []
    folder = path
    while not os.path.lexists(folder):
        missing.append(folder)
        folder = folder.parent
    for folder in reversed(missing):
        try:
            files.mkdir(folder)
        except FileExistsError:
            # The plugin, or another exporter, was faster.
            continue
