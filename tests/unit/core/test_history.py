"""Hours, days, weeks and months of local time."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from opencode_stats.core.history import Period, Span, span_at, spans

HOUR_MS = 3_600_000


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def lengths(found: list[Span]) -> dict[str, float]:
    return {span.name: (span.end_ms - span.start_ms) / HOUR_MS for span in found}


def test_days_weeks_and_months() -> None:
    start_ms, end_ms = ms("2025-12-27T00:00+00:00"), ms("2026-01-06T00:00+00:00")

    assert lengths(spans(start_ms, end_ms, "week", UTC)) == {"2025-W52": 48, "2026-W01": 168, "2026-W02": 24}
    assert lengths(spans(start_ms, end_ms, "month", UTC)) == {"2025-12": 120, "2026-01": 120}
    days = spans(start_ms, end_ms, "day", UTC)
    assert (len(days), days[0].name, days[-1].name) == (10, "2025-12-27", "2026-01-05")


def test_the_first_and_the_last_are_cut() -> None:
    start_ms, end_ms = ms("2026-01-01T10:20:30+00:00"), ms("2026-01-01T12:05+00:00")

    assert spans(start_ms, end_ms, "hour", UTC) == [
        Span("2026-01-01T10+00:00", start_ms, ms("2026-01-01T11:00+00:00")),
        Span("2026-01-01T11+00:00", ms("2026-01-01T11:00+00:00"), ms("2026-01-01T12:00+00:00")),
        Span("2026-01-01T12+00:00", ms("2026-01-01T12:00+00:00"), end_ms),
    ]
    assert spans(start_ms, end_ms, "month", UTC) == [Span("2026-01", start_ms, end_ms)]
    assert spans(end_ms, end_ms, "day", UTC) == []


@pytest.mark.parametrize(
    ("zone", "start", "end", "expected"),
    [
        (
            "Europe/Berlin",
            "2026-10-25T01:00+02:00",
            "2026-10-25T04:00+01:00",
            {"2026-10-25T01+02:00": 1, "2026-10-25T02+02:00": 1, "2026-10-25T02+01:00": 1, "2026-10-25T03+01:00": 1},
        ),
        (
            "Europe/Berlin",
            "2026-03-29T01:00+01:00",
            "2026-03-29T04:00+02:00",
            {"2026-03-29T01+01:00": 1, "2026-03-29T03+02:00": 1},
        ),
        (
            "Australia/Lord_Howe",
            "2026-10-04T01:00+10:30",
            "2026-10-04T04:00+11:00",
            {"2026-10-04T01+10:30": 1, "2026-10-04T02+11:00": 0.5, "2026-10-04T03+11:00": 1},
        ),
        (
            "Asia/Kathmandu",
            "2026-01-01T01:00+05:45",
            "2026-01-01T02:00+05:45",
            {"2026-01-01T01+05:45": 1},
        ),
    ],
)
def test_hours_where_the_clock_changes(zone: str, start: str, end: str, expected: dict[str, float]) -> None:
    assert lengths(spans(ms(start), ms(end), "hour", ZoneInfo(zone))) == expected


def test_weeks_and_months_begin_when_a_day_does() -> None:
    monday = spans(ms("2026-06-01T03:00+02:00"), ms("2026-06-01T05:00+02:00"), "month", ZoneInfo("Europe/Berlin"), 4)

    assert lengths(monday) == {"2026-05": 1, "2026-06": 1}


@pytest.mark.parametrize(
    ("period", "name", "start", "end"),
    [
        ("hour", "2026-10-25T02+02:00", "2026-10-25T00:00", "2026-10-25T01:00"),
        ("day", "2026-10-25", "2026-10-24T22:00", "2026-10-25T23:00"),
        ("week", "2026-W43", "2026-10-18T22:00", "2026-10-25T23:00"),
        ("month", "2026-10", "2026-09-30T22:00", "2026-10-31T23:00"),
    ],
)
def test_the_whole_stretch_that_holds_an_instant(period: Period, name: str, start: str, end: str) -> None:
    def utc_ms(text: str) -> int:
        return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)

    found = span_at(utc_ms("2026-10-25T00:30"), period, ZoneInfo("Europe/Berlin"))

    assert found == Span(name, utc_ms(start), utc_ms(end))
