"""Instants as people write them."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from opencode_stats.core.moments import instant_of
from opencode_stats.errors import UserError

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 10, 25, 14, 30, 15, tzinfo=BERLIN)
NOW_MS = int(NOW.timestamp() * 1000)


def local(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp() * 1000)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2026-10-01", "2026-10-01", "2026-10-02"),
        (" 20261001 ", "2026-10-01", "2026-10-02"),
        ("today", "2026-10-25", "2026-10-26"),
        ("yesterday", "2026-10-24", "2026-10-25"),
        ("2026-10", "2026-10-01", "2026-11-01"),
        ("2026-12", "2026-12-01", "2027-01-01"),
        ("2026-W43", "2026-10-19", "2026-10-26"),
        ("1d", "2026-10-25", "2026-10-25"),
        ("7d", "2026-10-19", "2026-10-19"),
        ("2w", "2026-10-12", "2026-10-12"),
        ("1mo", "2026-09-25", "2026-09-25"),
        ("1y", "2025-10-25", "2025-10-25"),
        ("2026-10-01T14:30", "2026-10-01T14:30", "2026-10-01T14:30"),
        ("2026-10-01 14:30:05", "2026-10-01T14:30:05", "2026-10-01T14:30:05"),
        ("now", "2026-10-25T14:30:15", "2026-10-25T14:30:15"),
        ("12h", "2026-10-25T02:30:15", "2026-10-25T02:30:15"),
        ("30min", "2026-10-25T14:00:15", "2026-10-25T14:00:15"),
    ],
)
def test_what_is_meant(text: str, start: str, end: str) -> None:
    begun, ended = (instant_of(text, NOW_MS, BERLIN, end=last) for last in (False, True))

    if text == "12h":  # the clock is put back within it: 02:30 is its second coming
        assert begun == ended == NOW_MS - 12 * 3_600_000
    else:
        assert (begun, ended) == (local(start), local(end))


def test_an_offset_is_kept_and_months_end_when_they_do() -> None:
    assert instant_of("2026-10-01T00:00Z", NOW_MS, BERLIN) == local("2026-10-01T02:00")
    march_ms = int(datetime(2026, 3, 31, 12, tzinfo=BERLIN).timestamp() * 1000)
    assert instant_of("1mo", march_ms, BERLIN) == local("2026-02-28")


def test_a_day_begins_at_the_users_hour() -> None:
    assert instant_of("today", local("2026-10-20T03:00"), BERLIN, 4) == local("2026-10-19T04:00")


@pytest.mark.parametrize(
    "text",
    ["", "bananas", "2026-13", "2026-W60", "2026-02-30", "-7d", "7", "9999999d", "999999y", "1969-12-31", "d\x1b["],
)
def test_what_is_none_is_told_in_a_sentence(text: str) -> None:
    with pytest.raises(UserError, match="is no date or time"):
        instant_of(text, NOW_MS, BERLIN)
