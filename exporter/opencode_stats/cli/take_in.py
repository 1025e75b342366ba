"""``opencode-stats import``: take in what there is, now."""

from __future__ import annotations

import click

from opencode_stats.cli.now import bring_up_to_date
from opencode_stats.cli.surroundings import places
from opencode_stats.errors import UserError


@click.command("import")
def command() -> None:
    """Take in everything that the plugin has written, and publish.

    With a daemon at work it is asked, and this waits until it is done; without one this does the work itself.

    \b
    Example:
      opencode-stats import
    """
    paths = places()
    problem = bring_up_to_date(paths, wait=True)
    if problem:
        raise UserError(problem)
    click.echo(f"Everything is taken in; the figures are in {paths.stats_file}.")
