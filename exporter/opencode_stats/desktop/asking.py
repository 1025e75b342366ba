"""The program that asks the session's bus who would show notifications; prints a line of JSON, and changes nothing.

``panel``: the GNOME panel is there. ``server``: the name of the notification server, or empty. ``starts``: where none
is there, whether the bus would start one. ``figures``: somebody owns the name of our figures. ``error``: who did not
answer, and why; or empty.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any, Final

from dbus_fast import Message, MessageFlag, MessageType
from dbus_fast.aio import MessageBus
from dbus_fast.errors import AuthError, InvalidAddressError

from opencode_stats.desktop.bus import FIGURES_NAME, PANEL_NAME, SERVER

PATIENCE_S: Final = 2.0
"""For the bus, and as much again for the notification server."""
_BUS: Final = "org.freedesktop.DBus"


async def ask(address: str) -> dict[str, Any]:
    """What the bus says.

    Raises:
        OSError, EOFError, AuthError, InvalidAddressError: there is no bus at that address, or it does not answer.
    """
    async with asyncio.timeout(PATIENCE_S):
        bus = await MessageBus(bus_address=address).connect()
        there = (await _call(bus, _BUS, "ListNames"))[0]
        starts = SERVER in (await _call(bus, _BUS, "ListActivatableNames"))[0]
    told = {"panel": PANEL_NAME in there, "figures": FIGURES_NAME in there, "server": "", "starts": starts, "error": ""}
    try:
        if SERVER in there:
            async with asyncio.timeout(PATIENCE_S):
                told["server"] = (await _call(bus, SERVER, "GetServerInformation") or ["a server without a name"])[0]
    except TimeoutError:
        told["error"] = "the notification server does not answer"
    finally:
        bus.disconnect()
    return told


async def _call(bus: MessageBus, name: str, member: str) -> list[Any]:
    """What it answers; empty where that is an error."""
    call = Message(
        destination=name,
        path=f"/{name.replace('.', '/')}",
        interface=name,
        member=member,
        flags=MessageFlag.NO_AUTOSTART,
    )
    reply = await bus.call(call)
    return [] if reply.message_type is MessageType.ERROR else list(reply.body)


def main() -> None:
    """The address of the bus is in the environment."""
    try:
        told = asyncio.run(ask(os.environ["DBUS_SESSION_BUS_ADDRESS"]))
    except (OSError, EOFError, AuthError, InvalidAddressError) as error:
        # TimeoutError is an OSError.
        why = f"the session bus does not answer ({type(error).__name__})"
        told = {"panel": False, "figures": False, "server": "", "starts": False, "error": why}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
