"""``opencode-stats audit``: ours beside what OpenCode itself says, and why they differ."""

from __future__ import annotations

import json
import os
import shutil
import sys
from typing import TYPE_CHECKING, Final

import click

from opencode_stats.cli.now import left_behind
from opencode_stats.cli.surroundings import chosen, currency_set, places

if TYPE_CHECKING:
    from opencode_stats.core.audit import Audit
    from opencode_stats.errors import OpencodeStatsError
    from opencode_stats.host.paths import Paths

_ATTEMPTS: Final = 3
"""OpenCode may write between our reading of its database and of the ledger; then we look again."""


@click.command(short_help="Our figures beside OpenCode's own, every difference explained.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures and causes as JSON, costs in US dollars.")
def command(as_json: bool) -> None:
    """Compare our total with OpenCode's own totals and with the plain sum of its messages.

    Every difference, of each token kind and of the cost, is put down to a cause; exit 1 if one is left over.

    \b
    Examples:
      opencode-stats audit
      opencode-stats audit --json | jq .naive.causes
    """
    from opencode_stats.cli.render.audit import document, page  # noqa: PLC0415

    paths = places()
    for _ in range(_ATTEMPTS):
        trouble = left_behind(paths, wait=True)
        found, unread = _audit(paths, trouble)
        left = bool(found.naive.at_odds or (found.session_rows and found.session_rows.at_odds))
        if not left:
            break
    if as_json:
        click.echo(json.dumps(document(found, unread), indent=1))
    else:
        click.echo(page(found, unread, shutil.get_terminal_size().columns, currency_set(chosen(paths))))
    if trouble is not None:
        raise trouble
    if left:
        sys.exit(1)


def _audit(paths: Paths, trouble: OpencodeStatsError | None) -> tuple[Audit, dict[str, str]]:
    # Imported here: printing a help text must not pay for SQLite.
    from opencode_stats.cli.reading import read_ledger  # noqa: PLC0415
    from opencode_stats.core.audit import audit  # noqa: PLC0415
    from opencode_stats.ledger.audit_rows import forgotten_rows, own_rows  # noqa: PLC0415
    from opencode_stats.opencode.claims import claims_of  # noqa: PLC0415
    from opencode_stats.opencode.places import databases  # noqa: PLC0415

    found = databases(paths.opencode_data, os.environ)  # noqa: TID251
    claims, unread = claims_of(found, paths.opencode_data)
    return read_ledger(paths, lambda ledger: audit(own_rows(ledger), claims, forgotten_rows(ledger)), trouble), unread
