"""``opencode-stats rebuild``: make every sum anew from the messages."""

from __future__ import annotations

import click

from opencode_stats.cli.say import explain, say
from opencode_stats.cli.surroundings import places
from opencode_stats.errors import LockHeld

_MOST_SHOWN = 20


@click.command(short_help="Make every sum anew from the messages.")
def command() -> None:
    """Make every sum anew from the messages, in one transaction, and say what that changed.

    The messages themselves are not touched. No other exporter may be at work: stop the daemon first.

    \b
    Example:
      systemctl --user stop opencode-stats
      opencode-stats rebuild
      systemctl --user start opencode-stats
    """
    from opencode_stats.cli.own_round import exporter_alone, take_in  # noqa: PLC0415 - not to print a help text

    try:
        with exporter_alone(places()) as exporter:
            # A ledger that was damaged has just been made again from a backup: what came since is taken in first.
            take_in(exporter)
            rebuilt = exporter.rebuild()
            exporter.publish()
    except LockHeld as error:
        kill = f", or kill {error.holder_pid}" if error.holder_pid else ""
        raise LockHeld(
            f"{error} Stop it (systemctl --user stop opencode-stats{kill}), then rebuild again.", error.holder_pid
        ) from error
    for change in rebuilt.changes[:_MOST_SHOWN]:
        explain(change)
    if len(rebuilt.changes) > _MOST_SHOWN:
        say(f"… and {len(rebuilt.changes) - _MOST_SHOWN} more.")
    if not rebuilt.changes:
        say(f"Nothing changed: all {rebuilt.sums} sums were those of their messages.")
