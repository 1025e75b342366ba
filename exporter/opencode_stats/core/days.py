"""Which local day an instant belongs to, and where that day begins and ends.

Instants are stored in UTC and days are made on demand, so a moved time zone regroups history instead of corrupting it.
A day begins at local midnight, or at the hour that the user chose, and ends where the next begins: it is 23 or 25 hours
long where a clock change falls into it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final

SLOT_MS: Final = 15 * 60 * 1000
"""Every time zone in use is a whole number of quarter hours from UTC, so days are made of whole slots."""
_ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Day:
    """A local day: ``date`` on which it began in its zone, ``start_ms`` inclusive, ``end_ms`` exclusive, Unix ms."""

    date: date
    start_ms: int
    end_ms: int


def day_of(at_ms: int, zone: tzinfo, start_hour: int = 0) -> Day:
    """The local day that holds the instant; a day begins at ``start_hour``, 0 to 23.

    It is the last one that had begun by then, so the hour that a clock put back over the boundary passes twice stays in
    the day that its first passing began, and a date that the zone left out (Samoa, 2011-12-30) has no day.
    """
    # Seconds are cut, not rounded: 23:59:59.9996 must not become the next day.
    begun = datetime.fromtimestamp(at_ms // 1000, zone).date() + _ONE_DAY
    while _start_ms(begun, zone, start_hour) > at_ms:
        begun -= _ONE_DAY
    return day_named(begun, zone, start_hour)


def day_named(begun: date, zone: tzinfo, start_hour: int = 0) -> Day:
    """The local day that began on this date; of no length where the zone left the date out."""
    return Day(begun, _start_ms(begun, zone, start_hour), _start_ms(begun + _ONE_DAY, zone, start_hour))


def slot_of(at_ms: int) -> int:
    """The number of the quarter hour since 1970 that holds the instant."""
    return at_ms // SLOT_MS


def _start_ms(begun: date, zone: tzinfo, start_hour: int) -> int:
    # Where a clock change skips the hour, fold 0 reads it in the old offset: the instant of the change if that is when
    # the hour would have struck. Where the hour comes twice, fold 0 is its first coming.
    return int(datetime.combine(begun, time(start_hour), zone).timestamp()) * 1000
