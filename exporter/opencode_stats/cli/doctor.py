"""``opencode-stats doctor``: is everything as it should be, and if not, what mends it."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict

import click

from opencode_stats.cli.surroundings import places


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def command(as_json: bool) -> None:
    """Check the plugin, the spool, the ledger and the exporter; exit 1 if something needs mending.

    \b
    Examples:
      opencode-stats doctor
      opencode-stats doctor --json
    """
    from opencode_stats.cli.checks import findings  # noqa: PLC0415 - it opens the ledger

    found = findings(places(), os.environ)  # noqa: TID251 - the command line is where the environment comes in
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in found], indent=1))
    else:
        for finding in found:
            click.echo(f"{finding.verdict:<4}  {finding.about}: {finding.reason}")
            if finding.mend:
                click.echo(f"      → {finding.mend}")
    if any(finding.verdict != "ok" for finding in found):
        sys.exit(1)
