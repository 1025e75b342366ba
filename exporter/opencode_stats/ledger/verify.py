"""Proving the ledger: the running sums against the rows, and SQLite's own check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opencode_stats.core.totals import fold
from opencode_stats.ledger.messages import read_messages
from opencode_stats.ledger.queries import total

if TYPE_CHECKING:
    import sqlite3

_DERIVED = (
    "SELECT scope, number, directory, provider, model, sum(input), sum(output), sum(reasoning), sum(cache_read), "
    "sum(cache_write), sum(cost_microusd), count(*) FROM shares GROUP BY 1, 2, 3, 4, 5"
)
# A sum that its last message left (a copy after all) is a row of zeros.
_KEPT = (
    "SELECT scope, number, directory, provider, model, input, output, reasoning, cache_read, cache_write, "
    "cost_microusd, messages FROM sums "
    "WHERE (input, output, reasoning, cache_read, cache_write, cost_microusd, messages) != (0, 0, 0, 0, 0, 0, 0)"
)
_TITLES_AGREE = "SELECT (SELECT count(*) FROM title_requests) = (SELECT ifnull(max(value), 0) FROM counters)"


def verify(connection: sqlite3.Connection) -> list[str]:
    """What is wrong with the ledger, one sentence a finding; empty where everything holds. Changes nothing."""
    # One transaction, one moment: a writer at work between two questions would look like a finding.
    connection.execute("BEGIN")
    try:
        return _findings(connection)
    finally:
        connection.execute("ROLLBACK")


def _findings(connection: sqlite3.Connection) -> list[str]:
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    findings = [] if verdict == "ok" else [f"SQLite finds the file damaged: {verdict}."]
    derived, kept = set(connection.execute(_DERIVED)), set(connection.execute(_KEPT))
    findings += [
        f"The sum of {scope} {number} for {provider}/{model} is not that of its messages."
        for scope, number, _, provider, model in sorted({row[:5] for row in derived ^ kept})
    ]
    if connection.execute(_TITLES_AGREE).fetchone() != (1,):
        findings.append("The number of title requests is not that of its rows.")
    if fold(read_messages(connection)) != total(connection):
        findings.append("The total is not the fold of the messages.")
    return findings
