"""Lines in styles, measured in columns: what a screen is made of, whatever terminal shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from opencode_stats.cli.render.text import head, width

if TYPE_CHECKING:
    from collections.abc import Sequence

Style: TypeAlias = Literal["", "bold", "dim", "good", "alert", "accent"]
Line: TypeAlias = tuple[tuple[Style, str], ...]
SPARKS: Final = "▁▂▃▄▅▆▇█"
_WHOLE: Final = "━"
_HALF: Final = "╸"


def line_of(*pieces: tuple[Style, str] | str) -> Line:
    """A line of styled pieces; a bare text has no style."""
    return tuple(("", piece) if isinstance(piece, str) else piece for piece in pieces)


def line_width(line: Line) -> int:
    """How many columns the line takes."""
    return sum(width(text) for _, text in line)


def cut(line: Line, columns: int) -> Line:
    """As much of the line's beginning as goes into so many columns."""
    kept: list[tuple[Style, str]] = []
    for style, text in line:
        shown = head(text, columns)
        columns -= width(shown)
        if shown:
            kept.append((style, shown))
        if shown != text:
            break
    return tuple(kept)


def spread(left: Line, right: Line, columns: int) -> Line:
    """Both ends of a line; the right one goes where there is no room for both."""
    gap = columns - line_width(left) - line_width(right)
    return (*left, ("", " " * gap), *right) if gap > 0 else cut(left, columns)


def spark(values: Sequence[float]) -> str:
    """A character a value, from the lowest for nothing to the highest for the largest."""
    most = max(values, default=0)
    if most <= 0:
        return SPARKS[0] * len(values)
    # What is there is never shown as nothing.
    return "".join(SPARKS[0 if value <= 0 else max(1, round(value / most * (len(SPARKS) - 1)))] for value in values)


def bar(share: float, columns: int) -> str:
    """A bar that fills its share, 0 to 1, of so many columns, to half of one."""
    halves = round(max(0.0, min(1.0, share)) * columns * 2)
    if share > 0:
        halves = max(1, halves)
    return (_WHOLE * (halves // 2) + _HALF * (halves % 2)).ljust(columns)[:columns]
