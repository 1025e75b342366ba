"""Instants as people write them: ``2026-10-25``, ``yesterday``, ``7d``, ``2026-10-25T14:30``."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from opencode_stats.core.days import day_named, day_of
from opencode_stats.errors import UserError

if TYPE_CHECKING:
    from datetime import tzinfo

FORMS: Final = (
    "Write a date (2026-10-25), a date and a time (2026-10-25T14:30), a week (2026-W43), a month (2026-10), "
    "or 7d, 12h, 30min, 4w, 6mo, 1y, today, yesterday, now."
)
_AGO: Final = re.compile(r"(?P<number>[0-9]{1,6})\s*(?P<unit>min|h|d|w|mo|y)")
_MONTH: Final = re.compile(r"(?P<year>[0-9]{4})-(?P<month>0[1-9]|1[0-2])")
_WEEK: Final = re.compile(r"(?P<year>[0-9]{4})-?W(?P<week>[0-5][0-9])")
_MONTHS: Final = {"mo": 1, "y": 12}
_LENGTH_MS: Final = {"min": 60_000, "h": 3_600_000}
_DAYS: Final = {"d": 1, "w": 7}


def instant_of(text: str, now_ms: int, zone: tzinfo, start_hour: int = 0, *, end: bool = False) -> int:
    """The instant that is meant, Unix milliseconds; of a day, a week or a month its beginning, or its ``end``.

    ``7d`` are the last seven days with today among them, so it is the beginning of the first of them; ``12h`` is twelve
    hours ago to the millisecond. What has no offset is local time.

    Raises:
        UserError: it is none of those.
    """
    try:
        found = _instant(text.strip(), now_ms, zone, start_hour, end=end)
    except (ValueError, OverflowError, OSError):
        found = None
    if found is None or found < 0:
        raise UserError(f"{text!r} is no date or time that is known here. {FORMS}")
    return found


def _instant(text: str, now_ms: int, zone: tzinfo, start_hour: int, *, end: bool) -> int:
    today = day_of(now_ms, zone, start_hour).date
    ago = _AGO.fullmatch(text)
    if text == "now" or (ago is not None and ago["unit"] in _LENGTH_MS):
        return now_ms - (int(ago["number"]) * _LENGTH_MS[ago["unit"]] if ago else 0)
    if ago is not None:
        return day_named(_ago(int(ago["number"]), ago["unit"], today), zone, start_hour).start_ms
    dates = _dates(text, today)
    if dates is None:
        at = datetime.fromisoformat(text)
        return int((at if at.tzinfo else at.replace(tzinfo=zone)).timestamp() * 1000)
    return day_named(dates[1], zone, start_hour).end_ms if end else day_named(dates[0], zone, start_hour).start_ms


def _dates(text: str, today: date) -> tuple[date, date] | None:
    """The first and the last day of what is meant; None where that is no whole days."""
    month, week = _MONTH.fullmatch(text), _WEEK.fullmatch(text)
    if month is not None:
        first = date(int(month["year"]), int(month["month"]), 1)
        return first, _months_on(first, 1) - timedelta(days=1)
    if week is not None:
        first = date.fromisocalendar(int(week["year"]), int(week["week"]), 1)
        return first, first + timedelta(days=6)
    if text in ("today", "yesterday"):
        first = today - timedelta(days=text == "yesterday")
        return first, first
    try:
        first = date.fromisoformat(text)
    except ValueError:
        return None
    return first, first


def _ago(number: int, unit: str, today: date) -> date:
    if unit in _MONTHS:
        return _months_on(today, -number * _MONTHS[unit])
    return today - timedelta(days=max(0, number * _DAYS[unit] - 1))


def _months_on(at: date, months: int) -> date:
    """The same day of another month, or that month's last."""
    year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    for day in range(at.day, 27, -1):
        try:
            return date(year, month + 1, day)
        except ValueError:
            continue
    return date(year, month + 1, min(at.day, 28))
