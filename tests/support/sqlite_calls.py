"""SQLite's own calls to the operating system, one by one: each can be made to fail, or be the last that is made.

SQLite's unix layer lets its system calls be replaced (``sqlite3_vfs.xSetSystemCall``, sqlite.org/c3ref/vfs.html), for
just this purpose. What fails then is SQLite itself, half-way through whatever it was doing.
"""

from __future__ import annotations

import _sqlite3
import ctypes
from contextlib import contextmanager
from ctypes import CFUNCTYPE, c_char_p, c_int, c_int64, c_size_t, c_void_p
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SHAPES: Final[dict[str, tuple[Any, ...]]] = {
    "open": (c_int, c_char_p, c_int, c_int),
    "fstat": (c_int, c_int, c_void_p),
    "ftruncate": (c_int, c_int, c_int64),
    "fcntl": (c_int, c_int, c_int, c_void_p),
    "pread64": (c_int64, c_int, c_void_p, c_size_t, c_int64),
    "pread": (c_int64, c_int, c_void_p, c_size_t, c_int64),
    "pwrite64": (c_int64, c_int, c_void_p, c_size_t, c_int64),
    "pwrite": (c_int64, c_int, c_void_p, c_size_t, c_int64),
    "unlink": (c_int, c_char_p),
    "mmap": (c_void_p, c_void_p, c_size_t, c_int, c_int, c_int, c_int64),
}
"""Call → what it gives, then what it takes; those that SQLite was not built with are passed over."""
_Sleep: Final = CFUNCTYPE(c_int, c_void_p, c_int)
_MAP_FAILED: Final = 2**64 - 1


class _Vfs(ctypes.Structure):
    """``sqlite3_vfs``, version 3, as far as it is needed."""

    _fields_ = (
        ("iVersion", c_int),
        ("szOsFile", c_int),
        ("mxPathname", c_int),
        ("pNext", c_void_p),
        ("zName", c_char_p),
        ("pAppData", c_void_p),
        *((f"before_sleep{number}", c_void_p) for number in range(9)),
        ("xSleep", c_void_p),
        *((f"after_sleep{number}", c_void_p) for number in range(3)),
        ("xSetSystemCall", CFUNCTYPE(c_int, c_void_p, c_char_p, c_void_p)),
        ("xGetSystemCall", CFUNCTYPE(c_void_p, c_void_p, c_char_p)),
    )


@contextmanager
def through(before: Callable[[str], int]) -> Iterator[None]:
    """For the block, asks ``before`` at each of SQLite's system calls; an errno that it gives is what comes of it.

    ``before`` is called with the call's name, on the thread that is in SQLite, and must not raise: an exception does
    not get through SQLite.
    """
    # The very library that Python's own module uses: the loader looks a name up in what a module depends on, too.
    library = ctypes.CDLL(getattr(_sqlite3, "__file__", None))
    library.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
    library.sqlite3_vfs_find.argtypes = (c_char_p,)
    vfs = library.sqlite3_vfs_find(b"unix")
    kept: list[Any] = [_Sleep(lambda vfs, microseconds: microseconds)]
    real_sleep = vfs.contents.xSleep
    try:
        # SQLite waits some ten seconds in all for a lock that something keeps taken; nothing here gives one back.
        vfs.contents.xSleep = ctypes.cast(kept[0], c_void_p)
        for name, shape in _SHAPES.items():
            address = vfs.contents.xGetSystemCall(vfs, name.encode())
            if address is None:
                continue
            kind = CFUNCTYPE(*shape, use_errno=True)
            stand_in = kind(_asking(name, kind(address), before))
            kept.append(stand_in)
            vfs.contents.xSetSystemCall(vfs, name.encode(), ctypes.cast(stand_in, c_void_p))
        yield
    finally:
        vfs.contents.xSetSystemCall(vfs, None, None)
        vfs.contents.xSleep = real_sleep


def _asking(name: str, real: Callable[..., Any], before: Callable[[str], int]) -> Callable[..., Any]:
    failed = _MAP_FAILED if name == "mmap" else -1

    def call(*arguments: Any) -> Any:  # noqa: ANN401 - a system call's
        code = before(name)
        if code:
            ctypes.set_errno(code)
            return failed
        return real(*arguments)

    return call
