from __future__ import annotations

from typing import TYPE_CHECKING

from opencode_stats.core.cost import Price, Quote, Rate, per_token
from opencode_stats.core.sections import NO_QUOTES, section_figures
from opencode_stats.core.tokens import Tokens
from opencode_stats.core.totals import Totals, Usage

if TYPE_CHECKING:
    from opencode_stats.core.cost import Unbilled
    from opencode_stats.core.totals import ModelId

PAID: ModelId = ("anthropic", "claude-a")
PLAN: ModelId = ("zai-coding-plan", "glm-a")
OWN: ModelId = ("mock", "m")
TOTALS = Totals(
    {
        PAID: Usage(Tokens(input=1_000_000), 3_000_000, 2),
        PLAN: Usage(Tokens(input=100, output=10), 0, 1),
        OWN: Usage(Tokens(input=7), 0, 1),
    }
)
UNBILLED: dict[ModelId, Unbilled] = {PLAN: ((0, Tokens(input=100, output=10)),), OWN: ((0, Tokens(input=7)),)}
QUOTES = {PLAN: Quote(Price(Rate(per_token(0.6), per_token(2.2))), "snapshot", "2026-09-28", "zai")}


def test_what_was_recorded_stays_and_the_list_value_stands_beside_it() -> None:
    section = section_figures(TOTALS, 0, UNBILLED, QUOTES)

    assert section["total_cost"] == 3.0
    assert section["costs_by_model"] == {"claude-a": 3.0, "zai-coding-plan/glm-a": 0.0, "mock/m": 0.0}
    assert section["list_value"] == 0.000082
    paid, plan = section["models"]["claude-a"], section["models"]["zai-coding-plan/glm-a"]
    assert (paid.cost_origin, paid.list_value, paid.price_date) == ("recorded", 0.0, None)
    assert (plan.cost_origin, plan.list_value, plan.price_date) == ("snapshot", 0.000082, "2026-09-28")


def test_a_model_without_a_price_is_named_and_has_no_value() -> None:
    section = section_figures(TOTALS, 0, UNBILLED, QUOTES)

    assert section["unpriced"] == {"mock/m": 7}
    own = section["models"]["mock/m"]
    assert (own.cost_origin, own.list_value, own.price_date) == ("unpriced", None, None)


def test_without_any_price_everything_that_has_no_cost_is_named() -> None:
    section = section_figures(TOTALS, 0, UNBILLED, NO_QUOTES)

    assert section["unpriced"] == {"zai-coding-plan/glm-a": 110, "mock/m": 7}
    assert section["list_value"] == 0.0


def test_of_a_model_with_both_only_what_has_no_cost_is_valued() -> None:
    section = section_figures(
        TOTALS, 0, {PAID: ((0, Tokens(input=10)),)}, {PAID: Quote(QUOTES[PLAN].price, "override")}
    )

    mixed = section["models"]["claude-a"]
    assert (mixed.cost, mixed.list_value, mixed.cost_origin, mixed.price_date) == (3.0, 0.000006, "override", None)
