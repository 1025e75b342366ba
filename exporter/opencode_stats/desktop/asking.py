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

from dbus_fast.aio import MessageBus
from dbus_fast.errors import AuthError, InvalidAddressError

from opencode_stats.desktop.bus import FIGURES_NAME, PANEL_NAME, SERVER
from opencode_stats.desktop.calls import BUS, Refused, call

PATIENCE_S: Final = 2.0
"""For the bus, and as much again for the notification server."""


async def ask(address: str) -> dict[str, Any]:
    """What the bus says.

    Raises:
        OSError, EOFError, AuthError, InvalidAddressError: there is no bus at that address, or it does not answer.
    """
    async with asyncio.timeout(PATIENCE_S):
        bus = await MessageBus(bus_address=address).connect()
        there = await _names(bus, "ListNames")
        starts = SERVER in await _names(bus, "ListActivatableNames")
    told = {"panel": PANEL_NAME in there, "figures": FIGURES_NAME in there, "server": "", "starts": starts, "error": ""}
    try:
        if SERVER in there:
            async with asyncio.timeout(PATIENCE_S):
                told["server"] = await _server_name(bus)
    except TimeoutError:
        told["error"] = "the notification server does not answer"
    finally:
        bus.disconnect()
    return told


async def _names(bus: MessageBus, member: str) -> list[str]:
    """What the bus lists; nothing where it does not tell."""
    try:
        names: list[str] = (await call(bus, BUS, member))[0]
    except Refused:
        return []
    return names


async def _server_name(bus: MessageBus) -> str:
    try:
        return str((await call(bus, SERVER, "GetServerInformation"))[0])
    except Refused:
        return "a server without a name"


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
