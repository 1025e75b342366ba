"""This program's own files, by which a daemon sees that another version was installed under it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import opencode_stats

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE: Final = Path(opencode_stats.__file__).parent
"""The folder that this program runs from."""
_COMPILED: Final = "__pycache__"
"""Written when a module is first imported: it says nothing of what is installed."""


class Installation:
    """The files as they were when this was made; ``replaced`` compares. A look costs some hundred calls of lstat."""

    def __init__(self, package: Path = PACKAGE) -> None:
        self._package = package
        self._first = self._last = self._look()

    def replaced(self) -> bool:
        """Whether a whole other installation stands there: other files, the same ones as at the look before.

        An installer at work changes them between two looks, and for a moment has none.
        """
        before, self._last = self._last, self._look()
        return self._last == before and self._last not in (None, self._first)

    def _look(self) -> int | None:
        """A number for the files as they are; None where there is no program at all."""
        if not (self._package / "__init__.py").exists():
            return None
        return hash(
            frozenset((path, found.st_ino, found.st_size, found.st_mtime_ns) for path, found in _files(self._package))
        )


def changed_ms(package: Path = PACKAGE) -> int:
    """When a file of the program was last put in its place, Unix milliseconds; 0 where there is none."""
    # The change time: installers set the modification time to that of the build.
    return max((found.st_ctime_ns // 1_000_000 for _, found in _files(package)), default=0)


def _files(package: Path) -> Iterator[tuple[str, os.stat_result]]:
    for folder, folders, names in os.walk(package):
        folders[:] = [name for name in folders if name != _COMPILED]
        for name in names:
            path = os.path.join(folder, name)
            try:
                yield path, os.lstat(path)
            except FileNotFoundError:
                # An installer is at work; the next look will differ from this one.
                continue
