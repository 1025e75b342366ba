"""What history can be asked for: by whom, and over which stretches of local time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from opencode_stats.core.days import SLOT_MS, day_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo

Dimension = Literal["run", "conversation", "root", "agent", "directory", "project", "provider", "model"]
"""What usage can be split by; ``root`` is the conversation that the user talks to, over all its sub-agents."""

Period = Literal["hour", "day", "week", "month"]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of local time: ``start_ms`` inclusive, ``end_ms`` exclusive, and what it is called.

    The name of an hour is ``2026-10-25T02+02:00`` (with its offset, because a clock that is put back passes one twice),
    of a day ``2026-10-25``, of a week ``2026-W43`` (ISO 8601: from Monday), of a month ``2026-10``.
    """

    name: str
    start_ms: int
    end_ms: int


def spans(start_ms: int, end_ms: int, period: Period, zone: tzinfo, start_hour: int = 0) -> list[Span]:
    """The hours, days, weeks or months between two instants, oldest first, the first and the last cut to them.

    They touch, and together they are the whole interval. Weeks and months are made of days, so they begin when a day
    does (``start_hour``).
    """
    pieces = _hours(start_ms, end_ms, zone) if period == "hour" else _days(start_ms, end_ms, period, zone, start_hour)
    found: list[Span] = []
    for name, first_ms, last_ms in pieces:
        if found and found[-1].name == name:
            found[-1] = Span(name, found[-1].start_ms, min(last_ms, end_ms))
        else:
            found.append(Span(name, max(first_ms, start_ms), min(last_ms, end_ms)))
    return found


def _hours(start_ms: int, end_ms: int, zone: tzinfo) -> Iterator[tuple[str, int, int]]:
    """Quarter hours with the names of their hours: a clock may change at any of them."""
    for at_ms in range(start_ms - start_ms % SLOT_MS, end_ms, SLOT_MS):
        local = datetime.fromtimestamp(at_ms // 1000, zone)
        yield f"{local:%Y-%m-%dT%H}{local.isoformat()[19:]}", at_ms, at_ms + SLOT_MS


def _days(start_ms: int, end_ms: int, period: Period, zone: tzinfo, start_hour: int) -> Iterator[tuple[str, int, int]]:
    at_ms = start_ms
    while at_ms < end_ms:
        day = day_of(at_ms, zone, start_hour)
        week = day.date.isocalendar()
        names = {"week": f"{week.year}-W{week.week:02d}", "month": f"{day.date:%Y-%m}"}
        yield names.get(period, day.date.isoformat()), day.start_ms, day.end_ms
        at_ms = day.end_ms
