"""What usage without a recorded cost is worth, beside the figures of the past."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from opencode_stats.cli.asking import Surroundings
    from opencode_stats.core.history import Figures, Key, Span
    from opencode_stats.core.worth import Worth
    from opencode_stats.ledger.connection import Connection


def worth_over(
    connection: Connection, here: Surroundings, stretches: Sequence[Span], used: Sequence[Mapping[Key, Figures]]
) -> list[dict[Key, Worth]]:
    """Of each stretch, by model; ``used`` is what each used, by model. Models whose cost is all recorded are not there.

    The caller holds one moment of the ledger.
    """
    from opencode_stats.cli.surroundings import chosen  # noqa: PLC0415 - not to print a help text
    from opencode_stats.core.worth import known_from_figures, unbilled_of, worth_of  # noqa: PLC0415
    from opencode_stats.ledger.unbilled import unbilled_in, unbilled_total  # noqa: PLC0415
    from opencode_stats.opencode.price_lists import PriceLists  # noqa: PLC0415

    known = unbilled_total(connection)
    if not known:
        # Nearly always: then no price list is read.
        return [{} for _ in stretches]
    quotes = PriceLists(here.paths.opencode_prices).quotes(known, chosen(here.paths).prices)
    found = []
    for stretch, by_model in zip(stretches, used, strict=True):
        there = {model: figures for model, figures in by_model.items() if model in known}
        parts = {
            model: unbilled_of(figures)
            for model, figures in there.items()
            if known_from_figures(figures, quotes.get(model))
        }
        if parts.keys() != there.keys():
            asked = unbilled_in(connection, stretch.start_ms, stretch.end_ms)
            parts |= {model: asked[model] for model in there.keys() - parts.keys() if model in asked}
        found.append({model: worth_of(unbilled, quotes.get(model)) for model, unbilled in parts.items()})
    return found
