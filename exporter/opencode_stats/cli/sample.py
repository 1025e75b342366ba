"""``opencode-stats sample``: statistics to try a reader of stats.json on."""

from __future__ import annotations

import math
import os
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

import click

from opencode_stats.cli.say import explain, say
from opencode_stats.cli.surroundings import places
from opencode_stats.errors import UserError

_FIRST_YEAR: Final = 1971
_LAST_YEAR: Final = 9998
"""The long history goes months back, which must not lead before 1970, and a day's end must be an instant, too."""


def _seconds(ctx: click.Context, parameter: click.Parameter, seconds: float) -> float:
    if not math.isfinite(seconds):
        raise click.BadParameter(f"{seconds} is not a length of time.", ctx, parameter)
    return seconds


@click.command(short_help="Make statistics to try a reader of stats.json on.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--seed", type=int, default=1, metavar="NUMBER", help="Other figures; the same ones for the same number.")
@click.option("--at", "at", metavar="TIME", help="As if it were then (2026-01-15T12:00, UTC), to the byte each time.")
@click.option("--live", is_flag=True, help="Go on with one that changes, until Ctrl-C.")
@click.option(
    "--every",
    "every_s",
    type=click.FloatRange(min=0.01),
    default=1.0,
    callback=_seconds,
    metavar="SECONDS",
    help="How often the live one changes; 1 if not given.",
)
def command(folder: Path, seed: int, at: str | None, live: bool, every_s: float) -> None:
    """Make plausible statistics in the folder DIR, for whoever builds a reader of stats.json.

    Each state that a reader should be able to show gets a home of its own below DIR: nothing yet, working, waiting,
    many models, a long history, hostile names, … They come from the exporter that makes everybody's; only what
    OpenCode did is made up. Your own figures are neither read nor touched, and a folder with anything else in it is
    refused.

    \b
    Examples:
      opencode-stats sample ~/samples
      jq .session.state ~/samples/*/.local/share/opencode/stats.json
      HOME=~/samples/working opencode-stats

    \b
    One that changes four times a second, as while OpenCode works:
      opencode-stats sample ~/samples --live --every 0.25
    """
    # Imported here: printing a help text must not pay for SQLite.
    from opencode_stats.host.clock import SystemClock, local_zone  # noqa: PLC0415
    from opencode_stats.sample.folder import LIVE, prepare  # noqa: PLC0415
    from opencode_stats.sample.live import run_live  # noqa: PLC0415
    from opencode_stats.sample.making import NO_BOOT, boot_id, make_scenes, paths_in  # noqa: PLC0415
    from opencode_stats.sample.scenes import SCENES  # noqa: PLC0415

    if at is not None and live:
        raise UserError("--at holds the clock and --live needs it to go on. Give one of them.")
    env = os.environ  # noqa: TID251 - the command line is where the environment comes in
    zone = (lambda: UTC) if at is not None else partial(local_zone, env)
    now_ms = SystemClock().now_ms() if at is None else _instant_ms(at)
    folder = Path(os.path.abspath(folder))
    prepare(folder, places())
    boot = boot_id() if at is None else NO_BOOT
    for name, stats_file in make_scenes(folder, seed=seed, now_ms=now_ms, zone=zone, boot=boot):
        say(str(stats_file))
        explain(f"    {SCENES[name].says}", hanging=4)
    if live:
        paths = paths_in(folder / LIVE)
        say(str(paths.stats_file))
        explain(f"    Changes every {every_s:g} s until you stop it (Ctrl-C).", hanging=4)
        run_live(paths, seed=seed, every_s=every_s, zone=zone, boot=boot)


def _instant_ms(text: str) -> int:
    """Unix milliseconds of a date and time in UTC.

    Raises:
        UserError: it is none.
    """
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise UserError(f"{text!r} is no time. Write it like 2026-01-15T12:00.") from error
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    if not _FIRST_YEAR <= instant.year <= _LAST_YEAR:
        raise UserError(f"--at takes years from {_FIRST_YEAR} to {_LAST_YEAR}, not {instant.year:04d}.")
    return int(instant.timestamp() * 1000)
