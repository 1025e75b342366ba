"""The file calls whose failure must be survived, as a parameter, so that tests can make each of them fail."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

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


def own_folder(path: Path) -> None:
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
            os.mkdir(folder, OWN_FOLDER_MODE)
        except FileExistsError:
            # The plugin, or another exporter, was faster.
            continue
