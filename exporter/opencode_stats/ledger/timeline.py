"""What was used over some stretches of time, split by one thing.

From the sums of whole days where there are such, from the messages otherwise (``ledger.day_sums``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from opencode_stats.core.days import SLOT_MS
from opencode_stats.core.history import FORGOTTEN, Figures, together
from opencode_stats.ledger.day_sums import COLUMNS, KEYS, PROMPTS, SHARES, SUMMED
from opencode_stats.ledger.forgotten import forgotten_figures, forgotten_prompts

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

    from opencode_stats.core.history import Key, Span, Split

_FROM_DAYS: Final = (
    f"SELECT key, provider, {SUMMED} FROM day_sums WHERE split = ? AND start_ms >= ? AND start_ms < ? GROUP BY 1, 2"
)
# Only models have a provider there; a sort by one column is a third faster.
_FROM_DAYS_BY_KEY: Final = (
    f"SELECT key, '', {SUMMED} FROM day_sums WHERE split = ? AND start_ms >= ? AND start_ms < ? GROUP BY key"
)
# Nearly every row is a conversation of its own: to group them would sort them for nothing.
_EVERY_ROW: Final = f"SELECT key, '', {COLUMNS} FROM day_sums WHERE split = ? AND start_ms >= ? AND start_ms < ?"
_QUESTIONS: Final[dict[Split, str]] = {"model": _FROM_DAYS, "conversation": _EVERY_ROW}
_DAY_BY_DAY: Final = (
    f"SELECT start_ms, provider, key, {COLUMNS} FROM day_sums WHERE split = ? AND start_ms >= ? AND start_ms < ?"
)
_KEPT: Final[dict[Split, Split]] = {"provider": "model"}
"""Of which sums a split is made that has none of its own."""
_PROMPTS: Final = "SELECT sum(prompts) FROM summed_days WHERE start_ms >= ? AND start_ms < ?"


def figures_over(connection: sqlite3.Connection, stretches: Sequence[Span], split: Split) -> list[dict[Key, Figures]]:
    """The figures of each stretch, which touch and are in order, by what they are split by; unused ones are not there.

    The caller holds one moment of the ledger (``transactions.one_moment``).
    """
    cut = list(pieces_of(connection, stretches))
    found: list[dict[Key, Figures]] = [{} for _ in cut]
    # Days one by one are read in one go: a question for each takes as long as its answer.
    single = {pieces[0][0]: found[place] for place, pieces in enumerate(cut) if len(pieces) == 1 and pieces[0][2] == 1}
    if single:
        for row in connection.execute(_DAY_BY_DAY, (_KEPT.get(split, split), min(single), max(single) + 1)):
            day = single.get(row[0])
            if day is None:
                continue
            if split == "provider":
                _add(day, split, row[2], row[1], row[3:])
            else:
                # Each is there once: thousands of these are most of the time that a long answer takes.
                day[row[1] or None, row[2] or None] = Figures._make(row[3:])
    for place, pieces in enumerate(cut):
        if len(pieces) != 1 or pieces[0][2] != 1:
            found[place] = _figures(connection, pieces, split)
    return found


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


def _figures(
    connection: sqlite3.Connection, pieces: Sequence[tuple[int, int, int]], split: Split
) -> dict[Key, Figures]:
    kept = _KEPT.get(split, split)
    found: dict[Key, Figures] = {}
    for start_ms, end_ms, summed in pieces:
        if summed:
            question = _QUESTIONS.get(kept, _FROM_DAYS_BY_KEY)
            rows = connection.execute(question, (kept, start_ms, end_ms))
        else:
            rows = connection.execute(
                f"SELECT {KEYS[kept]}, {SUMMED} FROM ({SHARES}) GROUP BY 1, 2", (start_ms, end_ms)
            )
        for name, provider, *sums in rows:
            _add(found, split, name, provider, sums)
        if not summed:
            for (provider, name), figures in forgotten_figures(connection, start_ms, end_ms).items():
                key = (provider, name) if split == "model" else (None, FORGOTTEN)
                key = (provider, None) if split == "provider" else key
                found[key] = together([found[key], figures]) if key in found else figures
    return found


def _add(found: dict[Key, Figures], split: Split, name: str, provider: str, sums: Sequence[int]) -> None:
    key = (provider or None, None if split == "provider" else name or None)
    there = found.get(key)
    found[key] = Figures._make(sums) if there is None else Figures(*map(int.__add__, there, sums))


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
