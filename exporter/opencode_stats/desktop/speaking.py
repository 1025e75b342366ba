"""The program that shows notifications: requests on stdin, for each an answer on stdout, all of them lines of JSON.

Request: ``notices`` (``subject``, ``kind``, ``title``, ``body``, ``pressing``), ``close`` (subjects), ``sound``,
``listen``, ``server`` and ``ids`` (what is shown, as the last answer said). Answer: ``server`` and ``ids`` as they are
now, ``error`` (a D-Bus error's name, or empty), ``silent`` where the GNOME panel does the showing.

With ``listen`` it stays for the next request while a notification that it showed is open, until stdin ends or an hour
is over, and writes a line for each that is clicked: ``opened`` (the subject) and ``token`` (for raising a window under
Wayland, or empty). It stays, because some servers (dunst) tell of a click only the connection that showed.

Source: Desktop Notifications Specification 1.3, https://specifications.freedesktop.org/notification-spec/.
"""

from __future__ import annotations

import asyncio
import html
import json
import os
import sys
from typing import TYPE_CHECKING, Any, Final

from dbus_fast import Message, MessageFlag, MessageType, Variant
from dbus_fast.aio import MessageBus

from opencode_stats.desktop.bus import PANEL_NAME, PANEL_UUID

if TYPE_CHECKING:
    from collections.abc import Mapping

APP_NAME: Final = "OpenCode"
SERVER: Final = "org.freedesktop.Notifications"
PATIENCE_S: Final = 8.0
"""Includes the time in which the bus starts a notification server."""
LISTENS_S: Final = 60 * 60.0
_LONGEST_REQUEST_BYTES: Final = 2**20
_BUS: Final = "org.freedesktop.DBus"
_SOUND: Final = "message-new-instant"
"""As the GNOME panel; from freedesktop.org's sound naming specification."""
_CRITICAL: Final = 2
_NORMAL: Final = 1
_CATEGORIES: Final = {"error": "transfer.error", "finished": "transfer.complete"}
_YES: Final = Variant("b", True)  # noqa: FBT003 - a value on the bus
_OWN_CATEGORY: Final = "x-opencode-stats"


class Refused(Exception):
    """The other side answered with an error, whose name this is."""


class Speaking:
    """One connection to the bus."""

    def __init__(self, bus: MessageBus) -> None:
        self._bus = bus
        self._server = ""
        self._ids: dict[str, int] = {}
        self._own: set[int] = set()
        self._tokens: dict[int, str] = {}
        self._hears = False
        self.nothing_open = asyncio.Event()

    async def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Does what was asked for."""
        if request["listen"] and not self._hears:
            self._hears = True
            self._bus.add_message_handler(self._hear)
            await self._call(_BUS, "AddMatch", "s", [f"type='signal',sender='{SERVER}',interface='{SERVER}'"])
        server = await self._server_now()
        if server != self._server:
            # Who asks knows what another process of ours has shown. Numbers of a server that is gone mean nothing.
            self._ids, self._own = (dict(request["ids"]) if server == request["server"] else {}), set()
        error, silent = "", False
        try:
            for subject in request["close"]:
                number = self._ids.pop(subject, 0)
                if number:
                    self._own.discard(number)
                    await self._call(SERVER, "CloseNotification", "u", [number])
            silent = bool(request["notices"]) and await self._is_panel_there()
            if request["notices"] and not silent:
                capabilities = (await self._call(SERVER, "GetCapabilities"))[0]
                for notice in request["notices"]:
                    number = await self._notify(notice, request, capabilities)
                    self._ids[notice["subject"]] = number
                    self._own.add(number)
        except Refused as refused:
            error = str(refused)
        self._server = await self._server_now()
        if self._own:
            self.nothing_open.clear()
        else:
            self.nothing_open.set()
        return {"server": self._server, "ids": self._ids, "error": error, "silent": silent}

    async def _is_panel_there(self) -> bool:
        """Whether the GNOME panel shows, or will: a locked Shell disables it until it is unlocked."""
        if await self._has_owner(PANEL_NAME):
            return True
        shell, saver = "org.gnome.Shell", "org.gnome.ScreenSaver"
        if not (await self._has_owner(shell) and await self._has_owner(saver)):
            return False
        try:
            if not (await self._call(saver, "GetActive", path="/org/gnome/ScreenSaver"))[0]:
                return False
            asked = "org.gnome.Shell.Extensions"
            (found,) = await self._call(
                shell, "GetExtensionInfo", "s", [PANEL_UUID], interface=asked, path="/org/gnome/Shell"
            )
        except Refused:
            return False
        enabled = found.get("enabled")
        return enabled is not None and bool(enabled.value)

    async def _notify(self, notice: Mapping[str, Any], request: Mapping[str, Any], capabilities: list[str]) -> int:
        pressing = notice["pressing"]
        category = _CATEGORIES.get(notice["kind"], f"{_OWN_CATEGORY}.{notice['kind']}")
        hints = {
            "urgency": Variant("y", _CRITICAL if pressing else _NORMAL),
            "category": Variant("s", category),
        }
        hints |= {"sound-name": Variant("s", _SOUND)} if request["sound"] else {"suppress-sound": _YES}
        body = html.escape(notice["body"], quote=False) if "body-markup" in capabilities else notice["body"]
        actions = ["default", "Show"] if request["listen"] and "actions" in capabilities else []
        icon = "dialog-warning" if pressing else "utilities-terminal"
        replaces = self._ids.get(notice["subject"], 0)
        fields = [APP_NAME, replaces, icon, notice["title"], body, actions, hints, -1]
        number: int = (await self._call(SERVER, "Notify", "susssasa{sv}i", fields))[0]
        return number

    def _hear(self, message: Message) -> None:
        if message.message_type is not MessageType.SIGNAL or message.interface != SERVER:
            return
        subject = next((subject for subject, number in self._ids.items() if number == message.body[0]), None)
        if subject is None:
            return
        if message.member == "ActivationToken":
            self._tokens[message.body[0]] = message.body[1]
        elif message.member == "ActionInvoked":
            say({"opened": subject, "token": self._tokens.pop(message.body[0], "")})
        elif message.member == "NotificationClosed":
            self._own.discard(self._ids.pop(subject))
            if not self._own:
                self.nothing_open.set()

    async def _server_now(self) -> str:
        """The bus and the connection of the server that shows; empty where there is none."""
        try:
            owner = (await self._call(_BUS, "GetNameOwner", "s", [SERVER]))[0]
        except Refused:
            return ""
        return f"{(await self._call(_BUS, 'GetId'))[0]}{owner}"

    async def _has_owner(self, name: str) -> bool:
        return bool((await self._call(_BUS, "NameHasOwner", "s", [name]))[0])

    async def _call(
        self,
        name: str,
        member: str,
        signature: str = "",
        body: list[Any] | None = None,
        *,
        path: str = "",
        interface: str = "",
    ) -> list[Any]:
        call = Message(
            destination=name,
            path=path or f"/{name.replace('.', '/')}",
            interface=interface or name,
            member=member,
            signature=signature,
            body=body or [],
            # The bus may start a notification server, but nothing else of the desktop.
            flags=MessageFlag.NONE if name == SERVER else MessageFlag.NO_AUTOSTART,
        )
        reply = await self._bus.call(call)
        if reply.message_type is MessageType.ERROR:
            raise Refused(reply.error_name)
        return list(reply.body)


async def speak(address: str) -> None:
    """Connects, answers, and goes on for as long as clicks are wanted and can come.

    Raises:
        OSError: there is no bus at that address.
        TimeoutError: somebody on the bus does not answer.
    """
    requests = asyncio.StreamReader(limit=_LONGEST_REQUEST_BYTES)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(requests), sys.stdin)
    async with asyncio.timeout(PATIENCE_S):
        bus = await MessageBus(bus_address=address).connect()
    try:
        speaking = Speaking(bus)
        gone = asyncio.ensure_future(bus.wait_for_disconnect())  # type: ignore[no-untyped-call]  # it has no type there
        while line := await _next_line(requests, speaking, gone):
            request = json.loads(line)
            async with asyncio.timeout(PATIENCE_S):
                say(await speaking.answer(request))
            if not request["listen"]:
                break
    finally:
        bus.disconnect()


async def _next_line(requests: asyncio.StreamReader, speaking: Speaking, gone: asyncio.Future[Any]) -> bytes:
    """Empty where nothing more is to come: no request, and no click."""
    line = asyncio.ensure_future(requests.readline())
    closed = asyncio.ensure_future(speaking.nothing_open.wait())
    await asyncio.wait([line, closed, gone], timeout=LISTENS_S, return_when=asyncio.FIRST_COMPLETED)
    closed.cancel()
    if line.done():
        return line.result()
    line.cancel()
    return b""


def say(answer: Mapping[str, Any]) -> None:
    """One line to who asked."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def main() -> None:
    """The address of the bus is in the environment."""
    try:
        asyncio.run(speak(os.environ["DBUS_SESSION_BUS_ADDRESS"]))
    except BrokenPipeError:
        # The exporter has gone; nobody is left to be told.
        return
    except (OSError, TimeoutError, EOFError, Refused) as error:
        say({"server": "", "ids": {}, "error": f"{type(error).__name__} {error}".strip(), "silent": False})


if __name__ == "__main__":
    main()
