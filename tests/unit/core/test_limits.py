"""Windows, levels and alerts of limits, as rules; random histories are in tests/property/test_limits.py."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from tests.support.clock import NOON_MS

from opencode_stats.core.days import SLOT_MS
from opencode_stats.core.limits import (
    Alert,
    Calendar,
    Limit,
    Rolling,
    Use,
    Window,
    alert_due,
    calendar_window,
    level_of,
    parse_window,
    rolling_window,
    stats_of,
)

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
NOON = NOON_MS // SLOT_MS
LIMIT = Limit(name="l", window="5h", unit="tokens", amount=1_000)
MONEY = replace(LIMIT, unit="usd", amount=2_000_000)
WINDOW = Window(NOON_MS, NOON_MS + 5 * HOUR_MS)


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("day", Calendar("day")),
        ("week", Calendar("week")),
        ("month", Calendar("month")),
        ("15m", Rolling(SLOT_MS)),
        ("5h", Rolling(5 * HOUR_MS)),
        ("10d", Rolling(10 * DAY_MS)),
        ("2w", Rolling(14 * DAY_MS)),
        ("366d", Rolling(366 * DAY_MS)),
    ],
)
def test_windows_that_can_be(text: str, window: Rolling | Calendar) -> None:
    assert parse_window(text) == window


@pytest.mark.parametrize(
    "text", ["", "5", "h", "0h", "05h", "20m", "1.5h", "367d", "-5h", "5H", "5h ", "year", "\u0669h"]
)
def test_windows_that_can_not_be(text: str) -> None:
    with pytest.raises(ValueError, match="it is n"):
        parse_window(text)


def test_the_calendar_s_windows() -> None:
    # NOON is that of a Saturday, 2026-11-21.
    midnight_ms = NOON_MS - 12 * HOUR_MS

    assert calendar_window("day", NOON_MS, UTC) == (midnight_ms, midnight_ms + DAY_MS)
    assert calendar_window("day", NOON_MS, UTC, 13) == (NOON_MS - 23 * HOUR_MS, NOON_MS + HOUR_MS)
    assert calendar_window("week", NOON_MS, UTC) == (midnight_ms - 5 * DAY_MS, midnight_ms + 2 * DAY_MS)
    assert calendar_window("month", NOON_MS, UTC) == (midnight_ms - 20 * DAY_MS, midnight_ms + 10 * DAY_MS)
    december = calendar_window("month", NOON_MS + 20 * DAY_MS, UTC)
    assert december.end_ms - december.start_ms == 31 * DAY_MS


def test_a_week_in_which_the_clock_changes() -> None:
    berlin, sunday_ms = ZoneInfo("Europe/Berlin"), NOON_MS - 27 * DAY_MS
    window = calendar_window("week", sunday_ms, berlin)

    assert window.end_ms - window.start_ms == 7 * DAY_MS + HOUR_MS


def test_a_rolling_window_begins_with_use_and_ends_its_length_later() -> None:
    slots = [NOON, NOON + 19, NOON + 20, NOON + 45]

    assert rolling_window(slots, 5 * HOUR_MS, NOON_MS) == WINDOW
    assert rolling_window(slots, 5 * HOUR_MS, NOON_MS + 5 * HOUR_MS - 1) == WINDOW
    assert rolling_window(slots, 5 * HOUR_MS, NOON_MS + 5 * HOUR_MS) == (WINDOW.end_ms, WINDOW.end_ms + 5 * HOUR_MS)
    assert rolling_window(slots, 5 * HOUR_MS, NOON_MS + 10 * HOUR_MS) is None
    assert rolling_window(slots, 5 * HOUR_MS, NOON_MS - 1) is None
    assert rolling_window([], 5 * HOUR_MS, NOON_MS) is None


@pytest.mark.parametrize(
    ("used", "costless", "level"),
    [
        (0, 0, "normal"),
        (699, 0, "normal"),
        (700, 0, "warning"),
        (799, 0, "warning"),
        (800, 0, "critical"),
        (5_000, 0, "critical"),
        (699, 1, "unknown"),
        (700, 1, "warning"),
        (800, 1, "critical"),
    ],
)
def test_levels(used: int, costless: int, level: str) -> None:
    assert level_of(LIMIT, used, costless) == level


def test_what_readers_see_of_tokens() -> None:
    seen = stats_of(replace(LIMIT, of="agent", whose="build"), WINDOW, [Use(NOON, 650, 5, 3), Use(NOON + 1, 9, 5, 0)])

    assert (seen.used_tokens, seen.used_usd, seen.limit, seen.percent, seen.level) == (659, None, 1_000, 65.9, "normal")
    assert (seen.agent, seen.model, seen.starts_at_ms, seen.resets_at_ms) == ("build", None, *WINDOW)


def test_what_readers_see_of_money() -> None:
    seen = stats_of(MONEY, WINDOW, [Use(NOON, 5, 1_599_999, 0)])
    assert (seen.used_tokens, seen.used_usd, seen.limit, seen.percent, seen.level) == (
        None,
        1.599999,
        2.0,
        79.9,
        "warning",
    )

    unknown = stats_of(MONEY, WINDOW, [Use(NOON, 5, 1_000_000, 1)])
    assert (unknown.used_usd, unknown.percent, unknown.level, unknown.burn_per_hour) == (1.0, None, "unknown", None)


def test_where_no_window_is_open() -> None:
    seen = stats_of(LIMIT, None, [])

    assert (seen.used_tokens, seen.percent, seen.level, seen.starts_at_ms, seen.resets_at_ms) == (
        0,
        0.0,
        "normal",
        None,
        None,
    )
    assert seen.burn_per_hour is None


def test_what_is_reached_only_after_the_reset_is_not_told() -> None:
    slow = stats_of(LIMIT, WINDOW, [Use(NOON + place, 10, 0, 0) for place in range(8)])
    fast = stats_of(LIMIT, WINDOW, [Use(NOON + place, 80, 0, 0) for place in range(8)])

    assert (slow.burn_per_hour, slow.reached_at_ms) == (40, None)
    assert fast.burn_per_hour == 320
    assert fast.reached_at_ms == NOON_MS + round(12.5 * SLOT_MS)


def told(percent: int, window: Window = WINDOW) -> Alert:
    return Alert("id", LIMIT.key, "l", percent, *window, NOON_MS)


def test_the_higher_of_two_thresholds_is_told() -> None:
    due = [alert_due(LIMIT, WINDOW, used, [], NOON_MS + 5) for used in (699, 700, 800)]

    assert [alert and alert.percent for alert in due] == [None, 70, 80]
    assert due[1] == Alert(f"limit/{LIMIT.key}/70/{NOON_MS}", LIMIT.key, "l", 70, *WINDOW, NOON_MS + 5)


@pytest.mark.parametrize(("percent", "used", "due"), [(70, 799, None), (70, 800, 80), (80, 800, None), (80, 750, None)])
def test_what_was_told_is_not_told_again(percent: int, used: int, due: int | None) -> None:
    alert = alert_due(LIMIT, WINDOW, used, [told(percent)], NOON_MS)

    assert (alert and alert.percent) == due


def test_a_window_that_moved_is_the_same_to_the_user() -> None:
    moved = Window(WINDOW.start_ms - SLOT_MS, WINDOW.end_ms - SLOT_MS)

    assert alert_due(LIMIT, WINDOW, 800, [told(80, moved)], NOON_MS) is None


def test_a_limit_that_is_changed_is_another_one() -> None:
    others = [
        replace(LIMIT, name="m"),
        replace(LIMIT, window="6h"),
        replace(LIMIT, amount=1_001),
        replace(LIMIT, unit="usd"),
        replace(LIMIT, of="agent", whose="build"),
        replace(LIMIT, of="agent", whose="plan"),
    ]

    assert len({LIMIT.key, *(other.key for other in others)}) == 7
    assert replace(LIMIT, warning_percent=10).key == LIMIT.key
