"""Which local day an instant belongs to, and where that day begins and ends.

Instants are stored in UTC and days are made on demand, so a moved time zone regroups history instead of corrupting it.
A day is local midnight to local midnight: 23 or 25 hours long where a clock change falls into it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final

SLOT_MS: Final = 15 * 60 * 1000
"""Every time zone in use is a whole number of quarter hours from UTC, so days are made of whole slots."""


@dataclass(frozen=True, slots=True)
class Day:
    """A local day: ``date`` in its zone, ``start_ms`` inclusive, ``end_ms`` exclusive, Unix milliseconds."""

    date: date
    start_ms: int
    end_ms: int


def day_of(at_ms: int, zone: tzinfo) -> Day:
    """The local day that holds the instant."""
    # Seconds are cut, not rounded: 23:59:59.9996 must not become the next day.
    today = datetime.fromtimestamp(at_ms // 1000, zone).date()
    day = Day(today, _midnight_ms(today, zone), _midnight_ms(today + timedelta(days=1), zone))
    if at_ms < day.end_ms:
        return day
    # The clock was put back over midnight: the hour that reads as yesterday once more is already today's.
    return Day(today + timedelta(days=1), day.end_ms, _midnight_ms(today + timedelta(days=2), zone))


def slot_of(at_ms: int) -> int:
    """The number of the quarter hour since 1970 that holds the instant."""
    return at_ms // SLOT_MS


def _midnight_ms(day: date, zone: tzinfo) -> int:
    # Where a clock change skips midnight, fold 0 reads it in the old offset, which is the very instant of the change.
    return int(datetime.combine(day, time.min, zone).timestamp()) * 1000
