"""All usage at list prices: each request by the rule of ``core.cost`` without what was recorded, added up exactly."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from opencode_stats.core.cost import Price, Quote, Rate, context_tokens, cost_of, per_token
from opencode_stats.core.revaluation import Used, revalued, used_in_all, used_in_request
from opencode_stats.core.tokens import Tokens

if TYPE_CHECKING:
    from opencode_stats.core.totals import ModelId

FLAT: ModelId = ("anthropic", "claude-sonnet-5")
STEPPED: ModelId = ("google", "gemini-2.5-pro")
FREE: ModelId = ("mock", "free")
UNKNOWN: ModelId = ("nobody", "nothing")
QUOTES = {
    FLAT: Quote(Price(Rate(per_token(3), per_token(15), per_token(0.3), per_token(3.75))), "snapshot", "2026-09-28"),
    STEPPED: Quote(
        Price(Rate(per_token(1.25), per_token(10)), ((200_000, Rate(per_token(2.5), per_token(15))),)),
        "cached",
        "2026-11-01",
    ),
    FREE: Quote(Price(Rate(0, 0)), "override"),
}
COUNTS = st.integers(0, 300_000)
REQUESTS = st.lists(
    st.tuples(
        st.sampled_from([FLAT, STEPPED, FREE, UNKNOWN]),
        st.builds(Tokens, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS),
        st.integers(0, 10**7),
    ),
    max_size=12,
)


@given(REQUESTS)
def test_the_whole_is_what_its_requests_are(requests: list[tuple[ModelId, Tokens, int]]) -> None:
    whole = revalued(used_in_all(used_in_request(*one) for one in requests), QUOTES)

    exact: dict[ModelId, Fraction] = {}
    unpriced: dict[ModelId, int] = {}
    for model, tokens, _ in requests:
        if model == UNKNOWN:
            unpriced[model] = unpriced.get(model, 0) + tokens.total
            continue
        rate = QUOTES[model].price.rate(context_tokens(tokens) - 1)
        exact[model] = exact.get(model, Fraction()) + Fraction(rate.exact_value(tokens), 10**9)
    rounded = sum(int(value + Fraction(1, 2)) for value in exact.values())
    used = {model for model, tokens, _ in requests if tokens.total}
    assert whole.tokens == sum(tokens.total for _, tokens, _ in requests)
    assert whole.recorded_microusd == sum(recorded for _, _, recorded in requests)
    assert whole.unpriced == {model: tokens for model, tokens in unpriced.items() if tokens}
    assert whole.microusd == (None if used == {UNKNOWN} else rounded)
    assert whole.sources == tuple(sorted((QUOTES[one].source, QUOTES[one].date) for one in used - {UNKNOWN}))


def test_a_request_without_a_recorded_cost_is_worth_what_it_is_anyway() -> None:
    for tokens in (Tokens(200_000, 10), Tokens(200_001, 10), Tokens(100, cache_read=199_901)):
        one = revalued(used_in_request(STEPPED, tokens, 0), QUOTES)
        assert one.microusd == cost_of(tokens, None, QUOTES[STEPPED]).microusd
        # What was recorded makes no difference to it, and stays beside it.
        paid = revalued(used_in_request(STEPPED, tokens, 5), QUOTES)
        assert (paid.microusd, paid.recorded_microusd) == (one.microusd, 5)


def test_what_is_free_costs_nothing_and_what_nobody_prices_is_not_nothing() -> None:
    assert revalued(used_in_request(FREE, Tokens(5), 0), QUOTES).microusd == 0
    assert revalued(used_in_request(UNKNOWN, Tokens(5), 7), QUOTES).microusd is None
    assert revalued(Used(), QUOTES).microusd == 0
