"""Rows of the ledger, one a counted message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.clock import NOON_MS
from tests.support.ledgers import rows, take
from tests.support.script import Script

from opencode_stats.ledger.export import COLUMNS, TEXTS, number_between, rows_between
from opencode_stats.ledger.queries import total

if TYPE_CHECKING:
    import sqlite3

FOREVER = (0, 2**60)


def test_every_counted_message_is_a_row_with_all_that_is_known(ledger: sqlite3.Connection) -> None:
    script = Script().started().conversation("ses_a", directory="/w", agent="plan").answer("ses_a", agent=None, input=5)
    script.answer("ses_a", directory="/v", output=7, cost_usd=0.000001)
    script.conversation("ses_fork").copy("ses_fork", created_ms=NOON_MS - 10**9, input=9)
    script.answer("ses_a", error="MessageAbortedError")
    take(ledger, script)

    first, second = (dict(zip(COLUMNS, row, strict=True)) for row in rows_between(ledger, *FOREVER))

    ((at_ms,), _) = rows(ledger, "SELECT counted_at_ms FROM messages WHERE standing = 'counted' AND input IS NOT NULL")
    assert first["time"] == f"2026-11-21T12:00:00.{at_ms % 1000:03}Z"
    assert (first["workspace"], first["agent"], first["totalTokens"], first["finish"]) == ("/w", "plan", 5, "stop")
    assert (second["workspace"], second["agent"], second["output"], second["cost"]) == ("/v", "build", 7, 0.000001)
    assert first["durationMs"] > 0
    assert first["totalTokens"] + second["totalTokens"] == total(ledger).whole.tokens.total
    assert all(row is None or isinstance(row, str) for row in list(first.values())[:TEXTS])


def test_an_interval(ledger: sqlite3.Connection) -> None:
    take(ledger, Script().started().answer("ses_a", input=1).wait(1000).answer("ses_a", input=2))

    later = [row[COLUMNS.index("input")] for row in rows_between(ledger, NOON_MS + 500, FOREVER[1])]

    assert later == [2]
    assert (number_between(ledger, *FOREVER), number_between(ledger, NOON_MS + 500, FOREVER[1])) == (2, 1)
