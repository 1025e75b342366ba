"""What ``watch`` sends to its terminal: whole frames, and in them only what is another line than before."""

from __future__ import annotations

import errno
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import pytest
from tests.support.screens import SCREENS
from tests.unit.cli.test_statusline import publish
from tests.unit.daemon.household import COMMAND, PATIENCE_S, until

from opencode_stats.cli.watch import _Watch
from opencode_stats.host.lock import exporter_lock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.daemon.household import Household

    from opencode_stats.cli.terminal import Terminal

pytestmark = pytest.mark.processes

FRAME = re.compile(rb"\x1b\[\?2026h(.*?)\x1b\[\?2026l", re.DOTALL)
ERASE_SCREEN = (b"\x1b[2J", b"\x1b[J", b"\x1bc")


class Wire:
    """The terminal's end of a pseudo-terminal, and everything that came."""

    def __init__(self, master: int, process: subprocess.Popen[bytes]) -> None:
        self.master = master
        self.process = process
        self.came = b""

    def listen(self) -> bytes:
        while select.select([self.master], [], [], 0)[0]:
            try:
                self.came += os.read(self.master, 65_536)
            except OSError:
                break  # EIO: the other end is closed (tty_ioctl(4))
        return self.came


@contextmanager
def on_a_wire(household: Household) -> Iterator[Wire]:
    """The live view on a terminal of 24 rows and 80 columns, without anything that reads it but us."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    env = {**household.environment, "TERM": "xterm-256color"}
    with exporter_lock(household.paths.lock, os.getpid()):
        process = subprocess.Popen(
            [*COMMAND, "watch"], env=env, stdin=slave, stdout=slave, stderr=slave, start_new_session=True
        )
        os.close(slave)
        try:
            yield Wire(master, process)
        finally:
            process.kill()
            process.wait()
            os.close(master)


def test_a_change_sends_its_lines_in_one_frame_and_nothing_else(household: Household) -> None:
    publish(household, SCREENS["working"]().document)
    with on_a_wire(household) as wire:
        until(lambda: b"quit" in wire.listen() and wire.came.endswith(b"\x1b[?2026l"), "the first frame")
        first = len(wire.came)
        publish(household, SCREENS["working"]().document, totalTokens=437_206)
        until(lambda: b"437,206" in re.sub(rb"\x1b\[[0-9;]*[A-Za-z]", b"", wire.listen()) or _moved(wire, first), "it")
        until(lambda: wire.listen().endswith(b"\x1b[?2026l"), "the end of the frame")
        sent = wire.came[first:]

    # All of it is in frames that the terminal shows at once, none erases the screen, and it is about one line.
    assert FRAME.sub(b"", sent) == b""
    assert not any(erase in sent for erase in ERASE_SCREEN)
    assert len(FRAME.findall(sent)[0]) < first / 4


def _moved(wire: Wire, first: int) -> bool:
    """Whether anything came at all: curses may send no more than the digit that is another one."""
    return len(wire.listen()) > first


def test_figures_that_stay_send_nothing(household: Household) -> None:
    document = SCREENS["working"]().document
    publish(household, document)
    with on_a_wire(household) as wire:
        until(lambda: b"quit" in wire.listen() and wire.came.endswith(b"\x1b[?2026l"), "the first frame")
        first = len(wire.came)
        for _ in range(5):
            publish(household, document)
            select.select([wire.master], [], [], 0.1)
        publish(household, document, totalTokens=9)
        until(lambda: any(FRAME.findall(wire.listen()[first:])), "the change")

    assert len(FRAME.findall(wire.came[first:])) == 1


class Gone:
    """A terminal that was there a moment ago."""

    size = (24, 80)

    def draw(self, lines: object) -> None:
        raise OSError(errno.EIO, "Input/output error")


def test_a_terminal_that_goes_away_while_it_is_drawn_on_ends_it(household: Household) -> None:
    told, tell = os.pipe()
    publish(household, SCREENS["working"]().document)

    ended_by = _Watch(household.paths, cast("Terminal", Gone()), told, "").run()

    assert ended_by == signal.SIGHUP
    os.close(told)
    os.close(tell)


def test_where_no_shell_could_bring_it_back_it_is_not_suspended(household: Household) -> None:
    publish(household, SCREENS["working"]().document)
    with on_a_wire(household) as wire:
        until(lambda: b"quit" in wire.listen() and wire.came.endswith(b"\x1b[?2026l"), "the first frame")
        first = len(wire.came)
        # Of a session of its own, as in a terminal that runs nothing else.
        wire.process.send_signal(signal.SIGTSTP)
        publish(household, SCREENS["working"]().document, totalTokens=9)

        until(lambda: b"$12.85" in wire.listen()[first:], "a picture drawn anew")


def test_a_terminal_that_goes_away_ends_it(household: Household) -> None:
    publish(household, SCREENS["working"]().document)
    with on_a_wire(household) as wire:
        until(lambda: b"quit" in wire.listen(), "the first frame")
        other = os.dup(wire.master)
        os.close(wire.master)
        os.close(other)

        code = wire.process.wait(PATIENCE_S)
        wire.master = os.open(os.devnull, os.O_RDONLY)

    assert code == -1
