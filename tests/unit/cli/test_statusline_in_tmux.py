"""The status line of a real tmux: what it shows of our line, hostile names and all."""

from __future__ import annotations

import shlex
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from tests.support.screens import SCREENS, working
from tests.support.tmux import tmux_server
from tests.unit.cli.test_statusline import publish
from tests.unit.daemon.household import COMMAND, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.unit.daemon.household import Household

pytestmark = pytest.mark.processes


@contextmanager
def in_tmux(household: Household, folder: Path, *arguments: str) -> Iterator[Callable[[], str]]:
    """A tmux that has our line in its status line; gives what stands there, as text."""
    folder.mkdir(exist_ok=True)
    env = " ".join(f"{key}={shlex.quote(value)}" for key, value in household.environment.items())
    line = f"env -i {env} {shlex.join((*COMMAND, 'statusline', '--format', 'tmux', *arguments))}"
    # tmux reads a number sign in what it is configured with, too.
    job = f"#({line.replace('#', '##')})"
    with tmux_server(folder) as tmux:
        tmux.session("inner")
        for option, value in (
            ("status-interval", "1"),
            ("status-left", ""),
            ("status-right-length", "150"),
            ("status-right", f"[{job}]"),
            ("window-status-current-format", ""),
        ):
            tmux.ask("set-option", "-g", option, value)
        # A client in a pane: what it shows can be asked for as text.
        client = shlex.join([tmux.program, "-S", str(tmux.socket), "attach-session", "-t", "inner"])
        tmux.ask("new-session", "-d", "-s", "outer", "-x", "160", "-y", "8", f"env -u TMUX {client}")

        def shown() -> str:
            lines = tmux.ask("capture-pane", "-p", "-t", "outer").splitlines()
            return lines[-1].strip().removeprefix("[").removesuffix("]") if lines else ""

        yield shown


def test_tmux_shows_the_figures(household: Household, tmp_path: Path) -> None:
    publish(household, SCREENS["waiting"]().document)

    with in_tmux(household, tmp_path / "tmux") as shown:
        until(lambda: shown() == "! 437K $12.85?", "the figures")


def test_tmux_follows_one_process_that_stays(household: Household, tmp_path: Path) -> None:
    publish(household)

    with in_tmux(household, tmp_path / "tmux", "--follow") as shown:
        for tokens, expected in ((437_205, "437K"), (5_000_000, "5M"), (6_000_000, "6M")):
            publish(household, totalTokens=tokens)
            until(lambda said=f"{expected} $12.85?": shown() == said, expected)  # type: ignore[misc]


def test_a_name_is_no_style_format_or_command_of_tmuxs(household: Household, tmp_path: Path) -> None:
    document = working().document
    name = "#[fg=red]#{pid}#(id)#%H\x1b[2J"
    document["session"]["models"] = {name: next(iter(document["session"]["models"].values()))}
    publish(household, document)

    with in_tmux(household, tmp_path / "tmux", "--text", "{session.model}") as shown:
        until(lambda: shown() == name.replace("\x1b", "\\u001b"), "the name, as it is")
