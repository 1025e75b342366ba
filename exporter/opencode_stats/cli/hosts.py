"""``opencode-stats hosts``: what each machine used, whose ledger was taken in here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from opencode_stats.cli.asking import json_option, look, ranged, show, surroundings

if TYPE_CHECKING:
    from opencode_stats.cli.asking import Surroundings


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
    found = here.ask(lambda connection: usage_by_host(connection, ends, host_name(), here.now_ms))
    show(page(found, here.now_ms, look(here.currency)), document(found), as_json=as_json)
    here.tell_trouble()


def _ends(here: Surroundings, since: str | None, until: str | None) -> tuple[int, int] | None:
    from opencode_stats.core.bounds import LATEST_INSTANT_MS  # noqa: PLC0415

    start_ms, end_ms = here.stretch(since, until)
    if start_ms is None and end_ms is None:
        return None
    return start_ms or 0, LATEST_INSTANT_MS if end_ms is None else end_ms
