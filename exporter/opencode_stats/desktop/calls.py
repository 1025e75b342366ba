"""Calls over the session's bus, for the programs that speak on it: one method, and what is asked of desktops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dbus_fast import Message, MessageFlag, MessageType

from opencode_stats.desktop.bus import PANEL_NAME, PANEL_UUID, SERVER

if TYPE_CHECKING:
    from dbus_fast.aio import MessageBus

BUS: Final = "org.freedesktop.DBus"


class Refused(Exception):
    """The other side answered with an error, whose name this is."""


async def call(
    bus: MessageBus,
    name: str,
    member: str,
    signature: str = "",
    body: list[Any] | None = None,
    *,
    path: str = "",
    interface: str = "",
    start: bool = False,
) -> list[Any]:
    """Calls a method and gives what it returns; it waits for as long as the other side takes.

    Args:
        bus: the connection.
        name: who is called; path and interface are its, too, unless they are given.
        member: the method.
        signature: the types of ``body``, as D-Bus writes them.
        body: the arguments.
        path: the object.
        interface: the interface.
        start: whether the bus may start who is called, if it is not there.

    Raises:
        Refused: the answer is an error.
        OSError, EOFError: the bus has gone.
    """
    message = Message(
        destination=name,
        path=path or f"/{name.replace('.', '/')}",
        interface=interface or name,
        member=member,
        signature=signature,
        body=body or [],
        flags=MessageFlag.NONE if start else MessageFlag.NO_AUTOSTART,
    )
    reply = await bus.call(message)
    if reply.message_type is MessageType.ERROR:
        raise Refused(reply.error_name)
    return list(reply.body)


async def has_owner(bus: MessageBus, name: str) -> bool:
    """Whether somebody has this name on the bus."""
    return bool((await call(bus, BUS, "NameHasOwner", "s", [name]))[0])


async def server_now(bus: MessageBus) -> str:
    """The bus and the connection of the server that shows notifications; empty where there is none."""
    try:
        owner = (await call(bus, BUS, "GetNameOwner", "s", [SERVER]))[0]
    except Refused:
        return ""
    return f"{(await call(bus, BUS, 'GetId'))[0]}{owner}"


async def panel_shows(bus: MessageBus) -> bool:
    """Whether the GNOME panel shows notifications, or will: a locked Shell disables it until it is unlocked."""
    if await has_owner(bus, PANEL_NAME):
        return True
    shell, saver = "org.gnome.Shell", "org.gnome.ScreenSaver"
    if not (await has_owner(bus, shell) and await has_owner(bus, saver)):
        return False
    try:
        if not (await call(bus, saver, "GetActive", path="/org/gnome/ScreenSaver"))[0]:
            return False
        asked = "org.gnome.Shell.Extensions"
        (found,) = await call(
            bus, shell, "GetExtensionInfo", "s", [PANEL_UUID], interface=asked, path="/org/gnome/Shell"
        )
    except Refused:
        return False
    enabled = found.get("enabled")
    return enabled is not None and bool(enabled.value)
