"""What somebody who watches has chosen with the keys."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

Section = Literal["session", "daily", "total"]
SECTIONS: Final[tuple[Section, ...]] = ("session", "daily", "total")

KEYS: Final = (
    ("q", "quit"),
    ("?", "this help"),
    ("Tab → ←", "session, today or total: whose models are shown"),
    ("c", "order the models by cost, or by tokens again"),
    ("↑ ↓", "scroll the models"),
    ("p", "pause, or go on"),
)
"""Key → what it does, as the help says it."""


@dataclass(frozen=True, slots=True)
class Choice:
    """``section`` is whose models are shown, ``by_cost`` their order, ``first`` the first of them that is seen."""

    section: Section = "daily"
    by_cost: bool = False
    first: int = 0
    paused: bool = False
    help: bool = False
    quit: bool = False


def pressed(choice: Choice, key: str, models: int) -> Choice:  # noqa: PLR0911 - a table of keys
    """The choice after a key (a character, or ``left``, ``right``, ``up``, ``down``, ``tab``, ``back``, ``escape``).

    ``models`` is how many there are to be scrolled. A key without a meaning changes nothing.
    """
    if choice.help:
        # Whatever is pressed leaves the help; q leaves both.
        return replace(choice, help=False, quit=key in ("q", "Q"))
    match key:
        case "tab" | "right":
            return _towards(choice, 1)
        case "back" | "left":
            return _towards(choice, -1)
        case "up" | "k":
            return replace(choice, first=max(0, choice.first - 1))
        case "down" | "j":
            return replace(choice, first=max(0, min(choice.first + 1, models - 1)))
        case "q" | "Q" | "escape":
            return replace(choice, quit=True)
        case "?" | "h":
            return replace(choice, help=True)
        case "c":
            return replace(choice, by_cost=not choice.by_cost, first=0)
        case "p" | " ":
            return replace(choice, paused=not choice.paused)
        case _:
            return choice


def _towards(choice: Choice, step: int) -> Choice:
    section = SECTIONS[(SECTIONS.index(choice.section) + step) % len(SECTIONS)]
    return replace(choice, section=section, first=0)
