"""What the commands about the past share: their options, the stretch of time that is asked for, the terminal's look."""

from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from opencode_stats.cli.now import left_behind
from opencode_stats.cli.render.charts import Look
from opencode_stats.cli.surroundings import chosen, currency_set, places
from opencode_stats.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import tzinfo

    from opencode_stats.cli.render.text import Currency
    from opencode_stats.errors import OpencodeStatsError
    from opencode_stats.host.paths import Paths
    from opencode_stats.ledger.connection import Connection

_F = TypeVar("_F", bound="Callable[..., Any]")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where and when it is asked: places, moment, zone, the hour in which days begin; and what amounts are shown in.

    ``trouble`` is why what is there could not be brought up to date, which has to be told after it is shown.
    """

    paths: Paths
    now_ms: int
    zone: tzinfo
    start_hour: int
    currency: Currency
    trouble: OpencodeStatsError | None = None

    def stretch(self, since: str | None, until: str | None) -> tuple[int | None, int | None]:
        """The instants that are meant; None where nothing was said.

        Raises:
            UserError: one is no instant, or the second is not after the first.
        """
        from opencode_stats.core.moments import instant_of  # noqa: PLC0415

        start_ms = None if since is None else instant_of(since, self.now_ms, self.zone, self.start_hour)
        end_ms = None if until is None else instant_of(until, self.now_ms, self.zone, self.start_hour, end=True)
        if start_ms is not None and start_ms >= (self.now_ms if end_ms is None else end_ms):
            raise UserError("--until is not after --since." if end_ms else "--since is not in the past.")
        return start_ms, end_ms

    def ask(self, question: Callable[[Connection], _T]) -> _T:
        """The answer of the ledger, as of one moment.

        Raises:
            OpencodeStatsError: it can't be read; of one that could not be brought up to date, why not.
        """
        from opencode_stats.cli.reading import read_ledger  # noqa: PLC0415
        from opencode_stats.ledger.transactions import one_moment  # noqa: PLC0415

        def at_once(connection: Connection) -> _T:
            with one_moment(connection):
                return question(connection)

        return read_ledger(self.paths, at_once, self.trouble)

    def tell_trouble(self) -> None:
        """The last that a command does.

        Raises:
            OpencodeStatsError: what was shown could not be brought up to date.
        """
        if self.trouble is not None:
            sys.stdout.flush()
            raise self.trouble


def surroundings(*, wait: bool) -> Surroundings:
    """This process's, when what the plugin wrote is taken in; ``wait`` where a daemon is to be asked for certainty.

    Raises:
        LedgerError: the ledger can't be used.
    """
    # Imported here: printing a help text must not pay for time zones.
    from opencode_stats.host.clock import SystemClock, local_zone  # noqa: PLC0415

    paths = places()
    trouble = left_behind(paths, wait=wait)
    settings = chosen(paths)
    zone = local_zone(os.environ)  # noqa: TID251
    return Surroundings(paths, SystemClock().now_ms(), zone, settings.day_start_hour, currency_set(settings), trouble)


def ranged(command: _F) -> _F:
    """Gives a command the options ``--since`` and ``--until``."""
    for option, words in (("--until", "Up to and with WHEN; without it, up to now."), ("--since", "From WHEN on.")):
        command = click.option(
            option,
            metavar="WHEN",
            help=f"{words}" + (" A date, a time, 7d, 12h, yesterday, …" if option == "--since" else ""),
        )(command)
    return command


def json_option(command: _F) -> _F:
    """Gives a command the option ``--json``."""
    return click.option(
        "--json",
        "as_json",
        is_flag=True,
        help="Print the figures as JSON, costs in US dollars; never older than the call.",
    )(command)


def show(page: str, document: dict[str, Any], *, as_json: bool) -> None:
    """Prints one of the two."""
    # The page has been made safe name by name; its colours would not survive a second time.
    click.echo(json.dumps(document, indent=1) if as_json else page, color=True)


def look(currency: Currency) -> Look:
    """What standard output can show, amounts in that currency."""
    env = os.environ  # noqa: TID251 - the command line is where the environment comes in
    colour = sys.stdout.isatty() and not env.get("NO_COLOR") and env.get("TERM") != "dumb"
    try:
        "█▏".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        blocks = False
    else:
        blocks = True
    return Look(shutil.get_terminal_size().columns, blocks, colour, currency)
