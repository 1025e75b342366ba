"""The figures that session, day and total have in common: tokens and cost by model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypedDict

from opencode_stats.core.cost import MICROUSD_PER_USD, Cost, Origin, list_value
from opencode_stats.core.models import model_key
from opencode_stats.core.tokens import NO_TOKENS, Tokens

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opencode_stats.core.cost import Quote, Unbilled
    from opencode_stats.core.totals import ModelId, Totals, Usage

    Quotes = Mapping[ModelId, Quote]

NO_QUOTES: Final[Quotes] = {}
RECORDED: Final = Cost(0, "recorded")
"""What is worth nothing besides what OpenCode recorded."""


@dataclass(frozen=True, slots=True)
class ModelStats:
    """One model's share of a section.

    ``list_value`` is what the tokens are worth that OpenCode recorded at no cost, None where no price is known;
    ``cost_origin`` is where that comes from (``core.cost``), ``price_date`` the date of that list.
    """

    provider: str | None
    model: str | None
    total_tokens: int
    tokens: Tokens
    cost: float
    messages: int
    cost_origin: Origin = "recorded"
    list_value: float | None = 0.0
    price_date: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The figures that session, day and total have in common.

    ``title_requests`` counts requests for a title, whose tokens OpenCode 1.x reports nowhere. ``list_value`` is that of
    all models whose price is known, ``unpriced`` are the tokens of the others that have no cost, by model key.
    """

    total_tokens: int = 0
    tokens_by_model: dict[str, int] = field(default_factory=dict)
    total_cost: float = 0.0
    costs_by_model: dict[str, float] = field(default_factory=dict)
    tokens: Tokens = NO_TOKENS
    models: dict[str, ModelStats] = field(default_factory=dict)
    messages: int = 0
    title_requests: int = 0
    list_value: float = 0.0
    unpriced: dict[str, int] = field(default_factory=dict)


class SectionFigures(TypedDict):
    """``Section``'s fields, for the records that have more of their own."""

    total_tokens: int
    tokens_by_model: dict[str, int]
    total_cost: float
    costs_by_model: dict[str, float]
    tokens: Tokens
    models: dict[str, ModelStats]
    messages: int
    title_requests: int
    list_value: float
    unpriced: dict[str, int]


def section_figures(
    totals: Totals, title_requests: int, unbilled: Mapping[ModelId, Unbilled], quotes: Quotes
) -> SectionFigures:
    """A section of these sums; ``unbilled`` is what of them OpenCode recorded at no cost."""
    by_key: dict[str, ModelStats] = {}
    unpriced: dict[str, int] = {}
    worth_microusd = 0
    for (provider, model), usage in sorted(totals.by_model.items(), key=_largest_first):
        key, quote, parts = model_key(provider, model), quotes.get((provider, model)), unbilled.get((provider, model))
        worth = list_value(parts, quote) if parts else RECORDED
        by_key[key] = ModelStats(
            provider,
            model,
            usage.tokens.total,
            usage.tokens,
            usage.cost_microusd / MICROUSD_PER_USD,
            usage.messages,
            worth.origin,
            None if worth.microusd is None else worth.microusd / MICROUSD_PER_USD,
            quote.date or None if parts and quote is not None else None,
        )
        worth_microusd += worth.microusd or 0
        if worth.microusd is None:
            unpriced[key] = sum(tokens.total for _, tokens in parts or ())
    whole = totals.whole
    return {
        "total_tokens": whole.tokens.total,
        "tokens_by_model": {key: stats.total_tokens for key, stats in by_key.items()},
        "total_cost": whole.cost_microusd / MICROUSD_PER_USD,
        "costs_by_model": {key: stats.cost for key, stats in by_key.items()},
        "tokens": whole.tokens,
        "models": by_key,
        "messages": whole.messages,
        "title_requests": title_requests,
        "list_value": worth_microusd / MICROUSD_PER_USD,
        "unpriced": unpriced,
    }


def _largest_first(entry: tuple[tuple[str | None, str | None], Usage]) -> tuple[int, str, str]:
    (provider, model), usage = entry
    return -usage.tokens.total, provider or "", model or ""
