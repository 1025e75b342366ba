"""Making the running sums anew from the rows: they are a projection, and can always be had again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from opencode_stats.ledger import foreign_sums, unbilled
from opencode_stats.ledger.day_sums import day_sum_findings
from opencode_stats.ledger.soundness import DERIVED, KEPT, MOST_NAMED, TITLES
from opencode_stats.ledger.transactions import transaction

if TYPE_CHECKING:
    import sqlite3


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuilding found: the sums there are now, and what was put right, one sentence each."""

    sums: int
    changes: tuple[str, ...]


def rebuild(connection: sqlite3.Connection) -> Rebuilt:
    """Makes every sum and counter anew in one transaction; the messages stay as they are."""
    with transaction(connection):
        before = {row[:5]: row[5:] for row in connection.execute(KEPT)}
        connection.execute("DELETE FROM sums")
        connection.execute(f"INSERT INTO sums {DERIVED}")
        after = {row[:5]: row[5:] for row in connection.execute(KEPT)}
        changes = [
            f"{scope} {number}, {provider}/{model}: {_tokens(before.get(key))} → {_tokens(after.get(key))} tokens, "
            f"{_messages(before.get(key))} → {_messages(after.get(key))} messages."
            for key in sorted(before.keys() | after.keys())
            if before.get(key) != after.get(key)
            for scope, number, _, provider, model in (key,)
        ]
        changes += unbilled.remake(connection)
        changes += foreign_sums.remake(connection)
        # They are made again when there is time, from the messages.
        changes += day_sum_findings(connection, MOST_NAMED)
        for table in ("summed_days", "day_sums", "packed_days", "host_days", "host_day_sums", "shared_apart"):
            connection.execute(f"DELETE FROM {table}")
        titles = _counter(connection)
        connection.execute("DELETE FROM counters")
        connection.execute(
            f"INSERT INTO counters SELECT 'title_requests', number FROM (SELECT ({TITLES}) AS number) WHERE number > 0"
        )
        if titles != _counter(connection):
            changes.append(f"title requests: {titles} → {_counter(connection)}.")
    return Rebuilt(len(after), tuple(changes))


def _counter(connection: sqlite3.Connection) -> int:
    row: tuple[int] = connection.execute(
        "SELECT ifnull(max(value), 0) FROM counters WHERE name = 'title_requests'"
    ).fetchone()
    return row[0]


def _tokens(sums: tuple[int, ...] | None) -> int:
    return 0 if sums is None else sum(sums[:5])


def _messages(sums: tuple[int, ...] | None) -> int:
    return 0 if sums is None else sums[6]
