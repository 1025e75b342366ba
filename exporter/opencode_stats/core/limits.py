"""Limits that the user set, over windows of time: how much of each is used, how bad that is, and when it resets.

Usage comes by quarter hours (``core.days.slot_of``), which every day, week and month is made of. A rolling window
begins with the quarter hour of the first use after the one before it was over, and ends its length later: as providers
count theirs, and why it has one instant at which it resets (docs/adr/0011-windows-of-limits.md).
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left, bisect_right
from dataclasses import astuple, dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from opencode_stats.core.cost import MICROUSD_PER_USD
from opencode_stats.core.days import SLOT_MS, day_named, day_of, slot_of
from opencode_stats.core.forecast import Forecast, forecast_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

Period = Literal["day", "week", "month"]
PERIODS: Final[tuple[Period, ...]] = ("day", "week", "month")
Unit = Literal["tokens", "usd"]
Level = Literal["normal", "warning", "critical", "unknown"]
Of = Literal["all", "provider", "model", "workspace", "agent"]

WARNING_PERCENT: Final = 70
CRITICAL_PERCENT: Final = 80
CHECK_PERCENT: Final = 90
"""What ``opencode-stats limits check`` takes where nothing else is said."""
_UNITS_MS: Final = {"m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}
_LONGEST_MS: Final = 366 * 86_400_000
_DECEMBER: Final = 12


@dataclass(frozen=True, slots=True)
class Rolling:
    """A window that begins with use, and ends ``length_ms`` later; a whole number of quarter hours."""

    length_ms: int


@dataclass(frozen=True, slots=True)
class Calendar:
    """The local day, the week from Monday, or the month; each begins when a day does."""

    period: Period


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One limit as the user set it; ``amount`` is tokens of all kinds, or micro-dollars.

    ``of`` says what counts: everything, or what belongs to the one ``whose`` (a model's key as in stats.json, a
    directory, …). Thresholds are percent of the amount.
    """

    name: str
    window: str
    unit: Unit
    amount: int
    of: Of = "all"
    whose: str = ""
    warning_percent: int = WARNING_PERCENT
    critical_percent: int = CRITICAL_PERCENT

    @property
    def key(self) -> str:
        """The same for the same limit for ever; another one when anything but a threshold of it is changed."""
        said = repr(astuple(self)[:6])
        return hashlib.sha256(said.encode()).hexdigest()[:16]


class Use(NamedTuple):
    """What was used in one quarter hour; ``costless`` messages have a cost that is not known."""

    slot: int
    tokens: int
    microusd: int
    costless: int


class Window(NamedTuple):
    """A stretch of time, Unix milliseconds: ``start_ms`` inclusive, ``end_ms`` exclusive."""

    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Alert:
    """That so many percent of a limit were passed in a window: told once, at ``at_ms``, under ``id``."""

    id: str
    limit_key: str
    name: str
    percent: int
    start_ms: int
    end_ms: int
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitStats:
    """A limit as readers see it (docs/limits.md). Of ``used_tokens`` and ``used_usd`` one is None, by the limit's unit.

    ``percent`` is cut after its first decimal, never rounded up. ``burn_per_hour`` is in the unit of the limit.
    """

    name: str
    window: str
    provider: str | None
    model: str | None
    workspace: str | None
    agent: str | None
    used_tokens: int | None
    used_usd: float | None
    limit: int | float
    percent: float | None
    level: Level
    warning_percent: int
    critical_percent: int
    starts_at_ms: int | None
    resets_at_ms: int | None
    burn_per_hour: float | None
    reached_at_ms: int | None
    reached_earliest_ms: int | None
    reached_latest_ms: int | None


def parse_window(text: str) -> Rolling | Calendar:
    """``day``, ``week``, ``month``, or a length: ``90m``, ``5h``, ``10d``, ``2w``.

    Raises:
        ValueError: it is neither; the message says what is wrong.
    """
    for period in PERIODS:
        if text == period:
            return Calendar(period)
    found = re.fullmatch(r"([1-9][0-9]{0,5})([mhdw])", text)
    if found is None:
        raise ValueError("it is neither day, week, month nor a length such as 90m, 5h, 10d or 2w")
    length_ms = int(found[1]) * _UNITS_MS[found[2]]
    if length_ms % SLOT_MS or length_ms > _LONGEST_MS:
        raise ValueError("it is no whole number of quarter hours up to 366 days")
    return Rolling(length_ms)


def calendar_window(period: Period, now_ms: int, zone: tzinfo, start_hour: int = 0) -> Window:
    """The local day, week or month that holds the instant."""
    today = day_of(now_ms, zone, start_hour).date
    first, after = _bounds(period, today)
    return Window(day_named(first, zone, start_hour).start_ms, day_named(after, zone, start_hour).start_ms)


def rolling_window(slots: Sequence[int], length_ms: int, now_ms: int) -> Window | None:
    """The rolling window that is open at this moment; None for none.

    ``slots`` are the quarter hours with use, ascending, from one with which a window begins. Those that are still to
    come (the clock was set back) count for nothing.
    """
    start = last_start(slots, length_ms, now_ms)
    if start is None or start * SLOT_MS + length_ms <= now_ms:
        return None
    return Window(start * SLOT_MS, start * SLOT_MS + length_ms)


def last_start(slots: Sequence[int], length_ms: int, now_ms: int) -> int | None:
    """The quarter hour with which the last rolling window up to this moment began, be it over or not."""
    length, end = length_ms // SLOT_MS, bisect_right(slots, slot_of(now_ms))
    place, start = 0, None
    while place < end:
        start = slots[place]
        place = bisect_left(slots, start + length, place + 1, end)
    return start


def used_of(limit: Limit, uses: Sequence[Use]) -> tuple[int, int]:
    """How much of the limit's unit these have, and how many of their messages have a cost that is not known."""
    if limit.unit == "tokens":
        return sum(use.tokens for use in uses), 0
    return sum(use.microusd for use in uses), sum(use.costless for use in uses)


def passed(limit: Limit, used: int, percent: int) -> bool:
    """Whether that much is at least so many percent of the limit."""
    return used * 100 >= limit.amount * percent


def alert_due(limit: Limit, window: Window, used: int, told: Sequence[Alert], now_ms: int) -> Alert | None:
    """The alert that this deserves: that of the highest threshold passed, unless that or a higher one was told.

    ``told`` are the limit's alerts of windows that were not over when this one began. One of another window counts as
    well: usage that became known late moved the window's beginning, and the user was told of it.
    """
    passed_now = [p for p in (limit.critical_percent, limit.warning_percent) if passed(limit, used, p)]
    if not passed_now:
        return None
    percent = max(passed_now)
    if any(alert.percent >= percent and alert.start_ms < window.end_ms for alert in told):
        return None
    alert_id = f"limit/{limit.key}/{percent}/{window.start_ms}"
    return Alert(alert_id, limit.key, limit.name, percent, window.start_ms, window.end_ms, now_ms)


def level_of(limit: Limit, used: int, costless: int) -> Level:
    """How bad it is. What has no known cost can only make it worse, so what is passed without it is passed."""
    if passed(limit, used, limit.critical_percent):
        return "critical"
    if passed(limit, used, limit.warning_percent):
        return "warning"
    return "unknown" if costless else "normal"


def stats_of(limit: Limit, window: Window | None, uses: Sequence[Use]) -> LimitStats:
    """What readers see of the limit; ``uses`` are those of the window, ascending."""
    used, costless = used_of(limit, uses)
    money = limit.unit == "usd"
    level = level_of(limit, used, costless)
    forecast = Forecast()
    if window is not None and uses and not costless:
        amounts = [(use.slot, use.microusd if money else use.tokens) for use in uses]
        forecast = forecast_of(amounts, slot_of(window.start_ms), limit.amount)
    scale = MICROUSD_PER_USD if money else 1
    end_ms = None if window is None else window.end_ms
    return LimitStats(
        name=limit.name,
        window=limit.window,
        provider=limit.whose if limit.of == "provider" else None,
        model=limit.whose if limit.of == "model" else None,
        workspace=limit.whose if limit.of == "workspace" else None,
        agent=limit.whose if limit.of == "agent" else None,
        used_tokens=None if money else used,
        used_usd=used / MICROUSD_PER_USD if money else None,
        limit=limit.amount / MICROUSD_PER_USD if money else limit.amount,
        percent=None if costless else used * 1000 // limit.amount / 10,
        level=level,
        warning_percent=limit.warning_percent,
        critical_percent=limit.critical_percent,
        starts_at_ms=None if window is None else window.start_ms,
        resets_at_ms=end_ms,
        burn_per_hour=None if forecast.per_hour is None else round(forecast.per_hour / scale, 6 if money else 0),
        reached_at_ms=_before(forecast.likely_ms, end_ms),
        reached_earliest_ms=_before(forecast.earliest_ms, end_ms),
        reached_latest_ms=_before(forecast.latest_ms, end_ms),
    )


def _before(at_ms: int | None, end_ms: int | None) -> int | None:
    """The instant, if the window has not been reset by then."""
    return at_ms if at_ms is not None and end_ms is not None and at_ms < end_ms else None


def _bounds(period: Period, today: date) -> tuple[date, date]:
    if period == "day":
        return today, today + timedelta(days=1)
    if period == "week":
        monday = today - timedelta(days=today.weekday())
        return monday, monday + timedelta(days=7)
    first = today.replace(day=1)
    if first.month == _DECEMBER:
        return first, date(first.year + 1, 1, 1)
    return first, date(first.year, first.month + 1, 1)
