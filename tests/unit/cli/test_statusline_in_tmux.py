"""The status line of a real tmux: what it shows of our line, hostile names and all."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from tests.support.screens import SCREENS, working
from tests.support.tmux import tmux_server
from tests.unit.cli.test_statusline import publish
from tests.unit.daemon.household import COMMAND, until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.daemon.household import Household


def shown_in_tmux(household: Household, folder: Path, *arguments: str) -> str:
    """What stands in the status line of a client inside a pane of another server's, as text."""
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
        program = shlex.join([tmux.program, "-S", str(tmux.socket), "attach-session", "-t", "inner"])
        tmux.ask("new-session", "-d", "-s", "outer", "-x", "160", "-y", "8", f"env -u TMUX {program}")
        screen = ""

        def there() -> bool:
            nonlocal screen
            screen = tmux.ask("capture-pane", "-p", "-t", "outer")
            return re.search(r"\[[^\]].*\]", screen) is not None

        until(there, "the line in tmux")
    return screen.splitlines()[-1].strip().removeprefix("[").removesuffix("]") if screen else ""


def test_tmux_shows_the_figures(household: Household, tmp_path: Path) -> None:
    publish(household, SCREENS["waiting"]().document)

    assert shown_in_tmux(household, tmp_path / "tmux") == "! 437K $12.85?"


def test_a_name_is_no_style_format_or_command_of_tmuxs(household: Household, tmp_path: Path) -> None:
    document = working().document
    name = "#[fg=red]#{pid}#(id)#%H\x1b[2J"
    document["session"]["models"] = {name: next(iter(document["session"]["models"].values()))}
    publish(household, document)

    shown = shown_in_tmux(household, tmp_path / "tmux", "--text", "{session.model}")

    assert shown == name.replace("\x1b", "\\u001b")
