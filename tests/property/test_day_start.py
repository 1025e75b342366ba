"""Days that begin at any hour fill the time line without gap or overlap, in every zone there is."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from opencode_stats.core.days import SLOT_MS, day_named, day_of

ZONES = sorted(available_timezones() - {"localtime"})
FIRST_MS = 315_532_800_000  # 1980: before it, some zones were not a whole number of quarter hours from UTC
LAST_MS = 4_102_444_800_000  # 2100


@given(zone=st.sampled_from(ZONES), at_ms=st.integers(FIRST_MS, LAST_MS), hour=st.integers(0, 23))
@example(zone="Pacific/Apia", at_ms=int(datetime.fromisoformat("2011-12-31T05:00+14:00").timestamp() * 1000), hour=5)
@example(zone="Pacific/Apia", at_ms=int(datetime.fromisoformat("2011-12-31T02:00+14:00").timestamp() * 1000), hour=5)
@example(zone="Europe/Berlin", at_ms=int(datetime.fromisoformat("2026-10-25T02:30+01:00").timestamp() * 1000), hour=2)
@example(
    zone="America/St_Johns", at_ms=int(datetime.fromisoformat("2010-11-06T23:30-03:30").timestamp() * 1000), hour=0
)
def test_an_instant_lies_in_one_day_and_days_touch(zone: str, at_ms: int, hour: int) -> None:
    place = ZoneInfo(zone)
    day = day_of(at_ms, place, hour)

    assert day.start_ms <= at_ms < day.end_ms
    assert day.start_ms % SLOT_MS == day.end_ms % SLOT_MS == 0
    assert day_of(day.start_ms, place, hour) == day_of(day.end_ms - 1, place, hour) == day
    assert day_of(day.start_ms - 1, place, hour).end_ms == day.start_ms
    assert day_of(day.end_ms, place, hour).start_ms == day.end_ms
    assert day_of(day.end_ms, place, hour).date > day.date
    # It began on its date; where the clock skipped midnight just then, at the first moment of the next.
    began = datetime.fromtimestamp(day.start_ms // 1000, place).date()
    assert began - day.date in (timedelta(0), timedelta(days=1))


@pytest.mark.parametrize("part", range(8))
def test_the_days_of_a_year_follow_each_other_in_every_zone(part: int) -> None:
    first = datetime(2026, 1, 1).date()  # noqa: DTZ001 - a date, in every zone
    for number, zone in enumerate(ZONES):
        if number % 8 == part:
            place, hour = ZoneInfo(zone), number % 24
            days = [day_named(first + timedelta(days=offset), place, hour) for offset in range(366)]
            assert all(day.end_ms == after.start_ms for day, after in pairwise(days)), zone
            assert all(22 * 4 <= (day.end_ms - day.start_ms) / SLOT_MS <= 26 * 4 for day in days), zone
