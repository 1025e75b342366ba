"""Programs in a pane of a real tmux: what stands on their screen, keys for them, and what they leave behind."""

from __future__ import annotations

import re
import shlex
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.tmux import TmuxServer, tmux_server
from tests.unit.daemon.household import until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

PROMPT = "ready$ "


@dataclass(frozen=True)
class Pane:
    """A shell in a pane of its own; its prompt is ``PROMPT``."""

    tmux: TmuxServer
    target: str

    @property
    def screen(self) -> str:
        """What stands there now, lines without the spaces at their end."""
        return self.tmux.ask("capture-pane", "-p", "-t", self.target)

    @property
    def in_colours(self) -> str:
        """The same with its escape sequences."""
        return self.tmux.ask("capture-pane", "-p", "-e", "-t", self.target)

    def asks(self, form: str) -> str:
        """A format of tmux's, of this pane (``#{alternate_on}``)."""
        return self.tmux.ask("display-message", "-p", "-t", self.target, form)

    def types(self, line: str) -> None:
        """Types a line, and Enter."""
        self.tmux.ask("send-keys", "-t", self.target, "-l", line)
        self.press("Enter")

    def press(self, *keys: str) -> None:
        """Presses keys by tmux's names for them."""
        self.tmux.ask("send-keys", "-t", self.target, *keys)

    def resize(self, columns: int, rows: int) -> None:
        """Gives the pane another size."""
        self.tmux.ask("resize-window", "-t", self.target, "-x", str(columns), "-y", str(rows))

    def wait_for(self, pattern: str) -> str:
        """Waits until this pattern is on the screen, and gives the screen."""
        found: list[str] = []

        def there() -> bool:
            found[:] = [self.screen]
            return re.search(pattern, found[0], re.MULTILINE) is not None

        try:
            until(there, f"{pattern!r} on the screen")
        except AssertionError as error:
            raise AssertionError(f"{error}; it shows:\n{found[0]}") from None
        return found[0]


@contextmanager
def shell(folder: Path, env: Mapping[str, str], *, columns: int = 80, rows: int = 24) -> Iterator[Pane]:
    """A shell with job control in a terminal of this size."""
    folder.mkdir(exist_ok=True)
    with tmux_server(folder) as tmux:
        words: Sequence[str] = [
            f"{key}={value}" for key, value in {**env, "PS1": PROMPT, "TERM": "screen-256color"}.items()
        ]
        command = shlex.join(["env", "-i", *words, "bash", "--norc", "--noprofile", "-i"])
        tmux.ask("new-session", "-d", "-s", "shell", "-x", str(columns), "-y", str(rows), command)
        tmux.ask("set-option", "-t", "shell", "status", "off")
        pane = Pane(tmux, "shell")
        pane.resize(columns, rows)
        pane.wait_for(re.escape(PROMPT.strip()))
        yield pane
