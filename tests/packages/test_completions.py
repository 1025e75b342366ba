"""The completions of the Debian package, in the shells themselves, on a terminal, as a user types."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.packages.rig.machine import Machine

# A machine at work on other things takes its time; only what hangs takes so long.
pytestmark = [pytest.mark.packages, pytest.mark.timeout(900)]

PATIENCE_S = 120.0
START = {"bash": ["bash", "-i"], "zsh": ["zsh", "-i"], "fish": ["fish", "-i"]}


class Terminal:
    """A shell on a terminal, and everything that it has shown."""

    def __init__(self, machine: Machine, shell: str) -> None:
        self.shown = b""
        self._master, slave = pty.openpty()
        # fish asks such a terminal nothing, and so waits for no answer.
        environment = machine.environment() | {"TERM": "dumb"}
        self._process = subprocess.Popen(
            machine.command("setsid", "--ctty", *START[shell]), env=environment, stdin=slave, stdout=slave, stderr=slave
        )
        os.close(slave)

    def types(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def shows(self, words: str) -> None:
        """Waits until the words are on the terminal."""
        end_s = time.monotonic() + PATIENCE_S
        while words.encode() not in self.shown:
            assert time.monotonic() < end_s, f"never shown: {words!r}; there is {self.shown.decode(errors='replace')}"
            if select.select([self._master], [], [], 0.2)[0]:
                self.shown += os.read(self._master, 65536)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._master)


@pytest.mark.parametrize("shell", START)
def test_tab_completes_commands_and_options(workshop: Machine, package: Path, shell: str) -> None:
    workshop.installs(package)
    workshop.gives(b"autoload -Uz compinit && compinit -u\n", ".zshrc")
    terminal = Terminal(workshop, shell)
    try:
        terminal.types("echo ready $((6 * 7))\r" if shell != "fish" else "echo ready (math 6 x 7)\r")
        terminal.shows("ready 42")

        # Were one of the words not completed, uninstall would not be run, or would not leave it at words.
        terminal.types("opencode-stats unin\t--dry\t\r")

        terminal.shows("Nothing of opencode-stats is set up.")
    finally:
        terminal.close()
