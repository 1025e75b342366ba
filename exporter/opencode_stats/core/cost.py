"""What a request cost, and where that figure comes from.

OpenCode's own figure always stands. A price list is asked only where OpenCode recorded nothing: on a subscription, with
a provider of the user's own, with a model that OpenCode had no price for.

=========  ==============  ==========================  ===========================  ==============================
tokens     recorded cost   price                       origin                       figure
=========  ==============  ==========================  ===========================  ==============================
unknown    any             any                         ``unknown``                  none (aborted or failed)
none       any             any                         ``recorded``                 as recorded, or 0
some       above 0         any                         ``recorded``                 as recorded, never recomputed
some       0, or none      the user's own              ``override``                 tokens at that price
some       0, or none      OpenCode's own newer list   ``cached``                   tokens at that price
some       0, or none      the bundled list            ``snapshot``, ``litellm``    tokens at that price
some       0, or none      not known                   ``unpriced``                 none: it is named, never shown as 0
=========  ==============  ==========================  ===========================  ==============================

A list that says zero says so: such a model is free, and its figure is 0.

The rule is OpenCode's own (1.18.33, ``getUsage``): each of the five kinds at its price, reasoning at that of output.
The context of a request is what went in: input, cache read and cache write. Where it is *above* a step's size, all of
the request is charged at that step's rate; of several the largest. A price that a list leaves out is zero.

Money is whole micro-dollars and prices are whole billionths of a micro-dollar a token, so nothing is lost in between;
what is added up is added up exact and rounded once, halves away from zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from opencode_stats.core.tokens import NO_TOKENS, Tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from opencode_stats.core.totals import ModelId

Source = Literal["override", "cached", "snapshot", "litellm"]
Origin = Literal["recorded", "override", "cached", "snapshot", "litellm", "unpriced", "unknown"]

MICROUSD_PER_USD: Final = 1_000_000
UNITS_PER_MICROUSD: Final = 1_000_000_000
"""A price of one US dollar for a million tokens is one micro-dollar a token, so this many units."""
LARGEST_USD_PER_MILLION: Final = 1_000_000.0
"""Above this a number is no price."""
LONG_CONTEXT_TOKENS: Final = 200_000
"""The step that OpenCode's list calls ``context_over_200k``."""
# A power of ten times the factor 1 + 8 ulp: what is a half in decimals is one ulp below it in 2 of 100 floats, and must
# not go the other way than its neighbours. The same number stands in SQL (``MICROUSD_SQL``), so both round alike.
_NUDGED_MICROUSD_PER_USD: Final = 1000000.000000001
MICROUSD_SQL: Final = "CAST(round({} * 1000000.000000001) AS INTEGER)"
"""``microusd_of`` in SQL, of the column that is put in."""

PLANS: Final = {
    "alibaba-coding-plan": "alibaba",
    "alibaba-coding-plan-cn": "alibaba-cn",
    "alibaba-token-plan": "alibaba",
    "alibaba-token-plan-cn": "alibaba-cn",
    "kimi-code-plan-cn": "moonshotai-cn",
    "kimi-code-plan-global": "moonshotai",
    "minimax-cn-coding-plan": "minimax-cn",
    "minimax-coding-plan": "minimax",
    "stepfun-ai-step-plan": "stepfun-ai",
    "stepfun-step-plan": "stepfun",
    "tencent-coding-plan": "tencent-tokenhub",
    "tencent-token-plan": "tencent-tokenhub",
    "volcengine-coding-plan": "volcengine",
    "xiaomi-token-plan-ams": "xiaomi",
    "xiaomi-token-plan-cn": "xiaomi",
    "xiaomi-token-plan-sgp": "xiaomi",
    "zai-coding-plan": "zai",
    "zhipuai-coding-plan": "zhipuai",
}
"""Subscriptions that are providers of their own, which lists price at zero → who sells the same models by the token."""


@dataclass(frozen=True, slots=True)
class Rate:
    """The prices of a token, in billionths of a micro-dollar; ``output`` is that of reasoning, too."""

    input: int
    output: int
    cache_read: int = 0
    cache_write: int = 0

    def exact_value(self, tokens: Tokens) -> int:
        """What the tokens are worth, in billionths of a micro-dollar."""
        return (
            tokens.input * self.input
            + (tokens.output + tokens.reasoning) * self.output
            + tokens.cache_read * self.cache_read
            + tokens.cache_write * self.cache_write
        )


@dataclass(frozen=True, slots=True)
class Price:
    """What a model costs: ``base``, and for long contexts the steps (*above* how many tokens, rate), smallest first."""

    base: Rate
    steps: tuple[tuple[int, Rate], ...] = ()

    def rate(self, above_tokens: int) -> Rate:
        """The rate of requests whose context is above so many tokens, and not above the next step."""
        return next((rate for size, rate in reversed(self.steps) if above_tokens >= size), self.base)

    def exact_value(self, split: Unbilled) -> int:
        """What usage that is split at least at the steps is worth, in billionths of a micro-dollar."""
        return sum(self.rate(above).exact_value(tokens) for above, tokens in split)

    @property
    def is_free(self) -> bool:
        """Whether the list says that it costs nothing."""
        return self.base == _FREE and all(rate == _FREE for _, rate in self.steps)


_FREE: Final = Rate(0, 0)


@dataclass(frozen=True, slots=True)
class Quote:
    """A price with its source and that source's date (ISO 8601; empty for the user's own).

    ``sold_by`` is the provider whose price it is, where that is another one (``PLANS``).
    """

    price: Price
    source: Source
    date: str = ""
    sold_by: str = ""


@dataclass(frozen=True, slots=True)
class Cost:
    """Micro-dollars, None where nobody knows, and where they come from."""

    microusd: int | None
    origin: Origin


Unbilled = tuple[tuple[int, Tokens], ...]
"""Usage that OpenCode recorded at no cost: its tokens by the ledger's steps, above how many tokens of context."""


def cost_of(tokens: Tokens | None, recorded_microusd: int | None, quote: Quote | None) -> Cost:
    """What one request cost: the definition, which the values of sums (``list_value``) must equal."""
    if tokens is None:
        return Cost(None, "unknown")
    if recorded_microusd or tokens == NO_TOKENS:
        return Cost(recorded_microusd or 0, "recorded")
    return list_value(of_one_request(tokens), quote)


def list_value(unbilled: Unbilled, quote: Quote | None) -> Cost:
    """What usage of one model that has no recorded cost is worth at its price, rounded once.

    The steps by which the usage is split must contain the price's (``step_sizes``).
    """
    if quote is None:
        return Cost(None, "unpriced")
    return Cost(rounded(quote.price.exact_value(unbilled)), quote.source)


def of_one_request(tokens: Tokens) -> Unbilled:
    """The tokens of one request, split by its own context."""
    # A context of exactly a step's size is not above it.
    return ((context_tokens(tokens) - 1, tokens),)


def context_tokens(tokens: Tokens) -> int:
    """What went into the model: by this the steps are chosen."""
    return tokens.input + tokens.cache_read + tokens.cache_write


def rounded(exact: int) -> int:
    """Whole micro-dollars, of billionths of one; halves away from zero, and no value is below zero."""
    return (2 * exact + UNITS_PER_MICROUSD) // (2 * UNITS_PER_MICROUSD)


def microusd_of(usd: float) -> int:
    """OpenCode's own figure, a float in US dollars, in whole micro-dollars; halves away from zero.

    A number that is a half in decimals is taken for one, whichever side its float is on.
    """
    return int(usd * _NUDGED_MICROUSD_PER_USD + 0.5)


def step_sizes(quotes: Iterable[Quote]) -> set[int]:
    """The sizes of context at which any of these prices changes."""
    return {size for quote in quotes for size, _ in quote.price.steps}


def per_token(usd_per_million: object) -> int:
    """A price as lists have it, in billionths of a micro-dollar a token.

    Raises:
        ValueError: it is no price.
    """
    if not isinstance(usd_per_million, int | float) or isinstance(usd_per_million, bool):
        raise ValueError("a price is no number")  # noqa: TRY004 - a list that makes no sense, not a programmer's slip
    if not 0 <= usd_per_million <= LARGEST_USD_PER_MILLION:
        raise ValueError("a price is below zero or too large")
    return round(usd_per_million * UNITS_PER_MICROUSD)


def usd_per_million(per_token_units: int) -> float:
    """``per_token`` the other way, for people."""
    return per_token_units / UNITS_PER_MICROUSD


def price_named(model: ModelId, prices: Mapping[str, Price]) -> Price | None:
    """The user's own price of a model, from a table by ``provider/model``."""
    provider, name = model
    return None if provider is None or name is None else prices.get(f"{provider}/{name}")
