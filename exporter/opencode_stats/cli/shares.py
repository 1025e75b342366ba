"""``opencode-stats models``, ``workspaces`` and ``agents``: who used how much, the largest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from opencode_stats.cli.asking import json_option, look, ranged, show, surroundings
from opencode_stats.cli.revaluing import LIST, cost_option, revaluation
from opencode_stats.core.history import Span

if TYPE_CHECKING:
    import click

    from opencode_stats.cli.asking import Surroundings
    from opencode_stats.cli.render.shares import Shares
    from opencode_stats.core.history import Figures, Key
    from opencode_stats.ledger.connection import Connection

HELP: Final = """Show what each {thing} used: tokens, share, cost, messages, active time, output tokens a second.

Without --since: all that is known. WHEN is a date (2026-10-25), a date and a time (2026-10-25T14:30), a week
(2026-W43), a month (2026-10), or 7d, 12h, 30min, 4w, 6mo, 1y, today, yesterday, now.

\b
Exit codes: 0 done, 2 something you can put right, 3 another exporter
does not answer, 4 the ledger can't be used.

\b
Examples:
  opencode-stats {things}
  opencode-stats {things} --since 7d
  opencode-stats {things} --since 2026-10 --until 2026-10 --json
  opencode-stats {things} --cost list
"""


def command_for(thing: str, note: str) -> click.Command:
    """The command of one of the things that history can be split by (``render.history.SPLITS``)."""
    import click  # noqa: PLC0415 - the type checker needs it above

    @click.command(f"{thing}s", short_help=f"What each {thing} used.", help=HELP.format(thing=note, things=f"{thing}s"))
    @ranged
    @cost_option
    @json_option
    def command(since: str | None, until: str | None, cost: str, as_json: bool) -> None:
        from opencode_stats.cli.render.shares import document, page  # noqa: PLC0415

        here = surroundings(wait=as_json)
        ends = here.stretch(since, until)
        found = here.ask(lambda connection: _shares(connection, here, ends, thing))
        if cost == LIST:
            _show_revalued(here, found, as_json=as_json)
            return
        show(page(found, look(here.currency)), document(found), as_json=as_json)
        here.tell_trouble()

    return command


def _show_revalued(here: Surroundings, found: Shares, *, as_json: bool) -> None:
    from opencode_stats.cli.render.revalued import figures, page, record  # noqa: PLC0415

    thing = found.thing
    said = revaluation(here, [Span("all", found.start_ms, found.end_ms)], thing)
    rows = said.rows(thing, said.by_stretch[0])
    show(
        page(thing, rows, said.whole, look(here.currency)),
        {
            "schemaVersion": 1,
            "start": found.start_ms,
            "end": found.end_ms,
            f"{thing}s": [record(row) for row in rows],
            "total": figures(said.whole),
        },
        as_json=as_json,
    )
    here.tell_trouble()


def _shares(connection: Connection, here: Surroundings, ends: tuple[int | None, int | None], thing: str) -> Shares:
    from opencode_stats.cli.render.history import SPLITS  # noqa: PLC0415
    from opencode_stats.cli.render.shares import Shares  # noqa: PLC0415
    from opencode_stats.cli.worth import worth_over  # noqa: PLC0415
    from opencode_stats.core.history import before, span_at  # noqa: PLC0415
    from opencode_stats.ledger.timeline import ends_of, figures_over  # noqa: PLC0415

    known = ends_of(connection) or (here.now_ms, here.now_ms)
    start_ms = known[0] if ends[0] is None else ends[0]
    end_ms = max(here.now_ms, known[1]) + 1 if ends[1] is None else ends[1]
    whole = [Span("all", min(start_ms, end_ms), end_ms)]
    (parts,) = figures_over(connection, whole, SPLITS[thing])
    by_model = [parts] if thing == "model" else figures_over(connection, whole, "model")
    (worth,) = worth_over(connection, here, whole, by_model)
    earlier: dict[Key, Figures] = {}
    if ends[0] is not None:
        begun_ms = before(start_ms, min(end_ms, max(here.now_ms, start_ms + 1)), here.zone)
        if begun_ms >= span_at(known[0], "day", here.zone, here.start_hour).start_ms:
            # Else it would be compared with less than there is to compare.
            (earlier,) = figures_over(connection, [Span("before", begun_ms, start_ms)], SPLITS[thing])
    return Shares(thing, min(start_ms, end_ms), end_ms, parts, earlier, worth)
