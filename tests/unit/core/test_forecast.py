"""The forecast of a limit: against what its words say, and against many drawn futures."""

from __future__ import annotations

import random

import pytest

from opencode_stats.core.days import SLOT_MS
from opencode_stats.core.forecast import Forecast, forecast_of


def test_a_steady_pace_has_one_answer() -> None:
    forecast = forecast_of([(slot, 25) for slot in range(100, 108)], 100, 500)

    at_ms = (108 + 12) * SLOT_MS
    assert forecast == Forecast(100.0, at_ms, at_ms, at_ms)


def test_pauses_within_count_and_the_one_since_does_not() -> None:
    forecast = forecast_of([(100, 100), (107, 100)], 100, 300)

    assert forecast.per_hour == 100.0
    assert forecast.likely_ms == (108 + 4) * SLOT_MS


@pytest.mark.parametrize(
    ("amounts", "per_hour"),
    [([(100, 0)], 0.0), ([(100, 30), (102, 0)], 40.0), ([(100, 1_000), (110, 5)], 1005 / 11 * 4)],
)
def test_what_can_not_be_told(amounts: list[tuple[int, int]], per_hour: float) -> None:
    found = forecast_of(amounts, 100, 1_000)

    assert found.per_hour == pytest.approx(per_hour)
    assert (found.earliest_ms, found.likely_ms, found.latest_ms) == (None, None, None)


def test_the_interval_holds_eight_of_ten_futures_of_the_same_kind() -> None:
    draw = random.Random(7)
    sample = [draw.choice([0, 0, 10, 40, 90]) for _ in range(40)]
    forecast = forecast_of([(slot, amount) for slot, amount in enumerate(sample)], 0, sum(sample) + 2_000)
    assert None not in (forecast.earliest_ms, forecast.latest_ms)
    earliest, latest = ((at_ms or 0) / SLOT_MS - 40 for at_ms in (forecast.earliest_ms, forecast.latest_ms))

    inside = 0
    for _ in range(2_000):
        left, slots = 2_000, 0
        while left > 0:
            left -= draw.choice(sample)
            slots += 1
        # It is reached somewhere in that last quarter hour.
        inside += earliest <= slots and slots - 1 <= latest

    assert 0.76 <= inside / 2_000 <= 0.88
