"""``opencode-stats verify``: prove the ledger, and the published figures by a second way of adding up."""

from __future__ import annotations

import json
import os
import sys
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import click

from opencode_stats.cli.now import PATIENCE_S
from opencode_stats.cli.render.text import name
from opencode_stats.cli.say import explain, say
from opencode_stats.cli.surroundings import chosen, places
from opencode_stats.host.lock import is_held

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from opencode_stats.core.days import Day
    from opencode_stats.core.sections import Quotes
    from opencode_stats.core.totals import ModelId
    from opencode_stats.host.paths import Paths

_LONGEST_REASON: Final = 120
_ATTEMPTS: Final = 10
"""With a daemon at work the file may be a moment older than the ledger; it is asked to publish, and we look again."""


@click.command(short_help="Prove every figure from the messages.")
def command() -> None:
    """Re-derive every sum and every published figure from the messages and compare; exit 1 if one differs.

    Changes nothing, and may be run while a daemon is at work.

    \b
    Example:
      opencode-stats verify
    """
    # Imported here: printing a help text must not pay for SQLite.
    from opencode_stats.cli.reading import read_ledger  # noqa: PLC0415
    from opencode_stats.ledger.verify import verify  # noqa: PLC0415

    paths = places()
    there = paths.stats_file.exists()
    findings = read_ledger(paths, lambda connection: _prove(connection, paths) if there else verify(connection))
    for finding in findings:
        explain(finding)
    if findings:
        sys.exit(1)
    say("The ledger holds: every sum is that of its messages.")
    say("Every published figure is that of its messages." if there else f"{paths.stats_file} is not there yet.")


def _prove(connection: sqlite3.Connection, paths: Paths) -> list[str]:
    from opencode_stats.core.days import day_named  # noqa: PLC0415
    from opencode_stats.host.clock import local_zone  # noqa: PLC0415
    from opencode_stats.host.control import TAKE_IN, ask  # noqa: PLC0415
    from opencode_stats.ledger.verify import prove, verify  # noqa: PLC0415
    from opencode_stats.opencode.price_lists import PriceLists  # noqa: PLC0415

    settings, lists = chosen(paths), PriceLists(paths.opencode_prices)
    zone, start_hour = local_zone(os.environ), settings.day_start_hour  # noqa: TID251

    def day(written: str) -> Day:
        return day_named(date.fromisoformat(written), zone, start_hour)

    def prices(models: Iterable[ModelId]) -> Quotes:
        return lists.quotes(models, settings.prices)

    for _ in range(_ATTEMPTS):
        try:
            wrong, found = prove(connection, lambda: _read(paths), day, prices)
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
            return [
                *verify(connection),
                f"{paths.stats_file} is not as this version writes it: {name(repr(error), _LONGEST_REASON)}.",
            ]
        if not found:
            return wrong
        if not is_held(paths.lock):
            return [*wrong, *found, "No exporter is at work: opencode-stats import publishes anew."]
        ask(paths.control, TAKE_IN, PATIENCE_S)
    return [*wrong, *found]


def _read(paths: Paths) -> dict[str, Any]:
    with open(paths.stats_file, "rb") as file:
        document: dict[str, Any] = json.load(file)
    return document
