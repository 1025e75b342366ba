"""The rate: what was spent while somebody watched."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencode_stats.cli.render.rate import BUCKET_S, MOST_BUCKETS, Pace, Rate


def daily(tokens: int, usd: float = 0.0, date: str = "2026-11-21") -> dict[str, Any]:
    return {"daily": {"date": date, "totalTokens": tokens, "totalCost": usd}}


def test_what_was_spent_before_is_in_no_rate() -> None:
    rate = Rate(0.0)
    rate.see(daily(1_000_000, 50.0), 0.0)

    assert rate.pace(30.0) == Pace(0, 0.0)


def test_the_mean_of_the_time_that_was_watched() -> None:
    rate = Rate(0.0)
    rate.see(daily(0), 0.0)
    rate.see(daily(600, 1.0), 10.0)

    # Never over less than a minute, nor over more than five.
    assert rate.pace(10.0) == Pace(600, 60.0)
    assert rate.pace(120.0) == Pace(300, 30.0)
    assert rate.pace(309.0) == Pace(120, 12.0)
    assert rate.pace(310.5) == Pace(0, 0.0)


def test_a_new_day_begins_with_nothing() -> None:
    rate = Rate(0.0)
    rate.see(daily(1_000_000, 9.0), 0.0)
    rate.see(daily(60, 0.5, "2026-11-22"), 1.0)

    assert rate.pace(1.0) == Pace(60, 30.0)


def test_a_sum_that_falls_is_no_negative_rate() -> None:
    rate = Rate(0.0)
    rate.see(daily(100, 5.0), 0.0)
    rate.see(daily(40, 1.0), 1.0)
    rate.see(daily(50, 1.0), 2.0)

    assert rate.pace(2.0) == Pace(10, 0.0)


def test_buckets_of_ten_seconds_the_running_one_last() -> None:
    rate = Rate(0.0)
    tokens = 0
    rate.see(daily(0), 0.0)
    for at_s, more in ((1.0, 1), (9.9, 2), (10.0, 4), (35.0, 8)):
        tokens += more
        rate.see(daily(tokens), at_s)

    assert rate.buckets(39.0, 5) == [0, 3, 4, 0, 8]
    assert rate.buckets(40.0, 3) == [0, 8, 0]
    assert rate.buckets(40.0, 0) == []
    assert len(rate.buckets(40.0, 10**6)) == MOST_BUCKETS


@given(st.lists(st.tuples(st.integers(0, 1000), st.floats(0, 400))))
def test_buckets_hold_what_was_spent_and_nothing_old_is_kept(steps: list[tuple[int, float]]) -> None:
    rate, tokens, at_s = Rate(0.0), 0, 0.0
    rate.see(daily(0), 0.0)
    spent = []
    for more, pause_s in steps:
        tokens, at_s = tokens + more, at_s + pause_s
        rate.see(daily(tokens), at_s)
        spent.append((at_s, more))
    first = (int(at_s // BUCKET_S) - MOST_BUCKETS + 1) * BUCKET_S

    assert sum(rate.buckets(at_s, MOST_BUCKETS)) == sum(more for when_s, more in spent if when_s >= first)
    assert all(when_s >= at_s - BUCKET_S * (MOST_BUCKETS + 1) for when_s, _, _ in rate._spent)


def test_a_document_that_is_not_ours() -> None:
    with pytest.raises(KeyError):
        Rate(0.0).see({"daily": {}}, 0.0)
