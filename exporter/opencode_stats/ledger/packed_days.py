"""The sums of a day by one thing in one value (``m012_packed_days.sql``): how years are read in milliseconds.

A row of twelve columns costs SQLite and Python more than a microsecond; thirty-four thousand of them, which three years
by day and workspace are, would take twice as long as such a question may. In one value of a day they are taken apart in
a third of that, and summed as whole numbers of 640 bits, a figure in each 64 of them: no sum runs over into the next,
for a day's figures are below 2^47 and days that are read at once below 2^16.
"""

from __future__ import annotations

import json
import sqlite3
import struct
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from opencode_stats.core.history import Figures

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from opencode_stats.core.history import Key, Split

_T = TypeVar("_T")
PACKED: Final[tuple[Split, ...]] = ("agent", "directory", "conversation")
"""What is kept so. Models, a handful a day, have a provider besides and stay rows."""
COLUMNS: Final = ", ".join(Figures._fields)
_TOO_LARGE: Final = 2**47
_MOST_DAYS: Final = 2**16
_ONE: Final = struct.Struct(f"<{len(Figures._fields)}q")
_UNOPENED: Final = struct.Struct(f"{_ONE.size}s")
_ROWS: Final = f"SELECT key, {COLUMNS} FROM day_sums WHERE split = ? AND start_ms = ? ORDER BY key"
_KEPT: Final = f"SELECT * FROM packed_days WHERE split IN ({', '.join(map(repr, PACKED))}) AND start_ms = ?"
_PACKS: Final = (
    "SELECT start_ms, names, figures FROM packed_days WHERE split = ? AND start_ms >= ? AND start_ms < ? "
    "ORDER BY start_ms"
)


def pack_day(connection: sqlite3.Connection, start_ms: int) -> None:
    """Packs the sums of one day, which has no packed ones."""
    connection.executemany("INSERT INTO packed_days VALUES (?, ?, ?, ?)", _packs(connection, start_ms))


def is_packed(connection: sqlite3.Connection, start_ms: int) -> bool:
    """Whether the packed sums of a day are those of its rows."""
    kept = connection.execute(_KEPT, (start_ms,)).fetchall()
    return set(kept) == set(_packs(connection, start_ms))


def packed_apart(connection: sqlite3.Connection) -> int | None:
    """The beginning of a day whose packed sums are not those of its rows; None where there is none."""
    days = connection.execute("SELECT start_ms FROM packed_days UNION SELECT start_ms FROM day_sums").fetchall()
    return next((start_ms for (start_ms,) in days if not is_packed(connection, start_ms)), None)


def each_day(
    connection: sqlite3.Connection, split: str, start_ms: int, end_ms: int
) -> Iterator[tuple[int, dict[Key, Figures]]]:
    """The beginning of each summed day that begins in the interval and was used, and its sums; in order.

    Raises:
        sqlite3.DatabaseError: the file came to harm.
    """
    for day_ms, names, figures in connection.execute(_PACKS, (split, start_ms, end_ms)):
        if figures is None:
            yield day_ms, _of_rows(connection, split, day_ms)
        else:
            yield day_ms, _by_key(names, lambda packed: _opened(_ONE.iter_unpack(packed)), figures)


def whole_days(connection: sqlite3.Connection, split: str, start_ms: int, end_ms: int) -> dict[Key, Figures]:
    """The sums of all summed days that begin in the interval.

    Raises:
        sqlite3.DatabaseError: the file came to harm.
    """
    if split == "conversation":
        # Hardly one of them is met on a second day.
        found: dict[Key, Figures] = {}
        for _, day in each_day(connection, split, start_ms, end_ms):
            add_to(found, day)
        return found
    return _added_up(connection, split, start_ms, end_ms)


def add_to(sums: dict[Key, Figures], more: dict[Key, Figures]) -> None:
    """Adds sums to others; both are changed by it."""
    for key in sums.keys() & more.keys():
        more[key] = Figures(*map(int.__add__, sums[key], more[key]))
    sums |= more


def _added_up(connection: sqlite3.Connection, split: str, start_ms: int, end_ms: int) -> dict[Key, Figures]:
    """The same where nearly all are met on many days."""
    last: dict[Key, tuple[Any, ...]] = {}
    sums: dict[Key, int] = {}
    large: list[int] = []
    for number, (day_ms, names, figures) in enumerate(connection.execute(_PACKS, (split, start_ms, end_ms))):
        if figures is None or number >= _MOST_DAYS:
            large.append(day_ms)
            continue
        day = _by_key(names, _UNOPENED.iter_unpack, figures)
        for key in last.keys() & day.keys():
            before = sums[key] if key in sums else _number(last[key])
            sums[key] = before + _number(day[key])
        last |= day
    found = dict(zip(last, _opened(map(_ONE.unpack, chain.from_iterable(last.values()))), strict=True))
    for key, number in sums.items():
        found[key] = Figures._make(_ONE.unpack(number.to_bytes(_ONE.size, "little")))
    for day_ms in large:
        add_to(found, _of_rows(connection, split, day_ms))
    return found


def _packs(connection: sqlite3.Connection, start_ms: int) -> Iterator[tuple[str, int, str, bytes | None]]:
    for split in PACKED:
        rows = connection.execute(_ROWS, (split, start_ms)).fetchall()
        if rows:
            names = json.dumps([row[0] or None for row in rows], ensure_ascii=False)
            yield split, start_ms, names, _figures([row[1:] for row in rows])


def _figures(rows: Sequence[tuple[int, ...]]) -> bytes | None:
    if all(0 <= number < _TOO_LARGE for row in rows for number in row):
        return b"".join(_ONE.pack(*row) for row in rows)
    return None


def _of_rows(connection: sqlite3.Connection, split: str, start_ms: int) -> dict[Key, Figures]:
    rows = connection.execute(_ROWS, (split, start_ms))
    return {(None, name or None): Figures._make(numbers) for name, *numbers in rows}


def _by_key(names: str, unpack: Callable[[bytes], Iterable[_T]], figures: bytes) -> dict[Key, _T]:
    try:
        return dict(zip(zip(repeat(None), json.loads(names), strict=False), unpack(figures), strict=True))
    except (ValueError, TypeError, struct.error) as error:
        raise sqlite3.DatabaseError(f"packed sums of a day are none: {error}") from error


def _opened(numbers: Iterable[tuple[int, ...]]) -> Iterator[Figures]:
    # As Figures._make does, without a call of Python's for each.
    return cast("Iterator[Figures]", map(tuple.__new__, repeat(Figures), numbers))


def _number(figures: tuple[Any, ...]) -> int:
    return int.from_bytes(figures[0], "little")
