"""All usage at list prices, beside what OpenCode recorded of its cost: as a table, and as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from opencode_stats.cli.render.charts import Line, Look, Table, table
from opencode_stats.cli.render.money import SOURCES
from opencode_stats.cli.render.text import NARROWEST, count, counted, name, wrapped
from opencode_stats.core.cost import MICROUSD_PER_USD
from opencode_stats.core.models import model_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opencode_stats.core.revaluation import Revalued

_TITLES: Final = ("tokens", "recorded", "at list prices")
_NONE: Final = "-"
_MOST_UNPRICED: Final = 3
_LONGEST_UNPRICED: Final = 40
_WHAT: Final = (
    "At list prices: what all of it would cost, also what OpenCode recorded a cost of. Recorded costs stay as they are."
)


@dataclass(frozen=True, slots=True)
class Row:
    """A stretch of time, or who used it, with its ``parts``; ``said`` is what programs are told of it besides."""

    name: str
    worth: Revalued
    parts: Sequence[Row] = ()
    foreign: bool = False
    said: dict[str, Any] = field(default_factory=dict)


def page(first: str, rows: Sequence[Row], whole: Revalued, look: Look) -> str:
    """A line for each, and their sum; ``first`` is the title of their names."""
    if not whole.tokens:
        return "Nothing was used in that time."
    lines: list[Line | None] = []
    for row in rows:
        lines.append(_line(row, look, "bold" if row.parts else ""))
        lines += [_line(part, look, indent=2) for part in row.parts]
    lines += [None, Line("total", _cells(whole, look), style="bold")]
    shown = table(Table((first, *_TITLES), lines), look)
    for sentence in (_WHAT, *_sentences(whole)):
        shown += ["", *(look.styled(line, "dim") for line in wrapped(sentence, max(look.columns, NARROWEST)))]
    return "\n".join(shown)


def figures(worth: Revalued) -> dict[str, Any]:
    """The same for programs, in US dollars; ``costAtListPrices`` is null where no price of any of it is known."""
    return {
        "totalTokens": worth.tokens,
        "cost": worth.recorded_microusd / MICROUSD_PER_USD,
        "costAtListPrices": None if worth.microusd is None else worth.microusd / MICROUSD_PER_USD,
        "priceOrigins": [{"origin": source, "date": date or None} for source, date in worth.sources],
        "unpriced": {model_key(*model): tokens for model, tokens in worth.unpriced.items()},
    }


def record(row: Row) -> dict[str, Any]:
    """One row for programs."""
    parts = {"parts": [record(part) for part in row.parts]} if row.parts else {}
    return {"name": row.name, **row.said, **figures(row.worth), **parts}


def _line(row: Row, look: Look, style: str = "", indent: int = 0) -> Line:
    return Line(row.name, _cells(row.worth, look), row.worth.tokens, indent=indent, foreign=row.foreign, style=style)


def _cells(worth: Revalued, look: Look) -> tuple[str, ...]:
    recorded = look.currency.amount(worth.recorded_microusd / MICROUSD_PER_USD)
    if worth.microusd is None:
        value = "unpriced"
    else:
        value = look.currency.amount(worth.microusd / MICROUSD_PER_USD) + ("+" if worth.unpriced else "")
    return count(worth.tokens), recorded if worth.recorded_microusd or not worth.tokens else _NONE, value


def _sentences(whole: Revalued) -> list[str]:
    said = []
    if whole.sources:
        said.append(f"Prices: {'; '.join(SOURCES[source].format(date=date) for source, date in whole.sources)}.")
    if whole.unpriced:
        models = sorted(whole.unpriced.items(), key=lambda one: (-one[1], model_key(*one[0])))
        names = ", ".join(name(model_key(*model), _LONGEST_UNPRICED) for model, _ in models[:_MOST_UNPRICED])
        more = f" and {counted(len(models) - _MOST_UNPRICED, 'more model')}" if len(models) > _MOST_UNPRICED else ""
        tokens = count(sum(whole.unpriced.values()))
        said.append(f"No price is known of {names}{more}, {tokens} tokens: a + says that there is such usage besides.")
    return said
