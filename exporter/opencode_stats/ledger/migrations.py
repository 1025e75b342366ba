"""The ledger's schema, as numbered steps. A step and the record of it commit in one transaction."""

from __future__ import annotations

import re
import sqlite3
from importlib import resources
from typing import TYPE_CHECKING, Final

from opencode_stats.errors import LedgerNewer
from opencode_stats.ledger.transactions import transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

STEPS: Final = (
    "m001_initial.sql", "m002_sums.sql", "m003_turns.sql", "m004_cursors.sql", "m005_running_totals.sql",
    "m006_day_sums.sql", "m007_unbilled.sql", "m008_limits.sql", "m009_hosts.sql", "m010_forgetting.sql",
    "m011_triggers.sql", "m012_packed_days.sql", "m013_host_days.sql",
)  # fmt: skip
"""Files in this package, oldest first. A released one is never edited; a new one comes with a ledger of the schema
before it, in tests/fixtures/ledgers."""
_NAME: Final = re.compile(r"m[0-9]{3}_[a-z0-9_]+\.sql")


def script_of(step: str) -> str:
    """The statements of a step, each ended by two semicolons and a newline; a comment may come before one."""
    return resources.files(__package__ or "opencode_stats.ledger").joinpath("steps", step).read_text("utf-8")


def migrate(
    connection: sqlite3.Connection,
    now_ms: int,
    steps: Sequence[str] = STEPS,
    script: Callable[[str], str] = script_of,
) -> list[str]:
    """Brings the database to the current schema and gives the steps that were taken.

    ``steps`` and ``script`` are for tests of steps that are still to come.

    Raises:
        LedgerNewer: the database has steps that this version does not know; nothing is changed.
    """
    connection.execute(
        "CREATE TABLE IF NOT EXISTS migrations (step TEXT PRIMARY KEY, applied_ms INTEGER NOT NULL) STRICT"
    )
    applied = applied_steps(connection)
    refuse_newer(applied, steps)
    taken = [step for step in steps if step not in applied]
    for step in taken:
        _take(connection, step, script(step), now_ms)
    return taken


def applied_steps(connection: sqlite3.Connection) -> set[str]:
    """The steps that the database has taken. Reads only.

    Raises:
        sqlite3.DatabaseError: it can't be read.
    """
    try:
        return {row[0] for row in connection.execute("SELECT step FROM migrations")}
    except UnicodeDecodeError as error:
        # Of a damaged schema SQLite's message quotes the very bytes, which Python then can't read.
        raise sqlite3.DatabaseError("malformed database schema") from error


def refuse_newer(applied: set[str], steps: Sequence[str] = STEPS) -> None:
    """Nothing, or the refusal of a ledger that has taken steps which are unknown here.

    Raises:
        LedgerNewer: it has.
    """
    unknown = sorted(applied - set(steps))
    if unknown:
        raise LedgerNewer(
            f"The ledger was written by a newer version of opencode-stats (step {unknown[0]}). "
            "Install that version again, or move the ledger away to start a new one."
        )


def is_newer(applied: set[str], steps: Sequence[str] = STEPS) -> bool:
    """Whether a newer version can have written it: it has all that is known here, and later steps besides.

    Any other step that is unknown is a name that came to harm.
    """
    unknown = applied - set(steps)
    return bool(unknown) and applied >= set(steps) and all(_NAME.fullmatch(s) and s > steps[-1] for s in unknown)


def created_ms(connection: sqlite3.Connection) -> int:
    """When the ledger was made, Unix milliseconds."""
    row: tuple[int] = connection.execute("SELECT min(applied_ms) FROM migrations").fetchone()
    return row[0]


def _take(connection: sqlite3.Connection, step: str, script: str, now_ms: int) -> None:
    with transaction(connection):
        for statement in script.split(";;\n"):
            if statement.strip():
                connection.execute(statement)
        connection.execute("INSERT INTO migrations VALUES (?, ?)", (step, now_ms))
