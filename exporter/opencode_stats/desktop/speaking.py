"""The program that shows notifications: requests on stdin, for each an answer on stdout, all of them lines of JSON.

Request: ``notices`` (``subject``, ``kind``, ``title``, ``body``, ``pressing``), ``close`` (subjects), ``sound``,
``listen``, ``server`` and ``ids`` (what is shown, as the last answer said), ``patience_s`` (for all of it). Answer:
``server`` and ``ids`` as they are now, ``untold`` (the subjects that nobody took, so they are surely not shown),
``error`` (a D-Bus error's name, or empty), ``silent`` where the GNOME panel does the showing.

With ``listen`` it stays for the next request while a notification that it showed is open, until stdin ends or an hour
is over, and writes a line for each that is clicked: ``opened`` (the subject) and ``token`` (for raising a window under
Wayland, or empty). It stays, because some servers (dunst) tell of a click only the connection that showed.

Source: Desktop Notifications Specification 1.3, https://specifications.freedesktop.org/notification-spec/.
"""

from __future__ import annotations

import asyncio
import contextlib
import html
import json
import os
import sys
from typing import TYPE_CHECKING, Any, Final

from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.errors import AuthError, InvalidAddressError

from opencode_stats.desktop.bus import SERVER
from opencode_stats.desktop.calls import BUS, Refused, call, panel_shows, server_now

if TYPE_CHECKING:
    from collections.abc import Mapping

APP_NAME: Final = "OpenCode"
LISTENS_S: Final = 60 * 60.0
_LONGEST_REQUEST_BYTES: Final = 2**20
_SOUND: Final = "message-new-instant"
"""As the GNOME panel; from freedesktop.org's sound naming specification."""
_CRITICAL: Final = 2
_NORMAL: Final = 1
_CATEGORIES: Final = {"error": "transfer.error", "finished": "transfer.complete"}
_YES: Final = Variant("b", True)  # noqa: FBT003 - a value on the bus
_OWN_CATEGORY: Final = "x-opencode-stats"
_OWNERS: Final = "NameOwnerChanged"
_HEARD: Final = (
    f"type='signal',sender='{SERVER}',interface='{SERVER}'",
    f"type='signal',sender='{BUS}',interface='{BUS}',member='{_OWNERS}',arg0='{SERVER}'",
)


class Speaking:
    """One connection to the bus."""

    def __init__(self, bus: MessageBus) -> None:
        self._bus = bus
        self._server = ""
        self._ids: dict[str, int] = {}
        self._own: set[int] = set()
        self._tokens: dict[int, str] = {}
        self._hears = False
        self._error = ""
        self._silent = False
        self._untold: list[str] = []
        self.nothing_open = asyncio.Event()

    async def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Does what was asked for; gives how things stand when that is done, or when there is no more time for it."""
        self._error, self._silent = "", False
        self._untold = [notice["subject"] for notice in request["notices"]]
        try:
            async with asyncio.timeout(request["patience_s"]):
                await self._do(request)
        except Refused as refused:
            self._error = str(refused)
        except (OSError, EOFError) as error:
            # No time left (TimeoutError is an OSError), or the bus has gone.
            self._error = type(error).__name__
        if self._own:
            self.nothing_open.clear()
        else:
            self.nothing_open.set()
        return {
            "server": self._server,
            "ids": self._ids,
            "untold": self._untold,
            "error": self._error,
            "silent": self._silent,
        }

    async def _do(self, request: Mapping[str, Any]) -> None:
        if request["listen"] and not self._hears:
            self._hears = True
            self._bus.add_message_handler(self._hear)
            for rule in _HEARD:
                await call(self._bus, BUS, "AddMatch", "s", [rule])
        await self._follow(request)
        for subject in request["close"]:
            await self._close(subject)
        if not request["notices"]:
            return
        self._silent = await panel_shows(self._bus)
        if self._silent:
            self._untold = []
            return
        capabilities = (await self._ask_server("GetCapabilities"))[0]
        # The bus may have started it for that.
        await self._follow(request)
        for notice in request["notices"]:
            await self._tell(notice, request, capabilities)

    async def _follow(self, request: Mapping[str, Any]) -> None:
        """Finds out which server shows. Numbers of one that is gone mean nothing."""
        server = await server_now(self._bus)
        if server != self._server:
            # Who asks knows what another process of ours has shown.
            self._ids, self._own = (dict(request["ids"]) if server == request["server"] else {}), set()
            self._server = server

    async def _close(self, subject: str) -> None:
        number = self._ids.pop(subject, 0)
        if number:
            self._own.discard(number)
            try:
                await self._ask_server("CloseNotification", "u", [number])
            except Refused:
                # The user has closed it before; some servers call that an error, as the specification has it.
                return

    async def _tell(self, notice: Mapping[str, Any], request: Mapping[str, Any], capabilities: list[str]) -> None:
        """Shows one; another may be taken where this one is refused."""
        subject = notice["subject"]
        # One that is not answered in time may be on the screen all the same.
        self._untold.remove(subject)
        try:
            number = await self._notify(notice, request, capabilities)
        except Refused as refused:
            self._untold.append(subject)
            self._error = str(refused)
        else:
            self._ids[subject] = number
            self._own.add(number)

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
        number: int = (await self._ask_server("Notify", "susssasa{sv}i", fields))[0]
        return number

    async def _ask_server(self, member: str, signature: str = "", body: list[Any] | None = None) -> list[Any]:
        # The bus may start a notification server, but nothing else of the desktop.
        return await call(self._bus, SERVER, member, signature, body, start=True)

    def _hear(self, message: Message) -> None:
        if message.message_type is not MessageType.SIGNAL:
            return
        if message.interface == BUS and message.member == _OWNERS and message.body[0] == SERVER:
            # With a server goes what it showed.
            self._own.clear()
            self.nothing_open.set()
            return
        if message.interface != SERVER:
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


async def speak(address: str) -> None:
    """Connects, answers, and goes on for as long as clicks are wanted and can come."""
    requests = asyncio.StreamReader(limit=_LONGEST_REQUEST_BYTES)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(requests), sys.stdin)
    line = await requests.readline()
    if not line:
        return
    request = json.loads(line)
    try:
        async with asyncio.timeout(request["patience_s"]):
            bus = await MessageBus(bus_address=address).connect()
    except (OSError, EOFError, AuthError, InvalidAddressError) as error:
        # TimeoutError is an OSError.
        untold = [notice["subject"] for notice in request["notices"]]
        why = f"{type(error).__name__} {error}".strip()
        say({"server": request["server"], "ids": request["ids"], "untold": untold, "error": why, "silent": False})
        return
    try:
        speaking = Speaking(bus)
        gone = asyncio.ensure_future(bus.wait_for_disconnect())  # type: ignore[no-untyped-call]  # it has no type there
        while line:
            request = json.loads(line)
            say(await speaking.answer(request))
            line = await _next_line(requests, speaking, gone) if request["listen"] else b""
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
    # Where the exporter has gone nobody is left to be told.
    with contextlib.suppress(BrokenPipeError):
        asyncio.run(speak(os.environ["DBUS_SESSION_BUS_ADDRESS"]))


if __name__ == "__main__":
    main()
