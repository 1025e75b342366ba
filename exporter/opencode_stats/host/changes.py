"""Waiting until a file that is replaced may be another one, without looking at it again and again.

The folder is watched and not the file, because the file is replaced; only for names that come and go, so that a busy
neighbour's writing wakes nobody. On Linux that is inotify(7), on macOS and the BSDs kqueue(2), both with the standard
library alone: ``watchfiles`` wakes up some times a second by itself and brings asyncio, for a program that a status bar
keeps for days. Where neither can be had (all watches of the user are taken), there is nothing to wait on, and who waits
looks every second.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import sys
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from pathlib import Path

NET_S: Final = 60.0
"""How long to trust the kernel: another machine's changes on a network file system are not told."""
FALLBACK_S: Final = 1.0
_READ_BYTES: Final = 64 * 1024
_IN_MOVED_FROM: Final = 0x40
_IN_MOVED_TO: Final = 0x80
_IN_CREATE: Final = 0x100
_IN_DELETE: Final = 0x200
_IN_MOVE_SELF: Final = 0x800
_IN_ONLYDIR: Final = 0x01000000
_MASK: Final = _IN_MOVED_FROM | _IN_MOVED_TO | _IN_CREATE | _IN_DELETE | _IN_MOVE_SELF | _IN_ONLYDIR
_NOT_THERE: Final = (errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.ELOOP, errno.ENAMETOOLONG)


class Changes(Protocol):
    """What tells that a file may have been replaced.

    ``descriptor`` is readable then, or None where there is nothing to wait on; look anyway after ``patience_s``.
    """

    descriptor: int | None
    patience_s: float

    def settle(self) -> None:
        """Takes what has been told so far, and follows folders that have come or gone. Before the file is read."""

    def close(self) -> None:
        """Watches no longer."""


def changes_of(path: Path) -> Changes:
    """What tells of changes of this file, which need not be there, nor its folder."""
    try:
        return _Inotify(path) if sys.platform == "linux" else _Kqueue(path)
    except (OSError, AttributeError):
        # No kqueue, no inotify in this C library, or none left for this user.
        return _Nothing()


class _Nothing:
    descriptor: int | None = None
    patience_s = FALLBACK_S

    def settle(self) -> None:
        """Nothing has been told."""

    def close(self) -> None:
        """Nothing is open."""


class _Inotify:
    """inotify(7) through the C library that Python itself is linked with."""

    patience_s = NET_S

    def __init__(self, path: Path) -> None:
        import ctypes  # noqa: PLC0415 - only for who waits

        self._folders = (path.parent, *path.parent.parents)
        self._libc: Any = ctypes.CDLL(None, use_errno=True)
        self._errno = ctypes.get_errno
        self._watch = -1
        self._opened: int = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._opened < 0:
            raise OSError(self._errno(), os.strerror(self._errno()))
        self.descriptor: int | None = self._opened
        self.settle()

    def settle(self) -> None:
        """As told there."""
        with contextlib.suppress(BlockingIOError):
            while len(os.read(self._opened, _READ_BYTES)) == _READ_BYTES:
                pass
        watch = self._nearest()
        self.patience_s = NET_S if watch >= 0 else FALLBACK_S
        if watch != self._watch:
            if self._watch >= 0:
                # An error says that it went with its folder.
                self._libc.inotify_rm_watch(self._opened, self._watch)
            self._watch = watch
            # A nearer folder may have been made before the farther one was watched.
            self.settle()

    def _nearest(self) -> int:
        """Watches the nearest folder that is there; one that is watched already keeps its number.

        -1 where no watch can be had.
        """
        for folder in self._folders:
            watch: int = self._libc.inotify_add_watch(self._opened, os.fsencode(folder), _MASK)
            if watch >= 0:
                return watch
            if self._errno() not in _NOT_THERE:
                break
        return -1

    def close(self) -> None:
        """As told there."""
        os.close(self._opened)


class _Kqueue:
    """kqueue(2): a folder's descriptor tells that names in it came or went."""

    patience_s = NET_S

    def __init__(self, path: Path, kernel: Any = select) -> None:  # noqa: ANN401 - on Linux the module has no kqueue
        self._folders = (path.parent, *path.parent.parents)
        self._kernel = kernel
        self._queue = kernel.kqueue()
        self._watched: tuple[int, int] | None = None
        self._folder = -1
        self.descriptor: int | None = self._queue.fileno()
        self.settle()

    def settle(self) -> None:
        """As told there."""
        self._queue.control([], 64, 0)
        for folder in self._folders:
            try:
                opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            except OSError:
                continue
            found = os.fstat(opened)
            if (found.st_dev, found.st_ino) == self._watched:
                os.close(opened)
                return
            self._follow(opened, (found.st_dev, found.st_ino))
            self.settle()
            return

    def _follow(self, opened: int, which: tuple[int, int]) -> None:
        kernel = self._kernel
        notes = kernel.KQ_NOTE_WRITE | kernel.KQ_NOTE_DELETE | kernel.KQ_NOTE_RENAME
        event = kernel.kevent(opened, kernel.KQ_FILTER_VNODE, kernel.KQ_EV_ADD | kernel.KQ_EV_CLEAR, notes)
        self._queue.control([event], 0)
        if self._folder >= 0:
            # Its events go with the descriptor.
            os.close(self._folder)
        self._folder, self._watched = opened, which

    def close(self) -> None:
        """As told there."""
        if self._folder >= 0:
            os.close(self._folder)
        self._queue.close()
