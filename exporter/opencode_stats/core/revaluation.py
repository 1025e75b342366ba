"""Instead of the recorded cost: what *all* usage would cost at list prices, only where the user asks for it.

Nothing of it is kept, so what OpenCode recorded stays as it is. The rule for a request is that of ``core.cost``, with
the recorded cost left out of account. What usage without a recorded cost is worth is ``core.worth``'s; both price by
``core.cost.Price.exact_value``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from opencode_stats.core.cost import list_value, of_one_request
from opencode_stats.core.tokens import NO_TOKENS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from opencode_stats.core.cost import Quote, Source, Unbilled
    from opencode_stats.core.tokens import Tokens
    from opencode_stats.core.totals import ModelId


@dataclass(frozen=True, slots=True)
class Used:
    """Usage by model, its tokens split at the sizes at which prices change, and what OpenCode recorded of its cost."""

    recorded_microusd: int = 0
    by_model: Mapping[ModelId, Unbilled] = field(default_factory=dict)

    @property
    def tokens(self) -> int:
        """All of them."""
        return sum(tokens.total for parts in self.by_model.values() for _, tokens in parts)


@dataclass(frozen=True, slots=True)
class Revalued:
    """The same at list prices: ``microusd`` is None where no price of any of it is known.

    ``unpriced`` are the tokens of models whose price is not known, ``sources`` where the other prices are from, with
    their dates (ISO 8601; empty for the user's own), in order.
    """

    tokens: int
    recorded_microusd: int
    microusd: int | None
    unpriced: Mapping[ModelId, int]
    sources: tuple[tuple[Source, str], ...]


def revalued(used: Used, quotes: Mapping[ModelId, Quote]) -> Revalued:
    """What it would cost; each model's usage is added up exactly and rounded once."""
    microusd = 0
    unpriced: dict[ModelId, int] = {}
    sources: set[tuple[Source, str]] = set()
    for model, parts in used.by_model.items():
        tokens = sum(tokens.total for _, tokens in parts)
        quote, value = quotes.get(model), list_value(parts, quotes.get(model)).microusd
        if quote is None or value is None:
            if tokens:
                unpriced[model] = tokens
        elif tokens:
            microusd += value
            sources.add((quote.source, quote.date))
    known = bool(sources) or not unpriced
    return Revalued(used.tokens, used.recorded_microusd, microusd if known else None, unpriced, tuple(sorted(sources)))


def used_in_all(several: Iterable[Used]) -> Used:
    """All of them together."""
    recorded, tokens = 0, dict[tuple["ModelId", int], "Tokens"]()
    for used in several:
        recorded += used.recorded_microusd
        for model, parts in used.by_model.items():
            for above, more in parts:
                tokens[model, above] = tokens.get((model, above), NO_TOKENS) + more
    by_model: dict[ModelId, Unbilled] = {}
    for (model, above), all_of_it in tokens.items():
        by_model[model] = (*by_model.get(model, ()), (above, all_of_it))
    return Used(recorded, by_model)


def used_in_request(model: ModelId, tokens: Tokens, recorded_microusd: int) -> Used:
    """One request alone."""
    return Used(recorded_microusd, {model: of_one_request(tokens)})
