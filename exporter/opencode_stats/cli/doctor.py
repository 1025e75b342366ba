"""``opencode-stats doctor``: is everything as it should be, and if not, what mends it."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from opencode_stats.cli.finding import Verdict

_COLOURS: Final = {"ok": "green", "warn": "yellow", "fail": "red"}


@click.command(short_help="Check that everything is as it should be.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON (docs/doctor.md).")
def command(as_json: bool) -> None:
    """Check everything from OpenCode to stats.json, and say what mends what is wrong.

    Changes nothing, and may be run while an exporter is at work. Each finding is "ok", "warn" (the figures may suffer)
    or "fail" (they do).

    \b
    Exit codes: 0 everything is ok, 1 at least one finding is not.

    \b
    Examples:
      opencode-stats doctor
      opencode-stats doctor --json | jq '.findings[] | select(.verdict != "ok")'
    """
    from opencode_stats.cli.checks import findings  # noqa: PLC0415 - it opens the ledger
    from opencode_stats.cli.finding import worst  # noqa: PLC0415
    from opencode_stats.cli.render.doctor import document, page  # noqa: PLC0415
    from opencode_stats.cli.setup import this_machine  # noqa: PLC0415

    found = findings(this_machine(), _here(), time.time_ns() // 1_000_000)
    if as_json:
        click.echo(json.dumps(document(found), indent=1))
    else:
        env = os.environ  # noqa: TID251 - the command line is where the environment comes in
        watched = sys.stdout.isatty()
        columns = shutil.get_terminal_size().columns if watched else None
        arrow = "→" if (sys.stdout.encoding or "").lower().startswith("utf") else "->"
        click.echo(page(found, columns, _painter(env, watched=watched), arrow))
    if worst(found) != "ok":
        sys.exit(1)


def _painter(env: Mapping[str, str], *, watched: bool) -> Callable[[Verdict, str], str]:
    """Colours on a terminal that shows them, unless the user wants none (https://no-color.org)."""
    if not watched or env.get("NO_COLOR") or env.get("TERM") == "dumb":
        return lambda _, word: word
    return lambda verdict, word: click.style(word, fg=_COLOURS[verdict])


def _here() -> Path:
    try:
        return Path.cwd()
    except OSError:
        # The folder that the user is in has been removed; no project is around it.
        return Path("/")
