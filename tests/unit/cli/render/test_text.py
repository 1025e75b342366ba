"""Numbers, instants and foreign names: what they look like, and that nothing hostile gets through."""

from __future__ import annotations

import locale
import unicodedata
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.clock import NOON_MS

from opencode_stats.cli.render.text import (
    ago,
    compact,
    count,
    counted,
    date,
    folded,
    moment,
    money,
    name,
    percent,
    span,
    width,
    wrapped,
)

LOCALECONV = locale.localeconv()
HOSTILE = st.text(st.one_of(st.characters(), st.sampled_from("\x1b\n\u202e\u200b\u0301日ﬀ 😀\ud800\U000e0001")))


@pytest.mark.parametrize(
    ("number", "expected"), [(0, "0"), (999, "999"), (1000, "1,000"), (31_870_114, "31,870,114"), (-1234, "-1,234")]
)
def test_count(number: int, expected: str) -> None:
    assert count(number) == expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1K"),
        (1234, "1.23K"),
        (9_999, "10K"),
        (45_649, "45.6K"),
        (999_499, "999K"),
        (999_500, "1M"),
        (1_200_000, "1.2M"),
        (31_870_114, "31.9M"),
        (789_000_000_000, "789B"),
        (10**15, "1000T"),
    ],
)
def test_compact(number: int, expected: str) -> None:
    assert compact(number) == expected


@given(st.integers(0, 10**14))
def test_compact_is_short_and_near(number: int) -> None:
    text = compact(number)

    scale = {"K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}.get(text[-1], 1)
    assert len(text) <= 5
    assert abs(float(text.rstrip("KMBT")) * scale - number) <= max(number * 0.00501, 0)


def test_numbers_follow_the_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    # No locale but C need be installed where the tests run: Germany's conventions, as the C library has them.
    german = {"decimal_point": ",", "thousands_sep": ".", "grouping": [3, 3, 0]}
    monkeypatch.setattr("locale.localeconv", lambda: {**LOCALECONV, **german})
    assert [percent(0.1634, 1), percent(0.0001, 1), percent(0.31)] == ["16,3%", "<0,1%", "31%"]

    assert [compact(1_230_000), count(1_230_000), money(1234.5), money(0.5)] == [
        "1,23M",
        "1.230.000",
        "$1.234,50",
        "$0,5000",
    ]


def test_counted() -> None:
    assert [counted(number, "event") for number in (0, 1, 1200)] == ["0 events", "1 event", "1,200 events"]


@pytest.mark.parametrize(
    ("usd", "expected"),
    [
        (0, "$0.00"),
        (1e-9, "<$0.0001"),
        (0.0001, "$0.0001"),
        (0.3912, "$0.3912"),
        (0.99994, "$0.9999"),
        (0.99996, "$1.00"),
        (1.005, "$1.00"),
        (94.2, "$94.20"),
        (1234567.891, "$1,234,567.89"),
    ],
)
def test_money(usd: float, expected: str) -> None:
    assert money(usd) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-5, "0s"),
        (0, "0s"),
        (59.99, "59s"),
        (60, "1m"),
        (3599, "59m"),
        (3600, "1h"),
        (7_500, "2h 5m"),
        (86_399, "23h 59m"),
        (86_400, "1d"),
        (29 * 3600 + 3599, "1d 5h"),
        (48 * 3600 + 2400, "2d"),
        (10**7, "115d 17h"),
    ],
)
def test_span(seconds: float, expected: str) -> None:
    assert span(seconds) == expected


def test_ago() -> None:
    assert [ago(NOON_MS - ms, NOON_MS) for ms in (-(10**9), 0, 999, 1000, 120_000)] == [
        *["just now"] * 3,
        "1s ago",
        "2m ago",
    ]


def test_moments_and_dates_are_local() -> None:
    east = timezone(timedelta(hours=13))
    assert moment(NOON_MS, NOON_MS, UTC) == "12:00"
    assert moment(NOON_MS, NOON_MS + 12 * 3_600_000, UTC) == "2026-11-21 12:00"
    assert moment(NOON_MS, NOON_MS, east) == "01:00"
    assert (date(NOON_MS, UTC), date(NOON_MS, east)) == ("2026-11-21", "2026-11-22")
    assert date(NOON_MS) == datetime.fromtimestamp(NOON_MS / 1000).astimezone().date().isoformat()


@pytest.mark.parametrize(
    ("text", "longest", "expected"),
    [
        ("claude-sonnet-5", 40, "claude-sonnet-5"),
        ("claude-sonnet-5", 15, "claude-sonnet-5"),
        ("claude-sonnet-5", 14, "claude…onnet-5"),
        ("\x1b[31mred\x1b[0m", 40, "\\u001b[31mred\\u001b[0m"),
        ("a\nb\r\tc", 40, "a\\u000ab\\u000d\\u0009c"),
        ("gpj.\u202eexe", 40, "gpj.\\u202eexe"),
        ("日本語モデル", 12, "日本語モデル"),
        ("日本語モデル", 11, "日本語…デル"),
        ("e\u0301", 40, "e\u0301"),
        ("\u0301e", 40, "\\u0301e"),
        ("e" + "\u0301" * 4, 40, "e\u0301\u0301\\u0301\\u0301"),
        ("\ud800", 40, "\\ud800"),
        (7, 40, "7"),
    ],
)
def test_name(text: object, longest: int, expected: str) -> None:
    assert name(text, longest) == expected


def test_a_gigantic_name_shows_both_its_ends() -> None:
    shown = name("/start" + "x" * 10**6 + "end.txt", 20)

    assert (shown[:6], shown[-7:], width(shown)) == ("/start", "end.txt", 20)


def is_plain(text: str) -> bool:
    return not any(unicodedata.category(char)[0] == "C" or unicodedata.category(char) in ("Zl", "Zp") for char in text)


@given(HOSTILE, st.integers(3, 60))
def test_a_name_is_plain_fits_and_can_be_printed(text: str, longest: int) -> None:
    shown = name(text, longest)

    assert is_plain(shown)
    assert width(shown) <= longest
    assert shown.encode().decode() == shown
    # Nothing can sit on what stands before it.
    assert not shown or unicodedata.category(shown[0]) not in ("Mn", "Me")


@given(st.text(st.characters(categories=["L", "N", "P"]), max_size=20))
def test_an_honest_short_name_is_shown_as_it_is(text: str) -> None:
    assert name(text, 40) == text


@given(st.text(st.characters(exclude_categories=["C"]), max_size=200), st.integers(2, 80))
def test_wrapped_lines_fit_and_lose_nothing(text: str, columns: int) -> None:
    lines = wrapped(text, columns)

    assert all(width(line) <= columns for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_wrapping_keeps_words_whole() -> None:
    assert wrapped("one two three", 7) == ["one two", "three"]
    assert wrapped("a abcdefghij b", 4) == ["a", "abcd", "efgh", "ij b"]
    assert wrapped("", 10) == [""]


@given(st.integers(0, 2**63), st.floats(0, 1e12), st.floats(-1e6, 1e12))
def test_numbers_are_plain(number: int, usd: float, seconds: float) -> None:
    assert int(count(number).replace(",", "")) == number
    assert is_plain(count(number) + money(usd) + span(seconds))
    assert money(usd).lstrip("<")[0] == "$"


def test_folded_text_breaks_at_spaces_alone() -> None:
    path = f"/home/{'a' * 30}/file"

    assert folded("  - write it", 40, 4) == "  - write it"
    assert folded(f"  - write {path} now", 20, 4) == f"  - write\n    {path}\n    now"
    assert folded(path, 20) == path
    assert folded("三つ 三つ", 8) == "三つ\n三つ"
    assert folded("", 20) == ""
