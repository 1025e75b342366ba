"""``opencode-stats doctor``: is everything as it should be, and if not, what mends it."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from opencode_stats.cli.render.text import name
from opencode_stats.cli.surroundings import places

if TYPE_CHECKING:
    from opencode_stats.cli.finding import Finding

_LONGEST: Final = 1_000
"""Columns of one reason: paths are shown whole, a hostile text is not."""


@click.command(short_help="Check that everything is as it should be.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def command(as_json: bool) -> None:
    """Check the plugin, the spool, the ledger and the exporter; exit 1 if something needs mending.

    Changes nothing, and may be run while an exporter is at work.

    \b
    Examples:
      opencode-stats doctor
      opencode-stats doctor --json | jq '.[] | select(.verdict != "ok")'
    """
    from opencode_stats.cli.checks import findings  # noqa: PLC0415 - it opens the ledger

    env = os.environ  # noqa: TID251 - the command line is where the environment comes in
    found = findings(places(), env, _here(), time.time_ns() // 1_000_000)
    wrong = [finding for finding in found if finding.verdict != "ok"]
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in found], indent=1))
    else:
        click.echo("\n".join(_lines(found)))
        click.echo(f"\n{len(wrong)} of {len(found)} want mending." if wrong else "\nEverything is as it should be.")
    if wrong:
        sys.exit(1)


def _here() -> Path:
    try:
        return Path.cwd()
    except OSError:
        # The folder that the user is in has been removed; no project is around it.
        return Path("/")


def _lines(found: list[Finding]) -> list[str]:
    lines = []
    for finding in found:
        lines.append(f"{finding.verdict:<4}  {finding.about}: {name(finding.reason, _LONGEST)}")
        if finding.mend:
            lines.append(f"      → {name(finding.mend, _LONGEST)}")
    return lines
