"""Since when detail is kept."""

from __future__ import annotations

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from tests.support.clock import NOON_MS

from opencode_stats.core.days import SLOT_MS, day_of
from opencode_stats.core.keeping import DAY_MS, LEAST_DAYS, kept_from_ms
from opencode_stats.core.limits import PERIODS, Limit, calendar_window

MIDNIGHT_MS = NOON_MS - NOON_MS % DAY_MS


def limit(window: str) -> Limit:
    return Limit(name="l", window=window, unit="tokens", amount=1)


def test_whole_days_before_today_are_kept() -> None:
    assert kept_from_ms(NOON_MS, NOON_MS, 32, (), UTC) == MIDNIGHT_MS - 32 * DAY_MS
    assert kept_from_ms(MIDNIGHT_MS, NOON_MS, 365, (), UTC) == MIDNIGHT_MS - 365 * DAY_MS
    assert kept_from_ms(MIDNIGHT_MS - 1, NOON_MS, 365, (), UTC) == MIDNIGHT_MS - 366 * DAY_MS


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "America/St_Johns", "Africa/Monrovia"])
@pytest.mark.parametrize("start_hour", [0, 5])
def test_it_begins_with_a_local_day_and_a_quarter_hour(zone: str, start_hour: int) -> None:
    # In 1970 Monrovia was 44 minutes and 30 seconds behind.
    for now_ms in (NOON_MS, 40 * DAY_MS):
        at_ms = kept_from_ms(now_ms, now_ms, 32, (), ZoneInfo(zone), start_hour)
        assert at_ms % SLOT_MS == 0
        begun_ms = day_of(now_ms - 32 * DAY_MS, ZoneInfo(zone), start_hour).start_ms
        assert begun_ms - SLOT_MS < at_ms <= begun_ms


def test_days_are_counted_from_the_last_use() -> None:
    assert kept_from_ms(NOON_MS + 10**12, NOON_MS, 32, (), UTC) == kept_from_ms(NOON_MS, NOON_MS, 32, (), UTC)
    assert kept_from_ms(NOON_MS, 0, 32, (), UTC) == 0


def test_a_rolling_window_is_kept_whole() -> None:
    assert kept_from_ms(NOON_MS, NOON_MS, 32, [limit("5h"), limit("month")], UTC) == MIDNIGHT_MS - 32 * DAY_MS
    assert kept_from_ms(NOON_MS, NOON_MS, 32, [limit("90d")], UTC) == MIDNIGHT_MS - 91 * DAY_MS
    assert kept_from_ms(NOON_MS, NOON_MS, 100, [limit("90d")], UTC) == MIDNIGHT_MS - 100 * DAY_MS


def test_every_window_of_the_calendar_is_shorter_than_the_least() -> None:
    for period in PERIODS:
        for month in range(12):
            now_ms = NOON_MS + month * 31 * DAY_MS
            window = calendar_window(period, now_ms, ZoneInfo("Europe/Berlin"))
            assert window.start_ms >= kept_from_ms(window.end_ms - 1, window.end_ms - 1, LEAST_DAYS, (), UTC)
