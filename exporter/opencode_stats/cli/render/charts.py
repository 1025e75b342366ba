"""Tables with bars, as wide as the terminal: what there is no room for is left out, the least needed first."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from opencode_stats.cli.render.text import NARROWEST, US_DOLLARS, Currency, name, width

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_SHORTEST_NAME: Final = 10
_LONGEST_NAME: Final = 36
_SHORTEST_BAR: Final = 8
_LESS_THAN_BARS: Final = 2
"""So many of the needless columns go to make room for bars."""
_LONGEST_BAR: Final = 40
_EIGHTHS: Final = " ▏▎▍▌▋▊▉"
_FULL: Final = "█"
_GAP: Final = "  "
_STYLES: Final = {"bold": "1", "dim": "2", "bar": "36"}


@dataclass(frozen=True, slots=True)
class Look:
    """What the terminal can show: its ``columns``, whether block characters, whether colours; and in what currency."""

    columns: int = 80
    blocks: bool = True
    colour: bool = False
    currency: Currency = US_DOLLARS

    def styled(self, text: str, style: str) -> str:
        """The text in that style, where there are colours."""
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self.colour and style and text.strip() else text


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table: its name, a figure for every column, and how long its bar is beside the others'.

    ``foreign`` names come from outside and may be anything. ``size`` is None where there is no bar.
    """

    name: str
    cells: Sequence[str]
    size: int | None = None
    indent: int = 0
    foreign: bool = False
    style: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """``titles`` are those of the name and of each column; ``needless`` are columns in the order in which they go."""

    titles: Sequence[str]
    lines: Sequence[Line | None]
    needless: Sequence[int] = field(default=())


def table(wanted: Table, look: Look) -> list[str]:
    """The lines of a table, None being an empty one; figures stand at the right, bars after them where there is room.

    No line is longer than ``look.columns``, 40 or more.
    """
    columns = max(look.columns, NARROWEST)
    there = [line for line in wanted.lines if line]
    shown = list(range(len(wanted.titles) - 1))
    widths = [max(width(text) for text in column) for column in _columns(wanted)]
    first = max((_wanted_width(line) for line in there), default=0)
    first = max(min(first, _LONGEST_NAME), width(wanted.titles[0]))
    drawn = len(_GAP) + _SHORTEST_BAR if any(line.size for line in there) else 0
    for place, goes in enumerate(wanted.needless):
        # A chart is worth more than the least needed columns.
        if first + _taken(widths, shown) + (drawn if place < _LESS_THAN_BARS else 0) <= columns:
            break
        shown.remove(goes)
    first = max(_SHORTEST_NAME, min(first, columns - _taken(widths, shown)))
    room = columns - first - _taken(widths, shown) - len(_GAP)
    largest = max((line.size or 0 for line in there), default=0)
    bars = min(room, _LONGEST_BAR) if room >= _SHORTEST_BAR and largest else 0
    head = [wanted.titles[0].ljust(first), *(wanted.titles[at + 1].rjust(widths[at]) for at in shown)]
    page = [look.styled(_GAP.join(head).rstrip(), "dim")]
    for line in wanted.lines:
        if line is None:
            page.append("")
            continue
        label = _label(line, first)
        cells = [label + " " * (first - width(label)), *(line.cells[at].rjust(widths[at]) for at in shown)]
        chart = bar(line.size / largest, bars, blocks=look.blocks) if bars and line.size else ""
        text = look.styled(_GAP.join(cells), line.style) + (_GAP + look.styled(chart, "bar") if chart else "")
        page.append(text if look.colour else text.rstrip())
    return page


def bar(share: float, columns: int, *, blocks: bool = True) -> str:
    """A bar of so many columns at most, in eighths of one; what is more than nothing is seen. Whole ones in ASCII."""
    if not blocks:
        return "#" * max(1 if share > 0 else 0, round(share * columns))
    eighths = max(1 if share > 0 else 0, round(share * columns * 8))
    return _FULL * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def _columns(wanted: Table) -> Iterable[list[str]]:
    there = [line for line in wanted.lines if line]
    for at, title in enumerate(wanted.titles[1:]):
        yield [title, *(line.cells[at] for line in there)]


def _taken(widths: Sequence[int], shown: Sequence[int]) -> int:
    return sum(widths[at] + len(_GAP) for at in shown)


def _wanted_width(line: Line) -> int:
    return line.indent + width(name(line.name, _LONGEST_NAME) if line.foreign else line.name)


def _label(line: Line, columns: int) -> str:
    room = max(3, columns - line.indent)
    return " " * line.indent + name(line.name, room)
