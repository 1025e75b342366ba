"""Limits as text."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from typing import Any

from tests.support.clock import NOON_MS

from opencode_stats.cli.render.charts import Look
from opencode_stats.cli.render.limits import percent, summary, table
from opencode_stats.cli.render.text import Currency
from opencode_stats.contract.stats_document import camel
from opencode_stats.core.days import SLOT_MS
from opencode_stats.core.limits import Limit, Use, Window, stats_of

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
LIMIT = Limit(name="5-hour", window="5h", unit="tokens", amount=1_000)
WINDOW = Window(NOON_MS, NOON_MS + 5 * HOUR_MS)


def entry(limit: Limit, window: Window | None, *uses: Use) -> dict[str, Any]:
    stats = stats_of(limit, window, uses)
    return {camel(name): getattr(stats, name) for name in stats.__slots__}


def test_all_in_one_line() -> None:
    weekly = replace(LIMIT, name="weekly", window="week")
    entries = [
        entry(LIMIT, WINDOW, Use(NOON_MS // SLOT_MS, 659, 0, 0)),
        entry(weekly, Window(NOON_MS, NOON_MS + 2 * DAY_MS + 5 * HOUR_MS), Use(NOON_MS // SLOT_MS, 450, 0, 0)),
        entry(replace(LIMIT, name="un\x1b[31m", unit="usd"), WINDOW, Use(NOON_MS // SLOT_MS, 1, 1, 1)),
        entry(replace(LIMIT, name="none"), None),
    ]

    assert summary(entries[:2], NOON_MS) == "5-hour: 65% (resets in 5h), weekly: 45% (resets in 2d 5h)"
    assert summary(entries[2:], NOON_MS) == "un\\u001b[31m: unknown (resets in 5h), none: 0%"
    assert summary([], NOON_MS) == ""


def test_a_table_with_bars() -> None:
    fast = [Use(NOON_MS // SLOT_MS + place, 100 + place % 2 * 60, 0, 0) for place in range(5)]
    money = replace(LIMIT, name="weekly", window="week", unit="usd", amount=50_000_000, of="provider", whose="openai")
    entries = [
        entry(LIMIT, WINDOW, *fast),
        entry(money, Window(NOON_MS, NOON_MS + DAY_MS), Use(NOON_MS // SLOT_MS, 1, 42_000_000, 0)),
        entry(replace(LIMIT, name="none"), None),
    ]

    lines = table(entries, NOON_MS + 75 * MINUTE_MS, Look(), UTC).splitlines()

    assert lines == [
        "5-hour  ████████████░░░░░░░░  62%  620 tokens of 1K tokens, resets in 3h 45m",
        "        496 tokens an hour; at this pace reached at 14:00 (13:53 to 14:09)",
        "weekly  ████████████████░░░░  84%  $42.00 of $50.00, resets in 22h 45m  critical",
        "        provider openai",
        "        $168.00 an hour",
        "none    ░░░░░░░░░░░░░░░░░░░░   0%  0 tokens of 1K tokens",
    ]


def test_what_is_too_long_for_the_terminal_goes_below_the_bars() -> None:
    long = replace(LIMIT, name="as long as a name can be here", unit="usd", amount=50_000_000_000, of="provider")
    day = Window(NOON_MS, NOON_MS + DAY_MS)
    entries = [
        entry(replace(long, whose="openai"), day, Use(NOON_MS // SLOT_MS, 1, 42 * 10**9, 0)),
        entry(replace(LIMIT, name="月"), None),
    ]

    assert table(entries, NOON_MS + 75 * MINUTE_MS, Look(columns=60), UTC).splitlines() == [
        "as long a…n be here  ████████████████░░░░  84%  critical",
        "  $42,000.00 of $50,000.00, resets in 22h 45m",
        "  provider openai",
        "  $168,000.00 an hour",
        "月                   ░░░░░░░░░░░░░░░░░░░░   0%",
        "  0 tokens of 1K tokens",
    ]


def test_money_is_shown_in_another_currency() -> None:
    money = entry(replace(LIMIT, unit="usd", amount=50_000_000), WINDOW, Use(NOON_MS // SLOT_MS, 1, 42_000_000, 0))
    tokens = entry(LIMIT, WINDOW, Use(NOON_MS // SLOT_MS, 750, 0, 0))

    shown = table([money, tokens], NOON_MS + 60 * MINUTE_MS, Look(currency=Currency("EUR", 0.5)), UTC)

    assert "21.00 EUR of 25.00 EUR" in shown
    assert "84.00 EUR an hour" in shown
    assert "750 tokens of 1K tokens" in shown
    assert "$" not in shown


def test_bars_without_block_characters() -> None:
    drawn = table([entry(LIMIT, WINDOW, Use(NOON_MS // SLOT_MS, 750, 0, 0))], NOON_MS, Look(blocks=False))

    assert drawn.splitlines()[0].split()[1] == "###############....."
    assert drawn.isascii()


def test_colors_tell_levels_and_the_word_does_so_without() -> None:
    warning = entry(LIMIT, WINDOW, Use(NOON_MS // SLOT_MS, 750, 0, 0))

    assert "\x1b[33m███████████████░░░░░\x1b[0m" in table([warning], NOON_MS, Look(colour=True))
    assert "\x1b" not in table([warning], NOON_MS, Look())
    assert table([warning], NOON_MS, Look()).splitlines()[0].endswith("  warning")


def test_a_bar_is_never_longer_than_itself() -> None:
    assert table([entry(LIMIT, WINDOW, Use(NOON_MS // SLOT_MS, 99_999, 0, 0))], NOON_MS, Look()).count("█") == 20


def test_what_is_used_up_many_times_is_said_as_it_is() -> None:
    assert [percent({"percent": found}) for found in (0.9, 99.9, 130.0, 12345.6, None)] == [
        "0%", "99%", "130%", ">9999%", "unknown",
    ]  # fmt: skip
