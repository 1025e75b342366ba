"""Blocks of lines on a screen of any height: what matters most gets its room first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from opencode_stats.cli.render.styled import line_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opencode_stats.cli.render.styled import Line


_FAIR_LINES: Final = 6


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that belong together; where there is no room for all, the last ones go, and items are counted then.

    ``least`` lines are wanted before any other block gets more than its own least; lower ``rank`` comes first. Where
    there is room for one line only, it is the one of number ``core``. ``at_bottom``: at the end of the screen.
    """

    lines: Sequence[Line]
    rank: int
    least: int = 1
    core: int = 0
    at_bottom: bool = False


def fitted(blocks: list[Block], rows: int) -> list[Line]:
    """As much of each block as there is room for, with empty lines between them where there is room for those too."""
    given = dict.fromkeys(range(len(blocks)), 0)
    by_rank = sorted(given, key=lambda number: blocks[number].rank)
    by_length = sorted(given, key=lambda number: len(blocks[number].lines))
    # Its least for each first, then a fair part; what is left makes whole what lacks least.
    for order, most in ((by_rank, None), (by_rank, _FAIR_LINES), (by_length, rows)):
        for number in order:
            wanted = min(blocks[number].least if most is None else most, len(blocks[number].lines))
            given[number] += min(rows - sum(given.values()), max(0, wanted - given[number]))
    spare = rows - sum(given.values())
    lines: list[Line] = []
    for number, block in enumerate(blocks):
        shown = _shortened(block, given[number])
        if block.at_bottom:
            lines += [()] * spare
        elif shown and lines and spare > 0:
            lines.append(())
            spare -= 1
        lines += shown
    return lines


def _shortened(block: Block, room: int) -> list[Line]:
    left = len(block.lines) - room
    shown = [block.lines[block.core]] if room == 1 else list(block.lines[:room])
    if left > 0 and room > block.least > 1:
        shown[-1] = line_of(("dim", f"  … and {left + 1} more"))
    return shown
