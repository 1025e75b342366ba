"""``opencode-stats hosts``: what each machine used, whose ledger was taken in here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from opencode_stats.cli.asking import json_option, look, ranged, show, surroundings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opencode_stats.cli.asking import Surroundings
    from opencode_stats.ledger.connection import Connection
    from opencode_stats.ledger.hosts import HostUsage


@click.command(short_help="What each of your machines used, and all of them together.")
@ranged
@json_option
def command(since: str | None, until: str | None, as_json: bool) -> None:
    """Show what each host used, and all of them together: this one, and those whose files were taken in here.

    Every message counts once, however many hosts have it. All other commands, and stats.json, are about this host
    alone. Without --since: all that is known. docs/machines.md says how figures get from one machine to another.

    \b
    Exit codes: 0 done, 2 something you can put right, 3 another exporter
    does not answer, 4 the ledger can't be used.

    \b
    Examples:
      opencode-stats hosts
      opencode-stats hosts --since 30d --json
    """
    from opencode_stats.cli.host_files import host_name  # noqa: PLC0415
    from opencode_stats.cli.render.hosts import document, page  # noqa: PLC0415
    from opencode_stats.ledger.hosts import usage_by_host  # noqa: PLC0415

    here = surroundings(wait=as_json)
    ends = _ends(here, since, until)

    def ask(connection: Connection) -> tuple[list[HostUsage], frozenset[str]]:
        hosts = usage_by_host(connection, ends, host_name(), here.now_ms)
        return hosts, frozenset() if as_json else _partly(connection, here, hosts, ends)

    found, partly = here.ask(ask)
    show(page(found, here.now_ms, look(here.currency), partly), document(found), as_json=as_json)
    here.tell_trouble()


def _partly(
    connection: Connection, here: Surroundings, hosts: Sequence[HostUsage], ends: tuple[int, int] | None
) -> frozenset[str]:
    """The ids of the hosts of whose use some that is not free has no recorded cost.

    Of another host's model of which some was recorded with a cost its sums don't tell.
    """
    from opencode_stats.cli.render.hosts import figures_of  # noqa: PLC0415
    from opencode_stats.cli.surroundings import chosen  # noqa: PLC0415
    from opencode_stats.cli.worth import worth_over  # noqa: PLC0415
    from opencode_stats.core.bounds import LATEST_INSTANT_MS  # noqa: PLC0415
    from opencode_stats.core.history import Span  # noqa: PLC0415
    from opencode_stats.core.worth import listed, unbilled_of, worth_of  # noqa: PLC0415
    from opencode_stats.opencode.price_lists import PriceLists  # noqa: PLC0415

    used = [{model: figures_of(usage) for model, usage in host.totals.by_model.items()} for host in hosts]
    whole = Span("", *(ends or (0, LATEST_INSTANT_MS)))
    free_or_not = [
        {model: one for model, one in models.items() if one.tokens and not one.cost_microusd} for models in used
    ]
    theirs = {model for host, models in zip(hosts, free_or_not, strict=True) if not host.own for model in models}
    # Nearly always none: then no price list is read.
    quotes = PriceLists(here.paths.opencode_prices).quotes(theirs, chosen(here.paths).prices) if theirs else {}
    found = set()
    for host, models, unrecorded in zip(hosts, used, free_or_not, strict=True):
        if host.own:
            (worth,) = worth_over(connection, here, [whole], [models])
        else:
            worth = {model: worth_of(unbilled_of(one), quotes.get(model)) for model, one in unrecorded.items()}
        value = listed(worth.items())
        if value.microusd or value.unpriced:
            found.add(host.host)
    return frozenset(found)


def _ends(here: Surroundings, since: str | None, until: str | None) -> tuple[int, int] | None:
    from opencode_stats.core.bounds import LATEST_INSTANT_MS  # noqa: PLC0415

    start_ms, end_ms = here.stretch(since, until)
    if start_ms is None and end_ms is None:
        return None
    return start_ms or 0, LATEST_INSTANT_MS if end_ms is None else end_ms
