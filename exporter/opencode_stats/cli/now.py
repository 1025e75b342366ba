"""``opencode-stats``: the current figures. With a daemon at work this reads one file and prints it."""

from __future__ import annotations

import json
import shutil
import time
from typing import TYPE_CHECKING, Any

import click

from opencode_stats.cli.render.figures import Reading, figures
from opencode_stats.cli.surroundings import own_exporter, places
from opencode_stats.errors import LockHeld, OpencodeStatsError, UserError
from opencode_stats.host.lock import holder_of, is_held

if TYPE_CHECKING:
    from opencode_stats.host.paths import Paths

PATIENCE_S = 10.0


def print_now(*, as_json: bool) -> None:
    """Prints the figures, as people read them or as the file has them.

    Raises:
        UserError: there are no figures, and none can be made.
    """
    paths = places()
    note = bring_up_to_date(paths, wait=as_json)
    content = _read(paths, note)
    if note:
        click.echo(f"opencode-stats: these figures could not be brought up to date: {note}", err=True)
    if as_json:
        click.echo(content.decode(), nl=False)
        return
    daemon_pid = holder_of(paths.lock) if is_held(paths.lock) else 0
    reading = Reading(_parse(paths, content), time.time_ns() // 1_000_000, daemon_pid)
    click.echo(figures(reading, shutil.get_terminal_size().columns))


def bring_up_to_date(paths: Paths, *, wait: bool) -> str:
    """Takes in the spool and publishes, or has the daemon do it; gives what went wrong, empty if nothing did.

    A daemon is always up to date to some milliseconds, so it is asked only where ``wait`` demands certainty.
    """
    from opencode_stats.host.control import TAKE_IN, ask  # noqa: PLC0415 - socket is not needed to read a file

    for _ in range(3):
        if is_held(paths.lock):
            if not wait or ask(paths.control, TAKE_IN, PATIENCE_S):
                return ""
            continue
        try:
            from opencode_stats.daemon.exporter import refresh  # noqa: PLC0415 - pydantic and SQLite come with it

            with own_exporter(paths, stays=False) as exporter:
                refresh(exporter)
        except LockHeld:
            continue
        except (OpencodeStatsError, OSError) as error:
            return str(error)
        return ""
    return "another exporter holds the lock and does not answer."


def _read(paths: Paths, note: str) -> bytes:
    try:
        return paths.stats_file.read_bytes()
    except OSError as error:
        raise UserError(note or f"There are no figures yet: {paths.stats_file}: {error.strerror}.") from error


def _parse(paths: Paths, content: bytes) -> dict[str, Any]:
    try:
        document = json.loads(content)
    except ValueError as error:
        raise UserError(
            f"{paths.stats_file} is not valid JSON, so something else wrote it. Remove it and try again."
        ) from error
    if not isinstance(document, dict) or document.get("schemaVersion") != 1:
        raise UserError(f"{paths.stats_file} was written by another version. Update opencode-stats and try again.")
    return document
