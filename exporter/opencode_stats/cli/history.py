"""``opencode-stats history``: what was used by hour, day, week or month."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast, get_args

import click

from opencode_stats.cli.asking import json_option, look, ranged, show, surroundings
from opencode_stats.cli.revaluing import LIST, cost_option, revaluation
from opencode_stats.core.history import Period, Span, before, span_at, spans

if TYPE_CHECKING:
    from opencode_stats.cli.asking import Surroundings
    from opencode_stats.cli.render.history import History, Row
    from opencode_stats.ledger.connection import Connection

_BACK: Final[dict[Period, str]] = {"hour": "23h", "day": "30d", "week": "78d", "month": "11mo"}
"""In the first of what is shown where nobody says since when."""


@click.command(short_help="What was used by hour, day, week or month.")
@click.option(
    "--by", "period", type=click.Choice(get_args(Period)), default="day", show_default=True, help="How time is cut."
)
@ranged
@click.option(
    "--split",
    type=click.Choice(["model", "provider", "workspace", "agent"]),
    help="Show in each of them by whom it was used.",
)
@cost_option
@json_option
def command(  # noqa: PLR0917 - click hands its options over by name
    period: str, since: str | None, until: str | None, split: str | None, cost: str, as_json: bool
) -> None:
    """Show tokens, cost, messages, prompts, active time and output tokens a second over time.

    Below the total is what was used in the time before, as long as this one. Without --since: the last 24 hours, 30
    days, 12 weeks or 12 months. WHEN is a date (2026-10-25), a date and a time (2026-10-25T14:30), a week (2026-W43), a
    month (2026-10), or 7d, 12h, 30min, 4w, 6mo, 1y, today, yesterday, now.

    \b
    Exit codes: 0 done, 2 something you can put right, 3 another exporter
    does not answer, 4 the ledger can't be used.

    \b
    Examples:
      opencode-stats history
      opencode-stats history --by month --split model
      opencode-stats history --by hour --since yesterday --until yesterday
      opencode-stats history --since 7d --json | jq .total.cost
      opencode-stats history --by month --cost list
    """
    from opencode_stats.cli.render.history import document, page  # noqa: PLC0415

    here = surroundings(wait=as_json)
    # click has seen that it is one of them.
    cut = cast("Period", period)
    ends = _ends(here, cut, *here.stretch(since, until))
    found = here.ask(lambda connection: _history(connection, here, cut, ends, split))
    if cost == LIST:
        _show_revalued(here, found, as_json=as_json)
        return
    show(page(found, look(here.currency)), document(found), as_json=as_json)
    here.tell_trouble()


def _show_revalued(here: Surroundings, found: History, *, as_json: bool) -> None:
    from opencode_stats.cli.render.revalued import figures, page, record  # noqa: PLC0415

    said = revaluation(here, [row.span for row in found.rows], found.split or "model")
    rows = said.periods(found.split)
    show(
        page(found.period, rows, said.whole, look(here.currency)),
        {
            "schemaVersion": 1,
            "by": found.period,
            "split": found.split,
            "periods": [record(row) for row in rows],
            "total": figures(said.whole),
        },
        as_json=as_json,
    )
    here.tell_trouble()


def _ends(here: Surroundings, period: Period, start_ms: int | None, end_ms: int | None) -> tuple[int, int]:
    """Without an end it is that of the day or the hour, so that what a clock that was ahead put there is shown too."""
    from opencode_stats.core.moments import instant_of  # noqa: PLC0415

    last_ms = here.now_ms if end_ms is None else end_ms - 1
    if end_ms is None:
        end_ms = span_at(here.now_ms, "hour" if period == "hour" else "day", here.zone, here.start_hour).end_ms
    if start_ms is None:
        back_ms = instant_of(_BACK[period], last_ms, here.zone, here.start_hour)
        start_ms = span_at(back_ms, period, here.zone, here.start_hour).start_ms
    return start_ms, end_ms


def _history(
    connection: Connection,
    here: Surroundings,
    period: Period,
    ends: tuple[int, int],
    split: str | None,
) -> History:
    from opencode_stats.cli.render.history import SPLITS, History, Row  # noqa: PLC0415
    from opencode_stats.cli.worth import worth_over  # noqa: PLC0415
    from opencode_stats.ledger.timeline import ends_of, figures_over, prompts_over  # noqa: PLC0415

    def rows(stretches: list[Span]) -> list[Row]:
        answers = figures_over(connection, stretches, SPLITS[split or "model"])
        by_model = answers if split in {None, "model"} else figures_over(connection, stretches, "model")
        worth = worth_over(connection, here, stretches, by_model)
        prompts = prompts_over(connection, stretches)
        return [Row(*row) for row in zip(stretches, answers, prompts, worth, strict=True)]

    start_ms, end_ms = ends
    begun_ms = before(start_ms, min(end_ms, max(here.now_ms, start_ms + 1)), here.zone)
    known, earlier = ends_of(connection), None
    if known is not None:
        if begun_ms >= span_at(known[0], "day", here.zone, here.start_hour).start_ms:
            # Else it would be compared with less than there is to compare.
            earlier = next(
                (row for row in rows([Span("before", begun_ms, start_ms)]) if row.parts or row.prompts), None
            )
        # What came before the first use would be nothing but empty lines.
        first = span_at(max(0, min(known[0], end_ms - 1)), period, here.zone, here.start_hour)
        start_ms = max(start_ms, first.start_ms)
    # And what is still to come is nothing either, be it thousands of years.
    last_ms = max(here.now_ms, start_ms, 0 if known is None else known[1])
    end_ms = min(end_ms, span_at(last_ms, period, here.zone, here.start_hour).end_ms)
    return History(
        rows(spans(start_ms, end_ms, period, here.zone, here.start_hour)),
        earlier,
        period,
        split,
        here.zone,
        unfinished=end_ms > here.now_ms,
    )
