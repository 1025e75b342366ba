"""``opencode-stats import``: take in what there is, now."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from opencode_stats.cli.now import bring_up_to_date
from opencode_stats.cli.say import explain
from opencode_stats.cli.surroundings import chosen, places
from opencode_stats.errors import LockHeld, UserError
from opencode_stats.host.lock import is_held

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from opencode_stats.host.paths import Paths
    from opencode_stats.ledger.bulk import Taken


@click.command("import", short_help="Take in everything there is, and publish.")
@click.option(
    "--ledger",
    "ledgers",
    metavar="FILE",
    multiple=True,
    help="Take in another host's file, of opencode-stats export --ledger, or a folder's *.ndjson. More than once: more "
    "of them.",
)
@click.argument("more", metavar="[FILE]...", nargs=-1)
def command(ledgers: tuple[str, ...], more: tuple[str, ...]) -> None:
    """Take in everything that the plugin has written and OpenCode's own files have, and publish.

    With a daemon at work it is asked, and this waits until it is done; without one this does the work itself. A long
    import shows how far it is; interrupt it (Ctrl-C) and call it again, and it goes on where it was.

    With --ledger it takes in what other hosts used instead (more FILEs may follow). It makes no difference in which
    order that is done, and how often; opencode-stats hosts shows it. Your own figures stay as they are.

    \b
    Examples:
      opencode-stats import
      opencode-stats import --ledger laptop.ndjson
    """
    if ledgers:
        from opencode_stats.cli.host_files import take_host_files  # noqa: PLC0415

        take_host_files([*ledgers, *more])
        return
    if more:
        raise UserError(
            f"{more[0]}: files are given by name only after --ledger. See opencode-stats import --help.",
        )
    paths = places()
    take_in_everything(paths)
    explain(f"Everything is taken in; the figures are in {paths.stats_file}.")


def take_in_everything(paths: Paths) -> None:
    """Takes in spool and history and publishes, showing how far it is, or waits until a daemon has; says what was new.

    Raises:
        LockHeld: another exporter is at work and does not answer.
        UserError, LedgerError: it can't be done now.
    """
    chosen(paths)  # which says what is wrong with the settings
    taken = None if is_held(paths.lock) else _take_in(paths)
    if taken is None:
        bring_up_to_date(paths, wait=True)
    elif taken.new:
        explain(_what_was_new(taken))


def _what_was_new(taken: Taken) -> str:
    """How many requests OpenCode's own files told of first, and why not all of them moved a figure."""
    from opencode_stats.cli.render.text import count, counted  # noqa: PLC0415 - not needed to print a help text

    in_no_total = [
        f"{count(number)} {what}"
        for number, what in (
            (taken.copies, "that a fork copied or somebody else made"),
            (taken.unknown, "whose tokens are not known"),
        )
        if number
    ]
    new = f"{counted(taken.new, 'request')} {'was' if taken.new == 1 else 'were'} new."
    return f"{new} Of them in no total: {'; '.join(in_no_total)}." if in_no_total else new


def _take_in(paths: Paths) -> Taken | None:
    """Does the work itself; None where another exporter came first."""
    from opencode_stats.cli.own_round import exporter_alone, take_in  # noqa: PLC0415 - not to print a help text

    try:
        with exporter_alone(paths) as exporter, bar("OpenCode's history") as show:
            taken = take_in(exporter, show)
            exporter.forget(to_the_end=True)
            exporter.sum_days(to_the_end=True)
            return taken
    except LockHeld:
        return None


@contextmanager
def bar(label: str) -> Iterator[Callable[[int, int], None] | None]:
    """Shows how far each source is, where somebody looks."""
    if not sys.stderr.isatty():
        yield None
        return
    bars: list[Any] = []

    def show(done: int, whole: int) -> None:
        if not bars or bars[-1].length != whole or bars[-1].pos >= whole:
            if bars:
                bars[-1].render_finish()
            bars.append(click.progressbar(length=whole, label=label, file=sys.stderr))
        bars[-1].update(done - bars[-1].pos)

    try:
        yield show
    finally:
        if bars:
            bars[-1].render_finish()
