"""Days in zones where they are not what one expects."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from opencode_stats.core.days import SLOT_MS, Day, day_of, slot_of

HOUR_MS = 3_600_000


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def hours(day: Day) -> float:
    return (day.end_ms - day.start_ms) / HOUR_MS


@pytest.mark.parametrize(
    ("zone", "noon", "expected"),
    [
        ("Europe/Berlin", "2026-03-29T12:00+02:00", 23),
        ("Europe/Berlin", "2026-10-25T12:00+01:00", 25),
        ("Europe/Berlin", "2026-07-01T12:00+02:00", 24),
        ("America/New_York", "2026-03-08T12:00-04:00", 23),
        ("America/New_York", "2026-11-01T12:00-05:00", 25),
        ("Australia/Lord_Howe", "2026-04-05T12:00+10:30", 24.5),
        ("Australia/Lord_Howe", "2026-10-04T12:00+11:00", 23.5),
        ("Asia/Kathmandu", "2026-01-15T12:00+05:45", 24),
    ],
)
def test_a_day_with_a_clock_change_is_shorter_or_longer(zone: str, noon: str, expected: float) -> None:
    assert hours(day_of(ms(noon), ZoneInfo(zone))) == expected


@pytest.mark.parametrize(
    ("zone", "first_instant", "last_before"),
    [
        # 00:00 does not exist here: the clocks go from 23:59:59 to 01:00.
        ("America/Sao_Paulo", "2018-11-04T01:00-02:00", "2018-11-03T23:59:59.999-03:00"),
        ("Asia/Beirut", "2022-03-27T01:00+03:00", "2022-03-26T23:59:59.999+02:00"),
        ("Africa/Cairo", "2026-04-24T01:00+03:00", "2026-04-23T23:59:59.999+02:00"),
    ],
)
def test_a_day_without_a_midnight_begins_at_the_change(zone: str, first_instant: str, last_before: str) -> None:
    today = day_of(ms(first_instant), ZoneInfo(zone))

    assert today.start_ms == ms(first_instant)
    assert today == day_of(ms(first_instant) + 5 * HOUR_MS, ZoneInfo(zone))
    assert day_of(ms(last_before), ZoneInfo(zone)).end_ms == ms(first_instant)


def test_a_day_whose_last_hour_comes_twice() -> None:
    # Beirut goes back at midnight: 23:00 to 24:00 of the same date is passed twice.
    day = day_of(ms("2022-10-29T12:00+03:00"), ZoneInfo("Asia/Beirut"))

    assert hours(day) == 25
    assert day.end_ms == ms("2022-10-30T00:00+02:00")


def test_a_date_that_was_left_out() -> None:
    # Samoa crossed the date line: 2011-12-29 was followed by 2011-12-31.
    before = day_of(ms("2011-12-29T12:00-10:00"), ZoneInfo("Pacific/Apia"))
    after = day_of(ms("2011-12-31T12:00+14:00"), ZoneInfo("Pacific/Apia"))

    assert (before.date, after.date) == (date(2011, 12, 29), date(2011, 12, 31))
    assert before.end_ms == after.start_ms


def test_an_hour_after_midnight_that_is_put_back_before_it_belongs_to_the_new_day() -> None:
    # St John's went back at 00:01 to 23:01: at that minute the new day had begun already.
    zone = ZoneInfo("America/St_Johns")
    again_ms = ms("2010-11-06T23:30-03:30")
    day = day_of(again_ms, zone)

    assert day.start_ms <= again_ms < day.end_ms
    assert day.date == date(2010, 11, 7)
    assert day.start_ms == ms("2010-11-07T00:00-02:30")


def test_the_last_moment_of_a_day_is_not_rounded_into_the_next() -> None:
    assert day_of(ms("2026-01-15T23:59:59.999+00:00"), UTC).date == date(2026, 1, 15)


def test_a_fixed_offset_is_a_zone_too() -> None:
    zone = timezone(timedelta(hours=-9, minutes=-30))

    assert day_of(ms("2026-01-15T09:29:59+00:00"), zone).date == date(2026, 1, 14)
    assert day_of(ms("2026-01-15T09:30:00+00:00"), zone).date == date(2026, 1, 15)


def test_slots_are_quarter_hours_since_1970() -> None:
    assert [slot_of(at_ms) for at_ms in (0, SLOT_MS - 1, SLOT_MS, 4 * SLOT_MS)] == [0, 0, 1, 4]
