"""``opencode-stats conversations``: what each conversation used, its sub-agents beneath it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, cast

import click

from opencode_stats.cli.asking import json_option, look, ranged, show, surroundings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opencode_stats.cli.asking import Surroundings
    from opencode_stats.core.history import Figures
    from opencode_stats.ledger.connection import Connection
    from opencode_stats.ledger.conversations import Conversation, Order


@click.command(short_help="What each conversation used, its sub-agents beneath it.")
@click.option(
    "--sort",
    type=click.Choice(["recent", "tokens", "cost"]),
    default="recent",
    show_default=True,
    help="Which come first.",
)
@click.option(
    "--limit", type=click.IntRange(min=0), default=20, show_default=True, help="At most so many; 0 for all of them."
)
@click.option("--no-titles", is_flag=True, help="Show ids alone.")
@ranged
@json_option
def command(  # noqa: PLR0917 - click hands its options over by name
    sort: str, limit: int, no_titles: bool, since: str | None, until: str | None, as_json: bool
) -> None:
    """Show what each conversation used, with all of its sub-agents, and those beneath it.

    Titles are read from OpenCode's own database at this moment and kept nowhere; where it has none, the id stands. WHEN
    is a date (2026-10-25), a date and a time (2026-10-25T14:30), a week (2026-W43), a month (2026-10), or 7d, 12h,
    30min, 4w, 6mo, 1y, today, yesterday, now.

    \b
    Exit codes: 0 done, 2 something you can put right, 3 another exporter
    does not answer, 4 the ledger can't be used.

    \b
    Examples:
      opencode-stats conversations
      opencode-stats conversations --since 30d --sort cost --limit 5
      opencode-stats conversations --no-titles --json | jq '.conversations[].id'
    """
    from opencode_stats.cli.render.conversations import document, page  # noqa: PLC0415
    from opencode_stats.opencode.places import databases  # noqa: PLC0415
    from opencode_stats.opencode.titles import titles_of  # noqa: PLC0415

    here = surroundings(wait=as_json)
    ends = here.stretch(since, until)
    # One more than is shown tells whether there are more.
    asked = limit + 1 if limit else None
    found, forgotten = here.ask(lambda connection: _found(connection, here, ends, cast("Order", sort), asked))
    more = asked is not None and len(found) == asked
    found = found[:limit] if more else found
    titles = {}
    if not no_titles:
        titles = titles_of(databases(here.paths.opencode_data, os.environ), _ids(found))  # noqa: TID251
    shown = page(found, titles, look(here.currency), here.now_ms, here.zone, more=more, forgotten=forgotten)
    show(shown, document(found, titles, more=more, forgotten=forgotten), as_json=as_json)
    here.tell_trouble()


def _found(
    connection: Connection, here: Surroundings, ends: tuple[int | None, int | None], order: Order, most: int | None
) -> tuple[list[Conversation], Figures]:
    from opencode_stats.ledger.conversations import conversations_between  # noqa: PLC0415
    from opencode_stats.ledger.forgotten import forgotten_between  # noqa: PLC0415
    from opencode_stats.ledger.timeline import ends_of  # noqa: PLC0415

    known = ends_of(connection) or (here.now_ms, here.now_ms)
    start_ms = known[0] if ends[0] is None else ends[0]
    end_ms = max(here.now_ms, known[1]) + 1 if ends[1] is None else ends[1]
    start_ms = min(start_ms, end_ms)
    found = conversations_between(connection, start_ms, end_ms, order, most)
    return found, forgotten_between(connection, start_ms, end_ms)


def _ids(found: list[Conversation] | tuple[Conversation, ...]) -> Iterator[str]:
    for one in found:
        yield one.id
        yield from _ids(one.children)
