"""The program that puts the figures on the session's bus: ``io.github.opencode_stats.Stats1`` (docs/dbus.md).

``python -m opencode_stats.desktop.figures STATS_FILE STAMP`` reads the first whenever the second is replaced. It ends
with its standard input, and with the bus.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio import MessageBus

from opencode_stats.desktop.bus import FIGURES_NAME
from opencode_stats.host.changes import changes_of
from opencode_stats.host.files import read_plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PATH: Final = "/io/github/opencode_stats"
INTERFACE: Final = "io.github.opencode_stats.Stats1"
SCHEMA_VERSION: Final = 1
PATIENCE_S: Final = 10.0
_PROPERTIES: Final = "org.freedesktop.DBus.Properties"
_INTROSPECTABLE: Final = "org.freedesktop.DBus.Introspectable"
_ERROR: Final = "org.freedesktop.DBus.Error"
_JSON: Final = "Json"

TYPES: Final = {
    "State": "s",
    "SessionTokens": "t",
    "SessionCost": "d",
    "TodayTokens": "t",
    "TodayCost": "d",
    "TodayDate": "s",
    "TotalTokens": "t",
    "TotalCost": "d",
    "Runs": "u",
    "Attention": "as",
    "Health": "s",
    "GeneratedAt": "x",
    _JSON: "s",
}
"""Every property and its D-Bus type. ``Json`` alone is announced without its value: it may be a megabyte."""
_FROM: Final[Mapping[str, Callable[[Mapping[str, Any]], Any]]] = {
    "State": lambda stats: str(stats["session"]["state"]),
    "SessionTokens": lambda stats: int(stats["session"]["totalTokens"]),
    "SessionCost": lambda stats: float(stats["session"]["totalCost"]),
    "TodayTokens": lambda stats: int(stats["daily"]["totalTokens"]),
    "TodayCost": lambda stats: float(stats["daily"]["totalCost"]),
    "TodayDate": lambda stats: str(stats["daily"]["date"]),
    "TotalTokens": lambda stats: int(stats["total"]["totalTokens"]),
    "TotalCost": lambda stats: float(stats["total"]["totalCost"]),
    "Runs": lambda stats: len(stats["sessions"]),
    "Attention": lambda stats: [str(item["kind"]) for item in stats["attention"]],
    "Health": lambda stats: str(stats["exporter"]["health"]["status"]),
    "GeneratedAt": lambda stats: int(stats["exporter"]["generatedAt"]),
}
_NOTHING: Final = {"s": "", "t": 0, "d": 0.0, "u": 0, "as": [], "x": 0}
_MEMBERS: Final = "".join(
    f'<property name="{name}" type="{kind}" access="read">'
    + (
        '<annotation name="org.freedesktop.DBus.Property.EmitsChangedSignal" value="invalidates"/>'
        if name == _JSON
        else ""
    )
    + "</property>"
    for name, kind in TYPES.items()
)
_DOCTYPE: Final = (
    '<!DOCTYPE node PUBLIC "-//freedesktop//DTD D-BUS Object Introspection 1.0//EN" '
    '"http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd">\n'
)
_OWN_NODE: Final = (
    f'{_DOCTYPE}<node><interface name="{INTERFACE}">{_MEMBERS}</interface>'
    f'<interface name="{_PROPERTIES}">'
    '<method name="Get"><arg name="interface" type="s"/><arg name="property" type="s"/>'
    '<arg name="value" type="v" direction="out"/></method>'
    '<method name="GetAll"><arg name="interface" type="s"/><arg name="values" type="a{sv}" direction="out"/></method>'
    '<method name="Set"><arg name="interface" type="s"/><arg name="property" type="s"/><arg name="value" type="v"/>'
    "</method>"
    '<signal name="PropertiesChanged"><arg name="interface" type="s"/><arg name="changed" type="a{sv}"/>'
    '<arg name="invalidated" type="as"/></signal></interface>'
    f'<interface name="{_INTROSPECTABLE}"><method name="Introspect"><arg name="xml" type="s" direction="out"/></method>'
    "</interface></node>\n"
)


def values_of(content: bytes) -> dict[str, Any]:
    """The properties' values, from the bytes of stats.json.

    Raises:
        ValueError, KeyError, TypeError, AttributeError, RecursionError: it is not stats.json as we know it.
    """
    stats = json.loads(content)
    if stats["schemaVersion"] != SCHEMA_VERSION:
        raise ValueError("a newer stats.json")
    return {**{name: take(stats) for name, take in _FROM.items()}, _JSON: content.decode()}


class Figures:
    """The object on the bus."""

    def __init__(self, bus: MessageBus, stats_file: Path) -> None:
        self._bus = bus
        self._stats_file = stats_file
        self._values: dict[str, Any] = {name: _NOTHING[kind] for name, kind in TYPES.items()} | {"State": "none"}

    def look(self, *, tell: bool = True) -> None:
        """Reads the file, and tells of what changed if ``tell``; one that makes no sense changes nothing."""
        try:
            found = values_of(read_plain(self._stats_file))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return
        changed = {name: value for name, value in found.items() if value != self._values[name]}
        self._values = found
        if changed and tell:
            told = {name: Variant(TYPES[name], value) for name, value in changed.items() if name != _JSON}
            invalidated = [name for name in changed if name == _JSON]
            body = [INTERFACE, told, invalidated]
            self._bus.send(Message.new_signal(PATH, _PROPERTIES, "PropertiesChanged", "sa{sv}as", body))

    def answer(self, message: Message) -> Message | None:
        """The reply to a call of ours; None where the library may answer itself."""
        if message.message_type is not MessageType.METHOD_CALL:
            return None
        if message.interface in (_INTROSPECTABLE, None, "") and message.member == "Introspect":
            return self._introspected(message)
        if message.path != PATH or message.interface != _PROPERTIES:
            return None
        found = self._read(message.member or "", *message.body[:2])
        if isinstance(found, Variant):
            return Message.new_method_return(message, "v", [found])
        if isinstance(found, dict):
            return Message.new_method_return(message, "a{sv}", [found])
        return Message.new_error(message, f"{_ERROR}.{found}", f"{INTERFACE} has properties that can only be read.")

    def _read(self, member: str, interface: str = "", name: str = "") -> Variant | dict[str, Variant] | str:
        """The value, all values, or the name of an error."""
        if member not in ("Get", "GetAll", "Set"):
            return "UnknownMethod"
        if interface not in (INTERFACE, ""):
            return "UnknownInterface"
        if member == "GetAll":
            return {name: Variant(kind, self._values[name]) for name, kind in TYPES.items()}
        if name not in TYPES:
            return "UnknownProperty"
        return Variant(TYPES[name], self._values[name]) if member == "Get" else "PropertyReadOnly"

    def _introspected(self, message: Message) -> Message | None:
        if message.path == PATH:
            return Message.new_method_return(message, "s", [_OWN_NODE])
        above = (message.path or "").rstrip("/") + "/"
        if not PATH.startswith(above):
            return None
        child = PATH[len(above) :].partition("/")[0]
        return Message.new_method_return(message, "s", [f'{_DOCTYPE}<node><node name="{child}"/></node>\n'])


async def serve(address: str, stats_file: Path, stamp: Path, stdin: int) -> None:
    """Serves until ``stdin`` or the bus ends.

    Raises:
        OSError: there is no bus at that address.
        TimeoutError: the bus does not answer.
    """
    loop = asyncio.get_running_loop()
    changes = changes_of(stamp)
    ended, changed = asyncio.Event(), asyncio.Event()
    async with asyncio.timeout(PATIENCE_S):
        bus = await MessageBus(bus_address=address).connect()
        figures = Figures(bus, stats_file)
        bus.add_message_handler(figures.answer)
        figures.look(tell=False)
        # Named only now: who finds the name finds figures.
        await bus.request_name(FIGURES_NAME)
    loop.add_reader(stdin, ended.set)
    if changes.descriptor is not None:
        loop.add_reader(changes.descriptor, changed.set)
    bus_end = asyncio.ensure_future(bus.wait_for_disconnect())  # type: ignore[no-untyped-call]  # the library has no type
    gone = [asyncio.ensure_future(ended.wait()), bus_end]
    while not any(one.done() for one in gone):
        change = asyncio.ensure_future(changed.wait())
        await asyncio.wait([*gone, change], timeout=changes.patience_s, return_when=asyncio.FIRST_COMPLETED)
        change.cancel()
        changed.clear()
        changes.settle()
        figures.look()
    bus.disconnect()


def main() -> None:
    """The address of the bus is in the environment."""
    stats_file, stamp = sys.argv[1:]
    try:
        asyncio.run(serve(os.environ["DBUS_SESSION_BUS_ADDRESS"], Path(stats_file), Path(stamp), sys.stdin.fileno()))
    except (OSError, TimeoutError, EOFError) as error:
        raise SystemExit(f"The figures are not on the bus: {type(error).__name__} {error}") from error


if __name__ == "__main__":
    main()
