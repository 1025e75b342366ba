from __future__ import annotations

import sqlite3
from contextlib import closing
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from opencode_stats.core.cost import (
    MICROUSD_SQL,
    PLANS,
    UNITS_PER_MICROUSD,
    Cost,
    Price,
    Quote,
    Rate,
    context_tokens,
    cost_of,
    list_value,
    microusd_of,
    per_token,
    price_named,
    rounded,
    step_sizes,
    usd_per_million,
)
from opencode_stats.core.tokens import NO_TOKENS, Tokens

SONNET = Price(
    Rate(per_token(3), per_token(15), per_token(0.3), per_token(3.75)),
    ((200_000, Rate(per_token(6), per_token(22.5), per_token(0.6), per_token(7.5))),),
)
SOME = Tokens(100, 20, 10, 1_000, 0)
COUNTS = st.integers(0, 2**40)
TOKENS = st.builds(Tokens, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS)
PRICES_USD = st.decimals(0, 1000, places=6).map(float)


@pytest.mark.parametrize(
    ("tokens", "recorded", "quote", "cost"),
    [
        (None, None, Quote(SONNET, "snapshot"), Cost(None, "unknown")),
        (None, 7, None, Cost(None, "unknown")),
        (NO_TOKENS, None, None, Cost(0, "recorded")),
        (SOME, 7, Quote(SONNET, "override"), Cost(7, "recorded")),
        (SOME, 7, None, Cost(7, "recorded")),
        (SOME, 0, Quote(SONNET, "override"), Cost(1050, "override")),
        (SOME, None, Quote(SONNET, "cached"), Cost(1050, "cached")),
        (SOME, 0, Quote(SONNET, "snapshot"), Cost(1050, "snapshot")),
        (SOME, 0, Quote(SONNET, "litellm"), Cost(1050, "litellm")),
        (SOME, 0, Quote(Price(Rate(0, 0)), "snapshot"), Cost(0, "snapshot")),
        (SOME, 0, None, Cost(None, "unpriced")),
        (SOME, None, None, Cost(None, "unpriced")),
    ],
)
def test_every_line_of_the_table(tokens: Tokens | None, recorded: int | None, quote: Quote | None, cost: Cost) -> None:
    assert cost_of(tokens, recorded, quote) == cost


def test_a_step_holds_only_above_its_size_and_for_all_of_the_request() -> None:
    at, above = Tokens(input=150_000, cache_read=50_000), Tokens(input=150_000, cache_read=50_001)

    assert context_tokens(at) == 200_000
    assert cost_of(at, 0, Quote(SONNET, "snapshot")) == Cost(465_000, "snapshot")
    assert cost_of(above, 0, Quote(SONNET, "snapshot")) == Cost(930_001, "snapshot")


def test_output_and_reasoning_are_no_context() -> None:
    assert context_tokens(Tokens(1, 2, 4, 8, 16)) == 25


def test_of_several_steps_the_largest_that_the_context_is_above() -> None:
    price = Price(Rate(1, 0), ((10, Rate(2, 0)), (20, Rate(3, 0))))

    assert [price.rate(above).input for above in (0, 9, 10, 19, 20, 1_000)] == [1, 1, 2, 2, 3, 3]
    assert step_sizes([Quote(price, "override")]) == {10, 20}


@pytest.mark.parametrize(("exact", "whole"), [(0, 0), (499_999_999, 0), (500_000_000, 1), (1_500_000_000, 2)])
def test_halves_go_away_from_zero(exact: int, whole: int) -> None:
    assert rounded(exact) == whole


@given(st.lists(TOKENS, min_size=1, max_size=5), PRICES_USD, PRICES_USD)
def test_a_sum_is_exact_and_rounded_once(parts: list[Tokens], price_in: float, price_out: float) -> None:
    quote = Quote(Price(Rate(per_token(price_in), per_token(price_out), per_token(price_in))), "override")
    exact = sum(
        (one.input + one.cache_read) * Fraction(str(price_in)) + (one.output + one.reasoning) * Fraction(str(price_out))
        for one in parts
    )

    assert list_value(tuple((0, one) for one in parts), quote).microusd == int(exact + Fraction(1, 2))


@given(st.integers(0, 10**13))
@example(5)
@example(249)
def test_what_opencode_recorded_is_rounded_in_python_and_in_sql_as_in_decimals(half_microusd: int) -> None:
    usd = half_microusd / 2 / 1e6
    exact = Decimal(half_microusd) / 2

    with closing(sqlite3.connect(":memory:")) as connection:
        (in_sql,) = connection.execute(f"SELECT {MICROUSD_SQL.format('?')}", (usd,)).fetchone()
    assert microusd_of(usd) == in_sql == int(exact.quantize(Decimal(1), ROUND_HALF_UP))


@given(st.integers(0, 10**6 * UNITS_PER_MICROUSD))
def test_a_price_survives_to_nine_places(units: int) -> None:
    assert per_token(usd_per_million(units)) == units


@pytest.mark.parametrize("price", [-0.1, float("nan"), float("inf"), 2e6, "3", None, True])
def test_what_is_no_price_is_refused(price: object) -> None:
    with pytest.raises(ValueError, match="price"):
        per_token(price)


def test_the_users_prices_go_by_provider_and_model() -> None:
    prices = {"openrouter/a/b": SONNET}

    assert price_named(("openrouter", "a/b"), prices) is SONNET
    assert price_named(("openrouter", "a"), prices) is None
    assert price_named((None, "a"), prices) is None
    assert price_named(("openrouter", None), prices) is None


def test_no_subscription_is_sold_by_another_subscription() -> None:
    assert not PLANS.keys() & set(PLANS.values())
