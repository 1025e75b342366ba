"""The last days and this day's hours: which stretches of time they are, and what was used in each."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from opencode_stats.core.days import SLOT_MS, Day, day_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import tzinfo

DAYS_SHOWN: Final = 14

Spent = tuple[int, int]
"""Tokens of all kinds, and recorded cost in micro-dollars."""


@dataclass(frozen=True, slots=True)
class HourFigures:
    """What was used in one hour of the day, which begins at ``start_ms``."""

    start_ms: int
    total_tokens: int
    total_cost: float


@dataclass(frozen=True, slots=True)
class DayFigures:
    """What was used on one local day; ``date`` is ISO 8601."""

    date: str
    total_tokens: int
    total_cost: float


@dataclass(frozen=True, slots=True)
class HistoryStats:
    """The hours of the day that it is, and the last days up to it; oldest first, empty ones included."""

    hours: tuple[HourFigures, ...]
    days: tuple[DayFigures, ...]


@dataclass(frozen=True, slots=True)
class Calendar:
    """``days`` are the last ones, oldest first, up to today; ``hours`` are the instants at which its hours begin."""

    days: tuple[Day, ...]
    hours: tuple[int, ...]

    @property
    def today(self) -> Day:
        """The day that it is."""
        return self.days[-1]

    def holds(self, now_ms: int) -> bool:
        """Whether the instant is in its today: then it is still that moment's calendar, in the same zone."""
        return self.today.start_ms <= now_ms < self.today.end_ms

    @property
    def past_days(self) -> tuple[Day, ...]:
        """The days before it."""
        return self.days[:-1]


def calendar_of(now_ms: int, zone: tzinfo, start_hour: int = 0) -> Calendar:
    """The calendar of this moment; a date that the zone left out (``core.days``) is no day of it."""
    days = [day_of(now_ms, zone, start_hour)]
    while len(days) < DAYS_SHOWN:
        days.append(day_of(days[-1].start_ms - 1, zone, start_hour))
    return Calendar(tuple(reversed(days)), tuple(_hour_starts(days[0], zone)))


def spent_in(starts: Sequence[int], slots: Iterable[tuple[int, int, int]]) -> tuple[Spent, ...]:
    """What was used in each of some stretches of time that touch, given the instants at which they begin.

    ``slots`` are quarter hours (``core.days.slot_of``), none before the first start, with tokens and micro-dollars.
    """
    tokens, cost_microusd = [0] * len(starts), [0] * len(starts)
    for slot, slot_tokens, slot_microusd in slots:
        place = bisect_right(starts, slot * SLOT_MS) - 1
        tokens[place] += slot_tokens
        cost_microusd[place] += slot_microusd
    return tuple(zip(tokens, cost_microusd, strict=True))


def _hour_starts(day: Day, zone: tzinfo) -> list[int]:
    """Where the hour or the offset from UTC is another one: a clock that is put back passes an hour twice."""
    starts, before = [], None
    for at_ms in range(day.start_ms, day.end_ms, SLOT_MS):
        local = datetime.fromtimestamp(at_ms // 1000, zone)
        hour = local.hour, local.utcoffset()
        if hour != before:
            starts.append(at_ms)
            before = hour
    return starts
