"""The largest values that are taken, and the first that are refused."""

from __future__ import annotations

import math

import pytest

from opencode_stats.core.bounds import (
    LARGEST_MESSAGE_COST_USD,
    LARGEST_MESSAGE_TOKENS,
    LATEST_INSTANT_MS,
    LONGEST_TEXT,
    check_cost,
    check_instants,
    check_texts,
    fitting,
)

LARGEST_SQL_INTEGER = 2**63 - 1


@pytest.mark.parametrize("value", [None, 0, LATEST_INSTANT_MS])
def test_instants_that_are_taken(value: int | None) -> None:
    check_instants(value)


@pytest.mark.parametrize("value", [-1, LATEST_INSTANT_MS + 1, 10**30])
def test_instants_that_are_refused(value: int) -> None:
    with pytest.raises(ValueError, match="instant"):
        check_instants(0, value)


@pytest.mark.parametrize("value", [None, "a", "ä" * LONGEST_TEXT])
def test_texts_that_are_taken(value: str | None) -> None:
    check_texts(value)


@pytest.mark.parametrize("value", ["", "a" * (LONGEST_TEXT + 1)])
def test_texts_that_are_refused(value: str) -> None:
    with pytest.raises(ValueError, match="text"):
        check_texts("fine", value)


@pytest.mark.parametrize("value", [-0.01, 1.01, math.nan, math.inf, -math.inf])
def test_costs_that_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match="cost"):
        check_cost(value, 1.0)


def test_a_million_of_the_largest_messages_fit_the_sums() -> None:
    assert LARGEST_MESSAGE_TOKENS * 10**6 < LARGEST_SQL_INTEGER
    assert LARGEST_MESSAGE_COST_USD * 10**6 * 10**6 < LARGEST_SQL_INTEGER


def test_a_name_that_fits_stays_and_a_longer_one_is_known_by_its_digest() -> None:
    longest, longer, other = "ä" * LONGEST_TEXT, "ä" * (LONGEST_TEXT + 1), "ä" * LONGEST_TEXT + "b"

    assert fitting(longest) == longest
    # The same digest as the plugin's (hostile.test.ts).
    assert fitting(longer) == "ä" * 64 + "…ca8118af48f16de033222d1d6f2fb3a8"
    assert len({fitting(longer), fitting(other), fitting("b" + longer)}) == 3
    assert {len(fitting(longer)), len(fitting("x" * 2**20))} == {97}
