"""The ledger's schema, as numbered steps. A step and the record of it commit in one transaction."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, Final

from opencode_stats.errors import LedgerNewer
from opencode_stats.ledger.transactions import transaction

if TYPE_CHECKING:
    import sqlite3

STEPS: Final = (
    "m001_initial.sql",
    "m002_import.sql",
    "m003_opencode2.sql",
    "m004_legacy_storage.sql",
    "m005_turns.sql",
    "m006_cursors.sql",
)
"""Files in this package, oldest first; a released one is never edited."""


def migrate(connection: sqlite3.Connection, now_ms: int) -> list[str]:
    """Brings the database to the current schema and gives the steps that were taken.

    Raises:
        LedgerNewer: the database has steps that this version does not know; nothing is changed.
    """
    connection.execute(
        "CREATE TABLE IF NOT EXISTS migrations (step TEXT PRIMARY KEY, applied_ms INTEGER NOT NULL) STRICT"
    )
    applied = applied_steps(connection)
    unknown = sorted(applied - set(STEPS))
    if unknown:
        raise LedgerNewer(
            f"The ledger was written by a newer version of opencode-stats (step {unknown[0]}). "
            "Install that version again, or move the ledger away to start a new one."
        )
    taken = [step for step in STEPS if step not in applied]
    for step in taken:
        _take(connection, step, now_ms)
    return taken


def applied_steps(connection: sqlite3.Connection) -> set[str]:
    """The steps that the database has taken. Reads only."""
    return {row[0] for row in connection.execute("SELECT step FROM migrations")}


def created_ms(connection: sqlite3.Connection) -> int:
    """When the ledger was made, Unix milliseconds."""
    row: tuple[int] = connection.execute("SELECT min(applied_ms) FROM migrations").fetchone()
    return row[0]


def _take(connection: sqlite3.Connection, step: str, now_ms: int) -> None:
    script = resources.files(__package__ or "opencode_stats.ledger").joinpath("steps", step).read_text("utf-8")
    with transaction(connection):
        for statement in script.split(";;\n"):
            if statement.strip():
                connection.execute(statement)
        connection.execute("INSERT INTO migrations VALUES (?, ?)", (step, now_ms))
