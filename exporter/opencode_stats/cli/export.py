"""``opencode-stats export``: every message, or sums of them, as CSV, JSON or NDJSON."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, cast, get_args

import click
from click.core import ParameterSource

from opencode_stats.cli.asking import ranged, surroundings
from opencode_stats.cli.revaluing import LIST, ListColumns, cost_option
from opencode_stats.cli.say import say
from opencode_stats.cli.sink import sink
from opencode_stats.core.history import Period, Span, spans
from opencode_stats.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opencode_stats.cli.asking import Surroundings
    from opencode_stats.cli.render.export import Format, Row
    from opencode_stats.core.history import Figures
    from opencode_stats.ledger.connection import Connection

_QUIET_S: Final = 1.0
"""What takes no longer needs no bar."""
_STEP: Final = 10_000
_SUMS: Final = (
    "input", "output", "reasoning", "cacheRead", "cacheWrite", "totalTokens", "cost", "messages", "prompts", "activeMs",
    "outputTokensPerSecond",
)  # fmt: skip


@click.command(short_help="Every message, or sums of them, as CSV, JSON or NDJSON.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "json", "ndjson"]),
    default="csv",
    show_default=True,
    help="How it is written.",
)
@click.option("--output", metavar="FILE", default="-", help="Where to; - is standard output.  [default: -]")
@click.option("--by", "period", type=click.Choice(get_args(Period)), help="A row for each of these, not each message.")
@click.option(
    "--split",
    type=click.Choice(["model", "provider", "workspace", "agent", "conversation"]),
    help="A row for each of these, not each message.",
)
@click.option(
    "--ledger",
    metavar="FILE",
    help="Write this host's file instead, for opencode-stats import --ledger on another; in a folder under its own "
    "name, - is standard output.",
)
@ranged
@cost_option
@click.pass_context
def command(  # noqa: PLR0917 - click hands its options over by name
    ctx: click.Context,
    form: str,
    output: str,
    period: str | None,
    split: str | None,
    ledger: str | None,
    since: str | None,
    until: str | None,
    cost: str,
) -> None:
    """Write what was used, the oldest first: one row a message, or one for each stretch of time or user of it.

    It is written as it is read, so a million rows take no more memory than one. A FILE appears when it is whole, for
    your eyes only. In CSV a text that a spreadsheet would take for a formula has a ' before it. Costs are US dollars.
    No prompts, answers or titles are in it; there are none in the ledger.

    \b
    Exit codes: 0 done, 2 something you can put right, 3 another exporter
    does not answer, 4 the ledger can't be used.

    \b
    Examples:
      opencode-stats export --output messages.csv
      opencode-stats export --by month --split workspace
      opencode-stats export --format ndjson --since 7d | jq -s 'map(.cost) | add'
      opencode-stats export --by month --split model --cost list
      opencode-stats export --ledger laptop.ndjson
    """
    if ledger is not None:
        from opencode_stats.cli.host_files import write_host_file  # noqa: PLC0415

        if any(
            ctx.get_parameter_source(name) is not ParameterSource.DEFAULT for name in ctx.params if name != "ledger"
        ):
            raise UserError("--ledger writes everything in a form of its own: no other option goes with it.")
        write_host_file(ledger)
        return
    from opencode_stats.cli.render.export import write  # noqa: PLC0415
    from opencode_stats.cli.render.export_messages import write_messages  # noqa: PLC0415

    here = surroundings(wait=True)
    ends = here.stretch(since, until)
    kind = cast("Format", form)
    if not output:
        raise UserError("--output wants the name of a file, or - for standard output.")
    with sink(output) as out, _bar() as show:
        asked: list[None] = []

        def write_all(connection: Connection) -> None:
            if asked:
                # Somebody wrote to the ledger beside us, so what was read may be half of this and half of that.
                out.again()
            asked.append(None)
            start_ms, end_ms = _ends(connection, here, ends)
            listed = ListColumns(here, connection) if cost == LIST else None
            if period is None and split is None:
                _tell_forgotten(connection, start_ms, end_ms)
                if listed is None and not out.seen:
                    write_messages(_written(connection, start_ms, end_ms, show, kind), kind, out.text)
                    return
                columns, texts, rows = _messages(connection, start_ms, end_ms, show, listed)
            else:
                cut = cast("Period | None", period)
                columns, texts, rows = _sums(connection, here, (start_ms, end_ms), cut, split, listed)
            write(out.shown(rows, texts), columns, texts, kind, out.text)

        here.ask(write_all)
    here.tell_trouble()


def _ends(connection: Connection, here: Surroundings, ends: tuple[int | None, int | None]) -> tuple[int, int]:
    from opencode_stats.ledger.timeline import ends_of  # noqa: PLC0415

    known = ends_of(connection) or (here.now_ms, here.now_ms)
    start_ms = known[0] if ends[0] is None else max(ends[0], known[0])
    last_ms = max(here.now_ms, known[1]) + 1
    end_ms = last_ms if ends[1] is None else min(ends[1], last_ms)
    return min(start_ms, end_ms), end_ms


def _tell_forgotten(connection: Connection, start_ms: int, end_ms: int) -> None:
    from opencode_stats.ledger.forgotten import forgotten_between  # noqa: PLC0415

    forgotten = forgotten_between(connection, start_ms, end_ms).messages
    if forgotten:
        say(f"{not_kept(forgotten)}; --by and --split have what they used.", err=True)


def _written(connection: Connection, start_ms: int, end_ms: int, show: _Bar | None, form: Format) -> Iterator[Row]:
    from opencode_stats.cli.render.export_messages import form_of_numbers  # noqa: PLC0415
    from opencode_stats.ledger.export import number_between, rows_written  # noqa: PLC0415

    rows = rows_written(connection, start_ms, end_ms, form_of_numbers(form))
    return rows if show is None else show.over(rows, number_between(connection, start_ms, end_ms))


def _messages(
    connection: Connection, start_ms: int, end_ms: int, show: _Bar | None, listed: ListColumns | None
) -> tuple[tuple[str, ...], int, Iterator[Row]]:
    from opencode_stats.ledger.export import COLUMNS, TEXTS, number_between, rows_between  # noqa: PLC0415

    rows = rows_between(connection, start_ms, end_ms)
    if show is not None:
        rows = show.over(rows, number_between(connection, start_ms, end_ms))
    if listed is not None:
        return (*COLUMNS, *ListColumns.NAMES), TEXTS, ((*row, *listed.of_message(row)) for row in rows)
    return COLUMNS, TEXTS, rows


def _sums(  # noqa: PLR0917 - what a table is made of
    connection: Connection,
    here: Surroundings,
    ends: tuple[int, int],
    period: Period | None,
    split: str | None,
    listed: ListColumns | None,
) -> tuple[tuple[str, ...], int, Iterator[Row]]:
    from opencode_stats.cli.render.history import SPLITS, figures_document, named  # noqa: PLC0415
    from opencode_stats.core.history import NO_FIGURES, together  # noqa: PLC0415
    from opencode_stats.ledger.timeline import figures_over, prompts_over  # noqa: PLC0415

    stretches = [Span("", *ends)] if period is None else spans(*ends, period, here.zone, here.start_hour)
    keys = tuple(word for word in (period, split) if word)

    def rows() -> Iterator[Row]:
        # A stretch at a time: all of them at once may be many.
        for stretch in stretches:
            (parts,) = figures_over(connection, [stretch], SPLITS.get(split or "model", "conversation"))
            begun = (stretch.name,) if period else ()
            said: dict[tuple[str, ...], Figures] = {}
            if split is None:
                said[begun] = together(parts.values()) if parts else NO_FIGURES
            else:
                said = {(*begun, named(key, split)): figures for key, figures in parts.items()}
            worths = {} if listed is None else listed.of_stretch(stretch, split)
            for names, figures in sorted(said.items()):
                found: dict[str, Any] = figures_document(figures)
                found |= found["tokens"]
                found["prompts"] = None if split else prompts_over(connection, [stretch])[0]
                more = worths[names[-1] if split else ""] if worths else ()
                yield *names, *(found[name] for name in _SUMS), *more

    return (*keys, *_SUMS, *(() if listed is None else ListColumns.NAMES)), len(keys), rows()


def not_kept(messages: int) -> str:
    """That so many messages are in no row, as the beginning of a sentence."""
    from opencode_stats.cli.render.text import counted  # noqa: PLC0415

    return (
        f"{counted(messages, 'message')} of that time {'is' if messages == 1 else 'are'} not kept any more (keep_days)"
    )


class _Bar:
    """A progress bar that comes only when it takes long."""

    def over(self, rows: Iterator[Row], whole: int) -> Iterator[Row]:
        began_s, done = time.monotonic(), 0
        bars: list[Any] = []
        try:
            for row in rows:
                yield row
                done += 1
                if done % _STEP:
                    continue
                if bars:
                    bars[0].update(_STEP)
                elif time.monotonic() - began_s > _QUIET_S:
                    bars.append(click.progressbar(length=max(whole, done), label="messages", file=sys.stderr))
                    bars[0].update(done)
            for bar in bars:
                bar.update(max(0, whole - bar.pos))
        finally:
            # Also where it was broken off: it gives the terminal its cursor back.
            for bar in bars:
                bar.render_finish()


@contextmanager
def _bar() -> Iterator[_Bar | None]:
    yield _Bar() if sys.stderr.isatty() else None
