"""``opencode-stats prices``: what models cost, from where, and what usage without a cost is worth."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import click

from opencode_stats.cli.revaluing import LIST, cost_option
from opencode_stats.cli.say import say
from opencode_stats.cli.surroundings import chosen, currency_set, places
from opencode_stats.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opencode_stats.core.cost import Price, Quote, Unbilled
    from opencode_stats.core.totals import ModelId
    from opencode_stats.ledger.connection import Connection
    from opencode_stats.opencode.price_lists import PriceLists


@click.command(short_help="What models cost, and where each price comes from.")
@click.argument("model", required=False)
@cost_option
@click.option("--json", "as_json", is_flag=True, help="Print it for programs; prices in US dollars a million tokens.")
def command(model: str | None, cost: str, as_json: bool) -> None:
    """Show the price of each model of which there is usage that OpenCode recorded at no cost, and what it is worth.

    With --cost list of every model, and what all of its usage would cost. With a MODEL (provider/model) its price
    alone. Nothing is fetched and nothing is changed. Prices of your own go into
    the settings, under prices.

    \b
    Examples:
      opencode-stats prices
      opencode-stats prices anthropic/claude-sonnet-4-5
      opencode-stats prices --cost list
    """
    # Imported here: printing a help text must not pay for SQLite.
    from opencode_stats.cli.now import left_behind  # noqa: PLC0415
    from opencode_stats.cli.reading import read_ledger  # noqa: PLC0415
    from opencode_stats.cli.render.prices import page, priced, records  # noqa: PLC0415
    from opencode_stats.core.cost import step_sizes  # noqa: PLC0415
    from opencode_stats.ledger.unbilled import unbilled_split, unbilled_total  # noqa: PLC0415
    from opencode_stats.opencode.price_lists import PriceLists  # noqa: PLC0415

    paths = places()
    settings = chosen(paths)
    lists, own = PriceLists(paths.opencode_prices), settings.prices
    unbilled: dict[ModelId, Unbilled]
    trouble, recorded = None, None
    if model is None and cost == LIST:
        trouble = left_behind(paths, wait=True)
        quotes, unbilled, recorded = read_ledger(paths, lambda connection: _all_used(connection, lists, own), trouble)
    elif model is None:
        trouble = left_behind(paths, wait=True)
        quotes = lists.quotes(read_ledger(paths, unbilled_total, trouble), own)
        sizes = step_sizes(quotes.values())
        unbilled = read_ledger(paths, lambda connection: unbilled_split(connection, sizes), trouble)
    else:
        provider, slash, name = model.partition("/")
        if not slash:
            raise UserError("Name the provider, too: provider/model, as in anthropic/claude-sonnet-4-5.")
        unbilled = {(provider, name): ()}
        quotes = lists.quotes(unbilled, own)
    rows = priced(unbilled, quotes, recorded)
    if as_json:
        click.echo(json.dumps({"schemaVersion": 1, "models": records(rows)}, indent=1))
    else:
        say(page(rows, currency_set(settings), shutil.get_terminal_size().columns))
    if lists.trouble:
        say(f"opencode-stats: {lists.trouble}", err=True)
    if trouble is not None:
        raise trouble


def _all_used(
    connection: Connection, lists: PriceLists, own: Mapping[str, Price]
) -> tuple[Mapping[ModelId, Quote], dict[ModelId, Unbilled], dict[ModelId, int]]:
    """The prices of every model that was used, all of its usage, and what OpenCode recorded of that."""
    from opencode_stats.core.bounds import LATEST_INSTANT_MS  # noqa: PLC0415
    from opencode_stats.core.cost import step_sizes  # noqa: PLC0415
    from opencode_stats.core.history import Span  # noqa: PLC0415
    from opencode_stats.ledger.revaluation import models_used, used_over  # noqa: PLC0415

    quotes = lists.quotes(models_used(connection), own)
    (found,) = used_over(connection, [Span("all", 0, LATEST_INSTANT_MS)], "model", step_sizes(quotes.values()))
    used = {model: parts for one in found.values() for model, parts in one.by_model.items()}
    return quotes, used, {model: one.recorded_microusd for one in found.values() for model in one.by_model}
