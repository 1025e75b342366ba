"""``opencode-stats verify``: prove the ledger."""

from __future__ import annotations

import sys

import click

from opencode_stats.cli.surroundings import places
from opencode_stats.errors import UserError


@click.command()
def command() -> None:
    """Re-derive every sum from the messages and compare; exit 1 if one differs.

    \b
    Example:
      opencode-stats verify
    """
    # Imported here: printing a help text must not pay for SQLite.
    from opencode_stats.ledger.connection import LedgerUnreadable, open_reader  # noqa: PLC0415
    from opencode_stats.ledger.verify import verify  # noqa: PLC0415

    paths = places()
    try:
        connection = open_reader(paths.ledger)
        findings = verify(connection)
    except LedgerUnreadable as error:
        raise UserError(f"The ledger {paths.ledger} can't be read: {error}.") from error
    connection.close()
    for finding in findings:
        click.echo(finding)
    if findings:
        sys.exit(1)
    click.echo("The ledger holds: every sum is that of its messages.")
