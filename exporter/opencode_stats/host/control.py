"""Asking the daemon for something and waiting until it is done: one line out, one line back, over a Unix socket."""

from __future__ import annotations

import os
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TAKE_IN: Final = b"take-in\n"
"""Take in the spool as it is now, publish, then answer."""
DONE: Final = b"done\n"
_LONGEST_ADDRESS_BYTES: Final = 103  # sun_path without its end: 104 on macOS, 108 on Linux (unix(7))


@contextmanager
def address_of(path: Path) -> Iterator[str]:
    """The socket's address; where the path is too long for one, a short way through its folder's descriptor."""
    if len(os.fsencode(path)) <= _LONGEST_ADDRESS_BYTES:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def ask(path: Path, request: bytes, timeout_s: float) -> bool:
    """Sends the request and waits for the answer; False where no daemon took it or the time was not enough."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel:
        channel.settimeout(timeout_s)
        try:
            with address_of(path) as address:
                channel.connect(address)
            channel.sendall(request)
            return channel.recv(len(DONE)) == DONE
        except OSError:
            # No daemon, or one that just ended: the caller does the work itself.
            return False


def listens(path: Path) -> bool:
    """Whether a daemon is there to be asked: the kernel keeps the request of one that is stopped or busy, too."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel:
        channel.settimeout(1)
        try:
            with address_of(path) as address:
                channel.connect(address)
        except OSError:
            return False
    return True
