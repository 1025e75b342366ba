"""Days that begin at an hour of the user's choice, where clocks change."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from opencode_stats.core.days import day_named, day_of

HOUR_MS = 3_600_000


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-07-01T04:00+02:00", date(2026, 7, 1)),
        ("2026-07-01T03:59:59.999+02:00", date(2026, 6, 30)),
        ("2026-07-02T00:00+02:00", date(2026, 7, 1)),
    ],
)
def test_the_night_belongs_to_the_day_before(at: str, expected: date) -> None:
    assert day_of(ms(at), ZoneInfo("Europe/Berlin"), 4).date == expected


@pytest.mark.parametrize(
    ("zone", "begun", "hour", "start", "end"),
    [
        # The hour that is skipped is the very one at which days begin: the day begins at the change.
        ("Europe/Berlin", "2026-03-29", 2, "2026-03-29T03:00+02:00", "2026-03-30T02:00+02:00"),
        ("Europe/Berlin", "2026-03-28", 2, "2026-03-28T02:00+01:00", "2026-03-29T03:00+02:00"),
        ("Europe/Berlin", "2026-03-28", 3, "2026-03-28T03:00+01:00", "2026-03-29T03:00+02:00"),
        # The hour that comes twice: its first coming.
        ("Europe/Berlin", "2026-10-25", 2, "2026-10-25T02:00+02:00", "2026-10-26T02:00+01:00"),
        ("Europe/Berlin", "2026-10-24", 2, "2026-10-24T02:00+02:00", "2026-10-25T02:00+02:00"),
        ("Europe/Berlin", "2026-10-24", 4, "2026-10-24T04:00+02:00", "2026-10-25T04:00+01:00"),
        ("America/New_York", "2026-03-07", 5, "2026-03-07T05:00-05:00", "2026-03-08T05:00-04:00"),
        ("Australia/Lord_Howe", "2026-10-04", 2, "2026-10-04T02:30+11:00", "2026-10-05T02:00+11:00"),
        ("Asia/Kathmandu", "2026-01-15", 6, "2026-01-15T06:00+05:45", "2026-01-16T06:00+05:45"),
        # Samoa left 2011-12-30 out.
        ("Pacific/Apia", "2011-12-29", 5, "2011-12-29T05:00-10:00", "2011-12-31T05:00+14:00"),
    ],
)
def test_where_a_day_begins_and_ends(zone: str, begun: str, hour: int, start: str, end: str) -> None:
    place = ZoneInfo(zone)
    day = day_of(ms(start), place, hour)

    assert (day.date.isoformat(), day.start_ms, day.end_ms) == (begun, ms(start), ms(end))
    assert day == day_of(ms(end) - 1, place, hour) == day_named(date.fromisoformat(begun), place, hour)
    assert day_of(ms(start) - 1, place, hour).end_ms == day.start_ms


def test_a_date_that_was_left_out_has_a_day_of_no_length() -> None:
    day = day_named(date(2011, 12, 30), ZoneInfo("Pacific/Apia"), 5)

    assert day.start_ms == day.end_ms == ms("2011-12-31T05:00+14:00")


@pytest.mark.parametrize(("begun", "hours"), [("2026-03-28", 23), ("2026-10-24", 25), ("2026-03-29", 24)])
def test_the_clock_changes_in_the_night_of_the_day_before(begun: str, hours: int) -> None:
    day = day_named(date.fromisoformat(begun), ZoneInfo("Europe/Berlin"), 4)

    assert (day.end_ms - day.start_ms) / HOUR_MS == hours
