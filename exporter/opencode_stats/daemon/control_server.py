"""The daemon's end of the control socket: takes requests, and answers when the next publishing has been done."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

from opencode_stats.host.control import DONE, TAKE_IN, address_of
from opencode_stats.host.files import OWN_FILE_MODE

if TYPE_CHECKING:
    from pathlib import Path

_BACKLOG = 64
_MOST_WAITING = 64


class ControlServer:
    """Listens for requests; ``descriptors`` are to be polled for reading."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        self._listener.settimeout(0)
        try:
            # We hold the exporter's lock, so a socket that is there is a dead exporter's.
            path.unlink(missing_ok=True)
            with address_of(path) as address:
                self._listener.bind(address)
            os.chmod(path, OWN_FILE_MODE)
            self._listener.listen(_BACKLOG)
        except BaseException:
            self._listener.close()
            raise
        self._open: dict[int, socket.socket] = {}
        self._asked: list[socket.socket] = []

    @property
    def descriptors(self) -> list[int]:
        """What to wait for."""
        return [self._listener.fileno(), *self._open]

    @property
    def asked(self) -> bool:
        """Whether somebody waits for an answer."""
        return bool(self._asked)

    def serve(self, descriptor: int) -> None:
        """Takes what came on this descriptor; never waits."""
        if descriptor == self._listener.fileno():
            self._accept()
        elif (channel := self._open.pop(descriptor, None)) is not None:
            self._read(channel)

    def answer(self) -> None:
        """Tells everybody who asked that it is done."""
        for channel in self._asked:
            with channel:
                try:
                    channel.send(DONE)
                except OSError:
                    # It asked and did not wait.
                    continue
        self._asked.clear()

    def close(self) -> None:
        """Ends the listening; who still waits sees the connection end, and does the work itself."""
        for channel in (*self._open.values(), *self._asked, self._listener):
            channel.close()
        self._path.unlink(missing_ok=True)

    def _accept(self) -> None:
        try:
            channel, _ = self._listener.accept()
        except OSError:
            # It went away before we looked.
            return
        channel.settimeout(0)
        if len(self._open) + len(self._asked) >= _MOST_WAITING:
            channel.close()
        else:
            self._open[channel.fileno()] = channel

    def _read(self, channel: socket.socket) -> None:
        try:
            request = channel.recv(len(TAKE_IN))
        except OSError:
            request = b""
        if request == TAKE_IN:
            self._asked.append(channel)
        else:
            channel.close()
