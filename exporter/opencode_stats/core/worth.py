"""Beside the recorded cost: what usage *without* one is worth at list prices, over any stretch of time.

What all usage would cost, recorded or not, is ``core.revaluation``'s. Both price by ``core.cost.Price.exact_value``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from opencode_stats.core.cost import rounded
from opencode_stats.core.models import model_key
from opencode_stats.core.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from opencode_stats.core.cost import Quote, Unbilled
    from opencode_stats.core.history import Figures, Key


class Worth(NamedTuple):
    """Of one model: billionths of a micro-dollar, not rounded yet, and the tokens of which no price is known."""

    exact: int = 0
    unpriced_tokens: int = 0

    def plus(self, other: Worth) -> Worth:
        """Both together."""
        return Worth(self.exact + other.exact, self.unpriced_tokens + other.unpriced_tokens)


@dataclass(frozen=True, slots=True)
class Listed:
    """Of several models: micro-dollars, rounded once a model as in stats.json, and unpriced tokens by model key."""

    microusd: int
    unpriced: Mapping[str, int]


def listed(worth: Iterable[tuple[Key, Worth]]) -> Listed:
    """The sum over some models."""
    microusd, unpriced = 0, {}
    for model, one in worth:
        microusd += rounded(one.exact)
        if one.unpriced_tokens:
            unpriced[model_key(*model)] = one.unpriced_tokens
    return Listed(microusd, unpriced)


def known_from_figures(figures: Figures, quote: Quote | None) -> bool:
    """Whether a model's figures say what of them has no cost and what that is worth, so that no message is asked.

    All of it has none where their cost is zero; and how large each request was only matters where the price has steps.
    """
    return not figures.cost_microusd and (quote is None or not quote.price.steps)


def unbilled_of(figures: Figures) -> Unbilled:
    """All that a model used, as usage without a cost (``known_from_figures``)."""
    return ((0, Tokens(*figures[:5])),)


def worth_of(unbilled: Unbilled, quote: Quote | None) -> Worth:
    """What usage of one model that has no recorded cost is worth, split at the sizes of its price."""
    if quote is None:
        return Worth(0, sum(tokens.total for _, tokens in unbilled))
    return Worth(quote.price.exact_value(unbilled))
