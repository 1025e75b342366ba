"""The settings as they are in use, and where each of them comes from. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from opencode_stats.cli.render.text import width

if TYPE_CHECKING:
    from collections.abc import Sequence

_INDENT: Final = "  "
_ALIGNED: Final = 40
"""Columns: the origins of settings that are no longer stand below each other."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One setting: its value in TOML, and the line of the file that says so; None for a default.

    ``items`` are those of a list, ``tables`` the whole setting as tables of its own, where it can be written so.
    """

    name: str
    value: str
    line: int | None
    items: Sequence[str] = ()
    tables: str = ""


def settings(shown: Sequence[Shown], file: str, columns: int) -> str:
    """The settings as they could stand in the file, their origins as comments.

    Each is one line of at most so many columns; a longer list has more of them, and what is tables comes last, as in a
    file.
    """
    said = [f"{one.name} = {one.value}" for one in shown]
    origins = ["default" if one.line is None else f"line {one.line}" for one in shown]
    short = [line for line, origin in zip(said, origins, strict=True) if width(f"{line}  # {origin}") <= columns]
    widest = max((width(line) for line in short if width(line) <= _ALIGNED), default=0)
    lines, tables = [f"# {file}"], []
    for one, line, origin in zip(shown, said, origins, strict=True):
        whole = f"{line}{' ' * (widest - width(line))}  # {origin}"
        if width(whole) <= columns or not (one.items or one.tables):
            lines.append(whole)
        elif one.tables:
            tables += ["", f"# {one.name}: {origin}", one.tables.strip()]
        else:
            lines += [f"{one.name} = [  # {origin}", *_packed(one.items, columns), "]"]
    return "\n".join([*lines, *tables])


def _packed(items: Sequence[str], columns: int) -> list[str]:
    """The items of a list, as many on a line as there is room for."""
    lines = [_INDENT]
    for item in items:
        if lines[-1].strip() and width(lines[-1]) + width(f" {item},") > columns:
            lines.append(_INDENT)
        lines[-1] += f"{' ' if lines[-1].strip() else ''}{item},"
    return lines
