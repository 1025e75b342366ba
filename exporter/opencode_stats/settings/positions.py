"""On which line of a TOML text a key stands. tomllib does not tell, so each statement is given to it alone.

For messages only: it reads the text some times over.
"""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

Place = tuple[str | int, ...]
"""The keys from the top down; a number for an element of an array."""
_LONGEST_STATEMENT: Final = 500
"""Lines. Behind a longer statement no line is known; looking for its end takes time that grows with its square."""


def lines_of(toml: str) -> dict[Place, int]:
    """The line, from 1, at which each key's statement begins; of a table its first header.

    Raises:
        tomllib.TOMLDecodeError: it is not TOML.
    """
    tomllib.loads(toml)
    # A chunk of a file with Windows' line ends would end in half of one.
    toml = toml.replace("\r\n", "\n")
    found: dict[Place, int] = {}
    table: Place = ()
    for line, statement, is_header in _statements(toml.split("\n")):
        if is_header:
            table = _table(statement, found)
            for length in range(1, len(table) + 1):
                found.setdefault(table[:length], line)
        else:
            for place in _places(statement):
                found.setdefault((*table, *place), line)
    return found


def line_of(lines: dict[Place, int], *place: str | int) -> int | None:
    """The line of that place, or of the nearest thing around it that has one."""
    while place and place not in lines:
        place = place[:-1]
    return lines.get(place)


def _statements(lines: list[str]) -> Iterator[tuple[int, dict[str, Any], bool]]:
    """Each statement with its first line: the fewest lines that are TOML by themselves and say something."""
    first = 0
    while first < len(lines):
        head = lines[first].strip()
        if not head or head.startswith("#"):
            first += 1
            continue
        end = first + 1
        while True:
            try:
                statement = tomllib.loads("\n".join(lines[first:end]))
            except tomllib.TOMLDecodeError:
                if end - first >= _LONGEST_STATEMENT:
                    return
                # A text or an array over several lines goes on; the whole was TOML, so this ends with it.
                end += 1
            else:
                break
        yield first + 1, statement, head.startswith("[")
        first = end


def _table(header: dict[str, Any], found: dict[Place, int]) -> Place:
    """The place of the table that a header opens: ``{"a": {"b": [{}]}}`` is ``[[a.b]]``."""
    place: Place = ()
    below: Any = header
    while below:
        if isinstance(below, list):
            count = 0
            while (*place, count) in found:
                count += 1
            return (*place, count)
        (key, below), *_ = below.items()
        place = (*place, key)
        if below and isinstance(below, dict) and (*place, 0) in found:
            # [a.b] under [[a]] is in the last of them.
            count = 0
            while (*place, count + 1) in found:
                count += 1
            place = (*place, count)
    return place


def _places(value: object, place: Place = ()) -> Iterator[Place]:
    if place:
        yield place
    if isinstance(value, dict):
        for key, below in value.items():
            yield from _places(below, (*place, key))
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from _places(below, (*place, index))
