"""What somebody at a terminal sees of the past: colours, blocks, and as much as there is room for."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import threading
from typing import TYPE_CHECKING

import pytest
from tests.support.script import Script
from tests.unit.daemon.household import COMMAND

from opencode_stats.cli.render.text import width

if TYPE_CHECKING:
    from tests.unit.daemon.household import Household

pytestmark = pytest.mark.processes

NOON_MS = 1_710_072_000_000
"""Of 2024-03-10: over for good, whatever the clock says where the tests run."""


@pytest.fixture
def told(household: Household) -> Household:
    script = Script(at_ms=NOON_MS).started().conversation("ses_a", directory="/w").answer("ses_a", input=1_000)
    household.write(script.wait(86_400_000).answer("ses_a", input=500))
    return household


def on_terminal(household: Household, columns: int, *arguments: str, **env: str) -> list[str]:
    """The lines that a terminal of that width is sent."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    seen = bytearray()

    def read() -> None:
        try:
            while piece := os.read(ours, 4096):
                seen.extend(piece)
        except OSError:
            # So Linux says that the other side was closed.
            return

    reader = threading.Thread(target=read)
    reader.start()
    done = subprocess.run(
        [*COMMAND, *arguments],
        env={**household.environment, "TERM": "xterm", **env},
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    os.close(theirs)
    reader.join()
    os.close(ours)
    assert done.returncode == 0, done.stderr.decode()
    return seen.decode().splitlines()


def test_colours_and_blocks_in_the_width_of_the_terminal(told: Household) -> None:
    for columns in (100, 60):
        lines = on_terminal(told, columns, "history", "--since", "2024-03-10", "--until", "2024-03-11")

        assert "\x1b[36m█" in lines[1]
        assert max(width(re.sub(r"\x1b\[[0-9]*m", "", line)) for line in lines) in range(columns - 15, columns + 1)


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_colours_where_they_are_not_wanted(told: Household, env: dict[str, str]) -> None:
    page = "\n".join(on_terminal(told, 80, "agents", **env))

    assert "1,500" in page
    assert "\x1b" not in page


def test_ascii_where_the_locale_has_no_blocks(told: Household) -> None:
    page = "\n".join(on_terminal(told, 80, "workspaces", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0"))

    assert "####" in page
    assert page.isascii()
