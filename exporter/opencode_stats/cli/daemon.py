"""``opencode-stats daemon``: keep the figures up to date, in the foreground."""

from __future__ import annotations

import math
import os

import click

from opencode_stats.cli.surroundings import own_exporter, places


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
@click.option("--verbose", is_flag=True, help="Log every publishing.")
def command(linger_s: float | None, verbose: bool) -> None:
    """Keep stats.json up to date until told to stop (SIGTERM, Ctrl-C).

    One exporter works at a time: a second one says who is at work and exits 3.

    \b
    Example:
      opencode-stats daemon --linger 600
    """
    from opencode_stats.daemon.loop import Daemon  # noqa: PLC0415 - the slow half of the program
    from opencode_stats.host.clock import SystemClock  # noqa: PLC0415
    from opencode_stats.host.logs import log_to_stderr  # noqa: PLC0415
    from opencode_stats.host.processes import Processes  # noqa: PLC0415

    log_to_stderr(verbose=verbose)
    paths = places()
    with own_exporter(paths, stays=True) as exporter:
        Daemon(
            exporter,
            paths,
            clock=SystemClock(),
            processes=Processes(),
            env=os.environ,  # noqa: TID251 - the command line is where the environment comes in
            linger_s=linger_s,
        ).run()
