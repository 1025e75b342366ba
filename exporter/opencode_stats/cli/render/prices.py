"""What models cost: as text, and as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from opencode_stats.cli.render.money import SOURCES
from opencode_stats.cli.render.text import NARROWEST, count, name, wrapped
from opencode_stats.core.cost import Cost, list_value, usd_per_million
from opencode_stats.core.models import model_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opencode_stats.cli.render.text import Currency
    from opencode_stats.core.cost import Quote, Rate, Unbilled
    from opencode_stats.core.totals import ModelId

_NO_ROWS: Final = "OpenCode has recorded a cost of everything that it used."
_WIDEST: Final = 100


@dataclass(frozen=True, slots=True)
class Priced:
    """One model: its price if one is known, its tokens that have no recorded cost, and what they are worth.

    Where ``recorded_microusd`` is not None, these are all of its tokens, and that is what OpenCode recorded of it.
    """

    provider: str | None
    model: str | None
    quote: Quote | None
    tokens: int
    worth: Cost
    recorded_microusd: int | None = None


def priced(
    unbilled: Mapping[ModelId, Unbilled],
    quotes: Mapping[ModelId, Quote],
    recorded_microusd: Mapping[ModelId, int] | None = None,
) -> list[Priced]:
    """The models with most tokens first; the usage is split at the sizes of these prices."""
    rows = [
        Priced(
            *model,
            quotes.get(model),
            sum(tokens.total for _, tokens in parts),
            list_value(parts, quotes.get(model)),
            None if recorded_microusd is None else recorded_microusd[model],
        )
        for model, parts in unbilled.items()
    ]
    return sorted(rows, key=lambda row: (-row.tokens, row.provider or "", row.model or ""))


def page(rows: list[Priced], currency: Currency, columns: int) -> str:
    """A paragraph for each model."""
    if not rows:
        return _NO_ROWS
    lines: list[str] = []
    for row in rows:
        lines += ["", name(model_key(row.provider, row.model), _WIDEST)]
        for sentence in _sentences(row, currency):
            room = max(NARROWEST, min(columns, _WIDEST)) - 2
            lines += [f"  {line}" for line in wrapped(sentence, room)]
    return "\n".join(lines[1:])


def records(rows: list[Priced]) -> list[dict[str, Any]]:
    """The same for programs: prices in US dollars a million tokens, the value in US dollars."""
    return [
        {
            "name": model_key(row.provider, row.model),
            "provider": row.provider,
            "model": row.model,
            "origin": row.worth.origin,
            "date": row.quote.date or None if row.quote else None,
            "soldBy": row.quote.sold_by or None if row.quote else None,
            "price": _rate(row.quote.price.base) if row.quote else None,
            "steps": [{"above": size, **_rate(rate)} for size, rate in row.quote.price.steps] if row.quote else [],
            "tokens": row.tokens,
            **_worth(row),
        }
        for row in rows
    ]


def _worth(row: Priced) -> dict[str, Any]:
    worth = None if row.worth.microusd is None else row.worth.microusd / 1e6
    if row.recorded_microusd is None:
        return {"listValue": worth}
    return {"cost": row.recorded_microusd / 1e6, "costAtListPrices": worth}


def _sentences(row: Priced, currency: Currency) -> list[str]:
    said = []
    if row.quote is None:
        said.append("No price is known. One of your own goes into the settings, under prices.")
    else:
        price = row.quote.price
        seller = f" (as {name(row.quote.sold_by)} sells it)" if row.quote.sold_by else ""
        source = SOURCES[row.quote.source].format(date=row.quote.date)
        said.append(f"A million tokens: {_prices(price.base, currency)}{seller}. From {source}.")
        said += [f"Above {count(size)} tokens of context: {_prices(rate, currency)}." for size, rate in price.steps]
    if row.tokens:
        worth = "" if row.worth.microusd is None else f", worth {currency.amount(row.worth.microusd / 1e6)}"
        if row.recorded_microusd is None:
            said.append(f"{count(row.tokens)} tokens without a recorded cost{worth}.")
        else:
            recorded = currency.amount(row.recorded_microusd / 1e6) if row.recorded_microusd else "nothing"
            said.append(f"{count(row.tokens)} tokens{worth}; OpenCode recorded {recorded}.")
    return said


def _prices(rate: Rate, currency: Currency) -> str:
    named = {kind.replace("R", " r").replace("W", " w"): usd for kind, usd in _rate(rate).items()}
    return ", ".join(f"{kind} {currency.price(usd)}" for kind, usd in named.items())


def _rate(rate: Rate) -> dict[str, float]:
    return {
        "input": usd_per_million(rate.input),
        "output": usd_per_million(rate.output),
        "cacheRead": usd_per_million(rate.cache_read),
        "cacheWrite": usd_per_million(rate.cache_write),
    }
