"""The settings as they are in use, and where each of them comes from. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Shown:
    """One setting: its value in TOML, and the line of the file that says so; None for a default."""

    name: str
    value: str
    line: int | None


def settings(shown: Sequence[Shown], file: str) -> str:
    """A line each, which could stand in the file; the origin is a comment."""
    said = [f"{one.name} = {one.value}" for one in shown]
    widest = max((len(line) for line in said if len(line) <= 40), default=0)  # noqa: PLR2004 - columns; a list is longer
    origins = ["default" if one.line is None else f"line {one.line}" for one in shown]
    lines = [f"# {file}", *(f"{line:<{widest}}  # {origin}" for line, origin in zip(said, origins, strict=True))]
    return "\n".join(lines)
