"""Since when detail is kept, where the user does not want to keep it for ever (docs/history.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from opencode_stats.core.days import SLOT_MS, day_of
from opencode_stats.core.limits import Rolling, parse_window

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import tzinfo

    from opencode_stats.core.limits import Limit

DAY_MS: Final = 24 * 60 * 60 * 1000
LEAST_DAYS: Final = 32
"""A month of the calendar, of which limits are, and a day for a zone that is changed."""
MOST_DAYS: Final = 36_500


def kept_from_ms(  # noqa: PLR0917 - two instants, what the user chose, and how days are made
    now_ms: int, latest_ms: int, days: int, limits: Iterable[Limit], zone: tzinfo, start_hour: int = 0
) -> int:
    """The instant before which detail is to be forgotten: the beginning of a local day and of a quarter hour.

    ``days`` whole days before today are kept, and as many as the longest rolling window of a limit has, if that is
    more. ``latest_ms`` is the last use: time in which nothing was used counts for nothing, so a clock that is wrong by
    years while nobody works makes nothing be forgotten.
    """
    windows = [parse_window(limit.window) for limit in limits]
    length_ms = max([days * DAY_MS, *(one.length_ms + DAY_MS for one in windows if isinstance(one, Rolling))])
    begun_ms = day_of(max(0, min(now_ms, latest_ms) - length_ms), zone, start_hour).start_ms
    return begun_ms - begun_ms % SLOT_MS
