"""The calendar of a moment: today's hours and the last days, whatever the clocks did."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from opencode_stats.core.days import SLOT_MS
from opencode_stats.core.recent import DAYS_SHOWN, calendar_of, spent_in

HOUR_MS = 3_600_000


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def test_a_plain_day() -> None:
    calendar = calendar_of(ms("2026-11-21T12:34:56+00:00"), UTC)

    assert [day.date.isoformat() for day in calendar.days] == [f"2026-11-{number:02d}" for number in range(8, 22)]
    assert (calendar.today, calendar.past_days) == (calendar.days[-1], calendar.days[:-1])
    assert calendar.hours == tuple(calendar.today.start_ms + number * HOUR_MS for number in range(24))


@pytest.mark.parametrize(
    ("zone", "at", "hours", "lengths"),
    [
        ("Europe/Berlin", "2026-10-25T12:00+01:00", 25, {1.0}),
        ("Europe/Berlin", "2026-03-29T12:00+02:00", 23, {1.0}),
        ("America/Santiago", "2026-09-06T12:00-03:00", 23, {1.0}),
        ("Asia/Kathmandu", "2026-11-21T12:00+05:45", 24, {1.0}),
        # Half an hour is put back, or left out, at two o'clock.
        ("Australia/Lord_Howe", "2026-04-05T12:00+10:30", 25, {0.5, 1.0}),
        ("Australia/Lord_Howe", "2026-10-04T12:00+11:00", 24, {0.5, 1.0}),
    ],
)
def test_a_day_on_which_the_clock_changes(zone: str, at: str, hours: int, lengths: set[float]) -> None:
    calendar = calendar_of(ms(at), ZoneInfo(zone))

    ends = [*calendar.hours[1:], calendar.today.end_ms]
    assert calendar.hours[0] == calendar.today.start_ms
    assert len(calendar.hours) == hours
    assert {(end - start) / HOUR_MS for start, end in zip(calendar.hours, ends, strict=True)} == lengths


def test_a_calendar_holds_from_midnight_to_midnight() -> None:
    calendar = calendar_of(ms("2026-11-21T12:00+00:00"), UTC)
    begins_ms, ends_ms = ms("2026-11-21T00:00+00:00"), ms("2026-11-22T00:00+00:00")
    instants_ms = (begins_ms - 1, begins_ms, ends_ms - 1, ends_ms)

    assert [calendar.holds(at_ms) for at_ms in instants_ms] == [False, True, True, False]


def test_the_days_touch_across_a_change_of_the_clock() -> None:
    days = calendar_of(ms("2026-11-01T12:00+01:00"), ZoneInfo("Europe/Berlin")).days

    assert [day.start_ms for day in days[1:]] == [day.end_ms for day in days[:-1]]
    assert sum((day.end_ms - day.start_ms) // HOUR_MS for day in days) == DAYS_SHOWN * 24 + 1


def test_a_date_that_the_zone_left_out_is_no_day() -> None:
    days = calendar_of(ms("2011-12-31T12:00+14:00"), ZoneInfo("Pacific/Apia")).days

    assert [day.date.isoformat() for day in days[-3:]] == ["2011-12-28", "2011-12-29", "2011-12-31"]
    assert len(days) == DAYS_SHOWN


def test_a_day_that_begins_in_the_morning_has_its_own_hours() -> None:
    calendar = calendar_of(ms("2026-11-21T03:59+00:00"), UTC, start_hour=4)

    assert calendar.today.date.isoformat() == "2026-11-20"
    assert (calendar.hours[0], len(calendar.hours)) == (ms("2026-11-20T04:00+00:00"), 24)


def test_each_quarter_hour_goes_where_it_began() -> None:
    starts = [0, 4 * SLOT_MS, 6 * SLOT_MS]

    assert spent_in(starts, [(0, 1, 10), (3, 2, 20), (4, 4, 40), (5, 8, 80), (99, 16, 160)]) == (
        (3, 30),
        (12, 120),
        (16, 160),
    )
    assert spent_in(starts, []) == ((0, 0),) * 3
