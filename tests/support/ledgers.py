"""Ledgers in memory, fed without files, and what there is to see in them."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from datetime import UTC
from functools import cache
from typing import TYPE_CHECKING, Any

from tests.support.clock import NOON_MS
from tests.support.script import Script

from opencode_stats.core.recent import calendar_of
from opencode_stats.core.stats import ExporterStats, Health, Stats, project
from opencode_stats.ledger.append import Cursor, append
from opencode_stats.ledger.migrations import migrate
from opencode_stats.ledger.queries import facts_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from opencode_stats.core.events import Event, ProcessKey
    from opencode_stats.core.stats import LedgerFacts

STRANGER = Script(pid=99).key
EXPORTER = ExporterStats("0.1.0", 1, NOON_MS, Health())


@contextmanager
def ledger_in_memory() -> Iterator[sqlite3.Connection]:
    """A fresh ledger that leaves nothing behind."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.deserialize(_fresh())
        connection.execute("PRAGMA foreign_keys = ON")
        yield connection


@cache
def _fresh() -> bytes:
    """A ledger's bytes, made once: hundreds of tests begin with the same one."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection, NOON_MS)
        return connection.serialize()


def take(connection: sqlite3.Connection, *scripts: Script | Sequence[Event], file: str = "1-1-1.jsonl") -> Cursor:
    """Takes in each script as a file of its own, whole; bare events go into ``file``."""
    cursor = Cursor(file, 1, 1, b"", 0)
    for number, script in enumerate(scripts):
        events = script.events if isinstance(script, Script) else script
        cursor = append(connection, Cursor(f"{number}-{file}", 1, number, b"", len(events)), events, STRANGER)
    return cursor


def go_on(connection: sqlite3.Connection, key: ProcessKey, events: Sequence[Event]) -> None:
    """Takes in a later piece of the file of a process that is known."""
    append(connection, Cursor("0-1-1-1.jsonl", 1, 0, b"", 1, key.text), events, STRANGER)


def facts(connection: sqlite3.Connection, now_ms: int = NOON_MS) -> LedgerFacts:
    return facts_for(connection, calendar_of(now_ms, UTC), now_ms)


def stats_of(connection: sqlite3.Connection, now_ms: int = NOON_MS) -> Stats:
    """What readers would see, in a world where it is ``now_ms`` and the zone is UTC."""
    return project(facts(connection, now_ms), calendar_of(now_ms, UTC), EXPORTER, {})


def rows(connection: sqlite3.Connection, question: str, *values: object) -> list[tuple[Any, ...]]:
    return connection.execute(question, values).fetchall()


def everything(connection: sqlite3.Connection) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, in a stable order: two ledgers with the same answer are the same ledger."""
    names = [row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
    return {name: sorted(rows(connection, f"SELECT * FROM {name}"), key=repr) for name in names}
