"""What usage without a recorded cost is worth over a stretch of time."""

from __future__ import annotations

import pytest

from opencode_stats.core.cost import Price, Quote, Rate, list_value
from opencode_stats.core.history import Figures
from opencode_stats.core.tokens import Tokens
from opencode_stats.core.worth import Listed, Worth, known_from_figures, listed, unbilled_of, worth_of

CHEAP = Rate(500_000_001, 2_000_000_000, 3, 4)
FLAT = Quote(Price(CHEAP), "snapshot", "2026-09-28")
STEPPED = Quote(Price(CHEAP, ((200_000, Rate(1_000_000_000, 4_000_000_000)),)), "snapshot", "2026-09-28")
USED = Figures(1_001, 20, 3, 50, 7, 0, 4, 60_000, 23, 5_000)


@pytest.mark.parametrize("quote", [FLAT, STEPPED])
def test_it_is_the_list_value_before_it_is_rounded(quote: Quote) -> None:
    parts = ((0, Tokens(7, 1, 1, 1, 1)), (200_000, Tokens(300_001, 5, 0, 0, 0)))

    assert listed([((None, "m"), worth_of(parts, quote))]).microusd == list_value(parts, quote).microusd


@pytest.mark.parametrize(
    ("cost_microusd", "quote", "known"),
    [(0, FLAT, True), (0, None, True), (0, STEPPED, False), (1, FLAT, False), (1, None, False)],
)
def test_when_a_models_sums_say_enough(cost_microusd: int, quote: Quote | None, *, known: bool) -> None:
    assert known_from_figures(USED._replace(cost_microusd=cost_microusd), quote) == known
    assert unbilled_of(USED) == ((0, Tokens(1_001, 20, 3, 50, 7)),)


def test_each_model_is_rounded_once_and_an_unpriced_one_is_named() -> None:
    half = Worth(exact=500_000_000)
    nameless = worth_of(((0, Tokens(5, 0, 0, 0, 0)),), None)

    assert half.plus(half).plus(nameless) == Worth(1_000_000_000, 5)
    assert listed([(("a", "x"), half), (("a", "y"), half), (("b", "z"), nameless)]) == Listed(2, {"b/z": 5})
