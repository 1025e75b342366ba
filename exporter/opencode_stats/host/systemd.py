"""Telling the service manager how we are (sd_notify(3)): one datagram, so it needs no library."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def notify(env: Mapping[str, str], state: str) -> bool:
    """Sends ``state`` (such as ``READY=1``) to the manager that ``NOTIFY_SOCKET`` names; False where none listens."""
    address = env.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
        try:
            channel.sendto(state.encode(), address)
        except OSError:
            # The manager went away; we go on without it, as we do where there never was one.
            return False
    return True
