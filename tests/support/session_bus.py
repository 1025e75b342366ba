"""A session bus of its own, and a notification server on it that keeps what it is told."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio import MessageBus

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from pathlib import Path

PATIENCE_S: Final = 20.0
SERVER: Final = "org.freedesktop.Notifications"
# Not the machine's own session.conf: the bus would start whatever desktop programs are installed.
_CONFIG: Final = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
  </policy>
</busconfig>
"""


def until(seen: Callable[[], object], what: str) -> None:
    """Waits until it is so."""
    give_up_s = time.monotonic() + PATIENCE_S
    while not seen():
        assert time.monotonic() < give_up_s, f"not within {PATIENCE_S} s: {what}"
        time.sleep(0.005)


@contextmanager
def session_bus(folder: Path) -> Iterator[str]:
    """A real bus, whose socket is in the folder; gives its address."""
    config = folder / "bus.conf"
    config.write_text(_CONFIG.format(socket=folder / "bus"), "utf-8")
    command = ["dbus-daemon", f"--config-file={config}", "--nofork", "--nopidfile", "--nosyslog"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: _answers(folder / "bus"), "the bus")
        yield f"unix:path={folder / 'bus'}"
    finally:
        process.kill()
        process.wait()


def _answers(path: Path) -> bool:
    """Whether somebody listens: the socket is there a moment earlier."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


class Party:
    """Somebody on the bus, at work in a thread of its own; ``calls`` are those that it got, each with its sender.

    Calls of what is in ``ignored`` are never answered.
    """

    def __init__(self, address: str) -> None:
        self.calls: list[Message] = []
        self.signals: list[Message] = []
        self.ignored: set[str] = set()
        self._replies: dict[str, Callable[[Message], Message]] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.bus = self.do(self._connect(address))

    async def _connect(self, address: str) -> MessageBus:
        bus = await MessageBus(bus_address=address).connect()
        bus.add_message_handler(self._hear)
        return bus

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401 - whatever that gives
        """Does it in that thread, and gives what comes of it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)

    def own(self, name: str) -> None:
        self.do(self.bus.request_name(name))

    def release(self, name: str) -> None:
        self.do(self.bus.release_name(name))

    def on(self, member: str, signature: str, body: Callable[[Message], list[Any]]) -> None:
        """Answers that call so."""
        self._replies[member] = lambda message: Message.new_method_return(message, signature, body(message))

    def refuse(self, member: str, error: str, only: Callable[[Message], bool] = lambda _: True) -> None:
        """Answers that call with an error; what is not meant by ``only`` as before."""
        before = self._replies.get(member)

        def reply(message: Message) -> Message:
            if before is None or only(message):
                return Message.new_error(message, error, "")
            return before(message)

        self._replies[member] = reply

    def call(self, name: str, path: str, interface: str, member: str, signature: str = "", *body: object) -> Message:
        """Calls somebody, and gives the reply, which may be an error."""
        message = Message(
            destination=name, path=path, interface=interface, member=member, signature=signature, body=[*body]
        )
        reply: Message = self.do(self.bus.call(message))
        return reply

    def hear(self, rule: str) -> None:
        """From now on ``signals`` has what this rule matches."""
        dbus = "org.freedesktop.DBus"
        self.call(dbus, "/org/freedesktop/DBus", dbus, "AddMatch", "s", rule)

    def tell(self, whom: str | None, path: str, interface: str, member: str, signature: str, *body: object) -> None:
        """Sends a signal; to one connection alone, or to all."""

        async def send() -> None:
            signal = Message.new_signal(path, interface, member, signature, [*body])
            signal.destination = whom
            await self.bus.send(signal)

        self.do(send())

    def members(self) -> list[str]:
        """Which calls it got."""
        return [str(call.member) for call in self.calls]

    def close(self) -> None:
        async def disconnect() -> None:
            self.bus.disconnect()
            with contextlib.suppress(Exception):  # however it ended, it has ended
                await self.bus.wait_for_disconnect()

        self.do(disconnect())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _hear(self, message: Message) -> Message | bool | None:
        if message.message_type is MessageType.SIGNAL:
            self.signals.append(message)
            return None
        if message.member in self.ignored:
            return True
        if message.message_type is not MessageType.METHOD_CALL or message.member not in self._replies:
            return None
        self.calls.append(message)
        return self._replies[message.member](message)


@dataclass
class Notified:
    """One call of Notify."""

    number: int
    replaces: int
    icon: str
    title: str
    body: str
    actions: list[str]
    hints: dict[str, Variant] = field(repr=False)

    def hint(self, name: str) -> object:
        return self.hints[name].value if name in self.hints else None


class Server(Party):
    """A notification server: ``got`` are the calls of Notify, ``open`` what is on the screen by number.

    Of clicks it tells who showed the notification, as dunst does, or all (``tells_all``), as mako does.
    """

    def __init__(self, address: str, *capabilities: str) -> None:
        super().__init__(address)
        self.got: list[Notified] = []
        self.open: dict[int, Notified] = {}
        self.tells_all = False
        self.on_notify: Callable[[], None] = lambda: None
        self._senders: dict[int, str | None] = {}
        self.on("GetCapabilities", "as", lambda _: [list(capabilities)])
        self.on("Notify", "u", self._notify)
        self.on("CloseNotification", "", self._close)
        self.own(SERVER)

    def click(self, number: int, token: str = "") -> None:
        """The user clicks on it."""
        path, whom = "/org/freedesktop/Notifications", None if self.tells_all else self._senders[number]
        if token:
            self.tell(whom, path, SERVER, "ActivationToken", "us", number, token)
        self.tell(whom, path, SERVER, "ActionInvoked", "us", number, "default")
        del self.open[number]
        self.tell(whom, path, SERVER, "NotificationClosed", "uu", number, 2)

    def _notify(self, message: Message) -> list[Any]:
        _, replaces, icon, title, body, actions, hints, _ = message.body
        number = replaces if replaces in self.open else len(self.got) + 1
        one = Notified(number, replaces, icon, title, body, actions, hints)
        self._senders[number] = message.sender
        self.got.append(one)
        self.open[number] = one
        self.on_notify()
        return [number]

    def _close(self, message: Message) -> list[Any]:
        self.open.pop(message.body[0], None)
        return []
