"""What the demo shows: one frame after the other in place, or one below the other where there is no terminal."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from typing import TextIO

_HOME_AND_CLEAR: Final = "\x1b[H\x1b[J"
_SILENCE_S: Final = 2.0
"""Without a terminal a frame that changed is printed at most this often."""


@dataclass
class Screen:
    """Shows frames on ``out``."""

    out: TextIO
    shown: str = ""
    shown_at_s: float = field(default=-_SILENCE_S)

    def say(self, line: str) -> None:
        """A line that stays."""
        print(line, file=self.out, flush=True)

    def show(self, frame: str, at_s: float, *, last: bool = False) -> None:
        """Show this frame unless it is there already; ``at_s`` is a monotonic time, ``last`` shows it however soon."""
        terminal = self.out.isatty()
        if not last and (frame == self.shown or (not terminal and at_s - self.shown_at_s < _SILENCE_S)):
            return
        self.shown, self.shown_at_s = frame, at_s
        print(f"{_HOME_AND_CLEAR}{frame}" if terminal else f"\n{frame}", file=self.out, flush=True)


def frame(heading: str, figures: str) -> str:
    """What OpenCode is doing, above what ``opencode-stats`` printed."""
    return f"{heading}\n{'─' * min(len(heading), 80)}\n{figures.rstrip()}"
