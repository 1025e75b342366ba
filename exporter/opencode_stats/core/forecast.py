"""When a limit will be reached if its window goes on as it went so far.

The window's quarter hours up to the last one with use are taken as the sample, those without use included, so the pace
has its breaks in it. Their mean gives the rate and the likely instant. For the interval each quarter hour to come is
taken as one more of the same kind, independent of the others: n of them sum up to n means, give or take 1.28 standard
deviations times the root of n, which a sum keeps within in eight of ten cases. Work comes in bursts, so quarter hours
are not independent and the interval is rather too narrow; that is why a sample of less than an hour has none.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from opencode_stats.core.days import SLOT_MS

if TYPE_CHECKING:
    from collections.abc import Sequence

LEAST_SAMPLE: Final = 4
"""Quarter hours."""
EIGHT_OF_TEN: Final = 1.2816
"""Standard deviations of a normal distribution on either side of its mean, that hold 80 % of it."""
_SLOTS_AN_HOUR: Final = 4


@dataclass(frozen=True, slots=True)
class Forecast:
    """The rate, and when the limit is reached at the earliest, likely, and at the latest, Unix milliseconds.

    All None where nothing is used; an instant is None where it can't be told, or where the limit is reached already.
    """

    per_hour: float | None = None
    earliest_ms: int | None = None
    likely_ms: int | None = None
    latest_ms: int | None = None


def forecast_of(amounts: Sequence[tuple[int, int]], start_slot: int, limit: int) -> Forecast:
    """The forecast after these amounts.

    Args:
        amounts: what was used, by quarter hour, ascending, none of them before the start; at least one.
        start_slot: the quarter hour with which the window begins.
        limit: what must not be used up, in the same unit.
    """
    last_slot = amounts[-1][0]
    count = last_slot - start_slot + 1
    used = sum(amount for _, amount in amounts)
    mean = used / count
    if used <= 0:
        return Forecast(0.0)
    per_hour = mean * _SLOTS_AN_HOUR
    if used >= limit or count < LEAST_SAMPLE:
        return Forecast(per_hour)
    left = limit - used
    variance = sum(amount * amount for _, amount in amounts) / count - mean * mean
    spread = EIGHT_OF_TEN * math.sqrt(max(0.0, variance))
    end_ms = (last_slot + 1) * SLOT_MS
    return Forecast(
        per_hour,
        end_ms + round(_slots_until(left, mean, spread) * SLOT_MS),
        end_ms + round(left / mean * SLOT_MS),
        end_ms + round(_slots_until(left, mean, -spread) * SLOT_MS),
    )


def _slots_until(left: float, mean: float, spread: float) -> float:
    """The n for which ``n * mean + spread * sqrt(n) == left``: a quadratic equation in the root of n."""
    root = (math.sqrt(spread * spread + 4 * mean * left) - spread) / (2 * mean)
    return root * root
