"""The daemon's end of the control socket: takes requests, and answers when the next publishing has been done."""

from __future__ import annotations

import os
import socket
import struct
from typing import TYPE_CHECKING, Final

from opencode_stats.errors import UserError
from opencode_stats.host.control import DONE, TAKE_IN, address_of
from opencode_stats.host.files import OWN_FILE_MODE

if TYPE_CHECKING:
    from pathlib import Path

BACKLOG: Final = 4096
"""Linux refuses at once who finds the queue full; the kernel takes the smaller of this and its own bound."""
MOST_SILENT: Final = 64
"""Connections on which nothing was said yet; the oldest gives way to a new one."""
MOST_ASKING: Final = 256
"""Answers owed at a time, far below the usual 1024 descriptors; who comes later waits in the kernel's queue."""


_ROOT: Final = 0
_CREDENTIALS: Final = struct.Struct("3i")
"""unix(7), SO_PEERCRED: pid, uid, gid of who called connect(2)."""


class ControlServer:
    """Listens for requests; ``descriptors`` are to be polled for reading.

    Raises:
        UserError: the socket can't be made.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._silent: dict[int, socket.socket] = {}
        self._asking: dict[int, socket.socket] = {}
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.settimeout(0)
        try:
            # We hold the exporter's lock, so a socket that is there is a dead exporter's.
            path.unlink(missing_ok=True)
            with address_of(path) as address:
                self._listener.bind(address)
            os.chmod(path, OWN_FILE_MODE)
            self._listener.listen(BACKLOG)
        except OSError as error:
            self._listener.close()
            raise UserError(f"The socket {path} can't be made: {error.strerror}. Move away what is there.") from error

    @property
    def descriptors(self) -> list[int]:
        """What to wait for: new connections while there is room, requests, and the going of who asked."""
        listening = [self._listener.fileno()] if len(self._asking) < MOST_ASKING else []
        return [*listening, *self._silent, *self._asking]

    @property
    def asked(self) -> bool:
        """Whether somebody waits for an answer."""
        return bool(self._asking)

    def serve(self, descriptor: int) -> None:
        """Takes what came on this descriptor; never waits."""
        if descriptor == self._listener.fileno():
            self._accept()
        elif (channel := self._silent.pop(descriptor, None)) is not None:
            self._read(channel)
        elif (channel := self._asking.pop(descriptor, None)) is not None:
            # It went away, or talks on where there is nothing more to say.
            channel.close()

    def answer(self) -> None:
        """Tells everybody who asked that it is done."""
        for channel in self._asking.values():
            with channel:
                try:
                    channel.send(DONE)
                except OSError:
                    # It asked and did not wait.
                    continue
        self._asking.clear()

    def close(self) -> None:
        """Ends the listening; who still waits sees the connection end, and does the work itself."""
        for channel in (*self._silent.values(), *self._asking.values(), self._listener):
            channel.close()
        self._path.unlink(missing_ok=True)

    def _accept(self) -> None:
        try:
            channel, _ = self._listener.accept()
        except OSError:
            # It went away before we looked.
            return
        if _peer_uid(channel) not in (os.geteuid(), _ROOT):
            # The rights of folder and socket keep others out; this holds where somebody has changed them.
            channel.close()
            return
        channel.settimeout(0)
        if len(self._silent) >= MOST_SILENT:
            self._silent.pop(next(iter(self._silent))).close()
        self._silent[channel.fileno()] = channel

    def _read(self, channel: socket.socket) -> None:
        try:
            request = channel.recv(len(TAKE_IN))
        except OSError:
            request = b""
        if request == TAKE_IN:
            self._asking[channel.fileno()] = channel
        else:
            channel.close()


def _peer_uid(channel: socket.socket) -> int:
    """Whose process is at the other end; our own user's where the system doesn't tell (macOS)."""
    if not hasattr(socket, "SO_PEERCRED"):
        return os.geteuid()
    _, uid, _ = _CREDENTIALS.unpack(channel.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    return int(uid)
