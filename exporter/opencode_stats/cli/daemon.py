"""``opencode-stats daemon``: keep the figures up to date, in the foreground."""

from __future__ import annotations

import math
import os
import sys
from typing import Final

import click

from opencode_stats.cli.surroundings import own_exporter, places

EXIT_UPGRADED: Final = 75
"""EX_TEMPFAIL of sysexits(3): nothing went wrong, try again. The unit starts the service anew on it."""


def _finite(ctx: click.Context, parameter: click.Parameter, seconds: float | None) -> float | None:
    if seconds is not None and not math.isfinite(seconds):
        raise click.BadParameter(f"{seconds} is not a length of time.", ctx, parameter)
    return seconds


@click.command(short_help="Keep stats.json up to date until told to stop.")
@click.option(
    "--linger",
    "linger_s",
    type=click.FloatRange(min=0),
    callback=_finite,
    metavar="SECONDS",
    help="End by itself this long after the last OpenCode has gone.",
)
@click.option(
    "--supervised",
    is_flag=True,
    help="Somebody starts this again whenever it ends: end, with exit code 75, once another version is installed.",
)
@click.option(
    "--scan",
    "scan_s",
    type=click.FloatRange(min=0, min_open=True),
    callback=_finite,
    metavar="SECONDS",
    help="Look this often for what nothing told of; 60 if not given.",
)
@click.option("--verbose", is_flag=True, help="Log every publishing.")
def command(linger_s: float | None, supervised: bool, scan_s: float | None, verbose: bool) -> None:
    """Keep stats.json up to date until told to stop (SIGTERM, Ctrl-C).

    One exporter works at a time: a second one says who is at work and exits 3. A command that takes in is waited for.

    \b
    Example:
      opencode-stats daemon --linger 600
    """
    from opencode_stats.daemon.loop import Daemon  # noqa: PLC0415 - the slow half of the program
    from opencode_stats.daemon.rest import SCAN_S  # noqa: PLC0415
    from opencode_stats.host.clock import SystemClock  # noqa: PLC0415
    from opencode_stats.host.logs import log_to_stderr  # noqa: PLC0415
    from opencode_stats.host.processes import Processes  # noqa: PLC0415

    log_to_stderr(verbose=verbose)
    paths = places()
    with own_exporter(paths, stays=True) as exporter:
        upgraded = Daemon(
            exporter,
            paths,
            clock=SystemClock(),
            processes=Processes(),
            env=os.environ,  # noqa: TID251 - the command line is where the environment comes in
            linger_s=linger_s,
            scan_s=SCAN_S if scan_s is None else scan_s,
            supervised=supervised,
        ).run()
    if upgraded:
        sys.exit(EXIT_UPGRADED)
