"""What was used over some stretches of time, split by one thing.

From the sums of whole days where there are such, from the messages otherwise (``ledger.day_sums``).
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from opencode_stats.core.days import SLOT_MS
from opencode_stats.core.history import FORGOTTEN, Figures
from opencode_stats.ledger.day_sums import KEYS, PROMPTS, SHARES, SUMMED
from opencode_stats.ledger.forgotten import forgotten_figures, forgotten_prompts
from opencode_stats.ledger.packed_days import COLUMNS, PACKED, add_to, each_day, whole_days

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence

    from opencode_stats.core.history import Key, Span, Split

_FROM_DAYS: Final = (
    f"SELECT key, provider, {SUMMED} FROM day_sums WHERE split = 'model' AND start_ms >= ? AND start_ms < ? "
    "GROUP BY 1, 2"
)
_DAY_BY_DAY: Final = (
    f"SELECT start_ms, key, provider, {COLUMNS} FROM day_sums WHERE split = 'model' AND start_ms >= ? AND start_ms < ?"
)
_KEPT: Final[dict[Split, Split]] = {"provider": "model"}
"""Of which sums a split is made that has none of its own."""
_NAMED: Final[dict[Split, str]] = {"provider": "'', provider"}
_GROUPED: Final[dict[Split, str]] = {**dict.fromkeys(PACKED, "1"), "provider": "2", "model": "1, 2"}
"""By which columns messages are grouped: a sort by one alone is a tenth faster."""


def figures_over(connection: sqlite3.Connection, stretches: Sequence[Span], split: Split) -> list[dict[Key, Figures]]:
    """The figures of each stretch, which touch and are in order, by what they are split by; unused ones are not there.

    The caller holds one moment of the ledger (``transactions.one_moment``).
    """
    with _uncollected():
        return _figures_over(connection, stretches, split)


def prompts_over(connection: sqlite3.Connection, stretches: Sequence[Span]) -> list[int]:
    """How many prompts of the user's the plugin saw in each stretch; what was imported tells of none."""
    found = []
    for pieces in pieces_of(connection, stretches):
        number = 0
        for start_ms, end_ms, summed in pieces:
            question = (
                "SELECT sum(prompts) FROM summed_days WHERE start_ms >= ? AND start_ms < ?" if summed else PROMPTS
            )
            (counted,) = connection.execute(question, (start_ms, end_ms)).fetchone()
            number += (counted or 0) + (0 if summed else forgotten_prompts(connection, start_ms, end_ms))
        found.append(number)
    return found


def ends_of(connection: sqlite3.Connection) -> tuple[int, int] | None:
    """The instants of the first and the last message or prompt, Unix milliseconds; None where there is none.

    Where the first is forgotten, it is the beginning of its quarter hour: what is left of it begins there.
    """
    row: tuple[int | None, int | None] = connection.execute(
        "SELECT min(first_ms), max(last_ms) FROM ("
        "SELECT (SELECT min(counted_at_ms) FROM messages) AS first_ms, "
        "(SELECT max(counted_at_ms) FROM messages) AS last_ms "
        "UNION ALL SELECT (SELECT min(at_ms) FROM prompts), (SELECT max(at_ms) FROM prompts) "
        f"UNION ALL SELECT first_use_ms / {SLOT_MS} * {SLOT_MS}, first_use_ms FROM kept_from)"
    ).fetchone()
    return None if row[0] is None or row[1] is None else (row[0], row[1])


@contextmanager
def _uncollected() -> Iterator[None]:
    """A block whose thousands of new objects Python's collector does not look at: they are in no circle.

    It would look at each of them several times, in a third of all the time that a long answer takes.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _figures_over(connection: sqlite3.Connection, stretches: Sequence[Span], split: Split) -> list[dict[Key, Figures]]:
    cut = list(pieces_of(connection, stretches))
    found: list[dict[Key, Figures]] = [{} for _ in cut]
    # Days one by one are read in one go: a question for each takes as long as its answer.
    single = {pieces[0][0]: place for place, pieces in enumerate(cut) if len(pieces) == 1 and pieces[0][2] == 1}
    if single:
        for day_ms, day in _each_day(connection, split, min(single), max(single) + 1):
            if day_ms in single:
                found[single[day_ms]] = day
    for place, pieces in enumerate(cut):
        if len(pieces) != 1 or pieces[0][2] != 1:
            found[place] = _figures(connection, pieces, split)
    return found


def _each_day(
    connection: sqlite3.Connection, split: Split, start_ms: int, end_ms: int
) -> Iterator[tuple[int, dict[Key, Figures]]]:
    if split in PACKED:
        yield from each_day(connection, split, start_ms, end_ms)
        return
    rows = connection.execute(_DAY_BY_DAY, (start_ms, end_ms))
    for day_ms, day in groupby(rows, key=itemgetter(0)):
        yield day_ms, _by_key(split, (row[1:] for row in day))


def _figures(
    connection: sqlite3.Connection, pieces: Sequence[tuple[int, int, int]], split: Split
) -> dict[Key, Figures]:
    kept = _KEPT.get(split, split)
    found: dict[Key, Figures] = {}
    for start_ms, end_ms, summed in pieces:
        if not summed:
            rows = connection.execute(
                f"SELECT {_NAMED.get(split) or KEYS[kept]}, {SUMMED} FROM ({SHARES}) GROUP BY {_GROUPED[split]}",
                (start_ms, end_ms),
            )
            piece = _by_key(split, rows)
            for (provider, name), figures in forgotten_figures(connection, start_ms, end_ms).items():
                key = (provider, name) if split == "model" else (None, FORGOTTEN)
                key = (provider, None) if split == "provider" else key
                add_to(piece, {key: figures})
        elif split in PACKED:
            piece = whole_days(connection, split, start_ms, end_ms)
        else:
            piece = _by_key(split, connection.execute(_FROM_DAYS, (start_ms, end_ms)))
        if found:
            add_to(found, piece)
        else:
            found = piece
    return found


def _by_key(split: Split, rows: Iterable[Sequence[Any]]) -> dict[Key, Figures]:
    """Rows of a name, a provider and sums; of a provider there may be many."""
    found: dict[Key, Figures] = {}
    for name, provider, *sums in rows:
        key = (provider or None, None if split == "provider" else name or None)
        there = found.get(key)
        found[key] = Figures._make(sums) if there is None else Figures(*map(int.__add__, there, sums))
    return found


def pieces_of(connection: sqlite3.Connection, stretches: Sequence[Span]) -> Iterator[list[tuple[int, int, int]]]:
    """Each stretch cut into what is summed, with the number of days, and what is not (0)."""
    days = connection.execute(
        "SELECT start_ms, end_ms FROM summed_days WHERE start_ms >= ? AND end_ms <= ? ORDER BY start_ms",
        (stretches[0].start_ms, stretches[-1].end_ms) if stretches else (0, 0),
    ).fetchall()
    place = 0
    for stretch in stretches:
        pieces: list[tuple[int, int, int]] = []
        at_ms = stretch.start_ms
        while place < len(days) and days[place][0] < stretch.end_ms:
            start_ms, end_ms = days[place]
            place += 1
            if start_ms < at_ms or end_ms > stretch.end_ms:
                # It is in two stretches, so the messages of each are asked.
                continue
            if start_ms > at_ms:
                pieces.append((at_ms, start_ms, 0))
            if pieces and pieces[-1][2] and pieces[-1][1] == start_ms:
                pieces[-1] = (pieces[-1][0], end_ms, pieces[-1][2] + 1)
            else:
                pieces.append((start_ms, end_ms, 1))
            at_ms = end_ms
        if at_ms < stretch.end_ms:
            pieces.append((at_ms, stretch.end_ms, 0))
        yield pieces
