from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.ledgers import everything, rows, take
from tests.support.script import Script

from opencode_stats.ledger.sums import add_sums
from opencode_stats.ledger.verify import verify

if TYPE_CHECKING:
    import sqlite3


def test_all_at_once_is_what_the_triggers_make_row_by_row(ledger: sqlite3.Connection) -> None:
    script = Script().started()
    for number in range(6):
        script.answer("ses_a", input=10 + number, cache_read=3, directory="/a" if number % 2 else "/b").wait(400_000)
    script.answer("ses_a", input=5, provider="openai", model="gpt-5")
    take(ledger, script)
    kept = everything(ledger)["sums"]
    ids = [row[0] for row in rows(ledger, "SELECT id FROM messages ORDER BY id")]

    # Two halves, the second onto the first.
    ledger.execute("DELETE FROM sums")
    moved = "UPDATE messages SET id = id + 1000 WHERE id > ?"
    ledger.execute("INSERT INTO bulk VALUES (1)")
    add_sums(ledger, 0)
    assert everything(ledger)["sums"] == kept

    ledger.execute("DELETE FROM sums")
    ledger.execute("UPDATE messages SET standing = 'copy' WHERE id > ?", (ids[3],))
    add_sums(ledger, 0)
    ledger.execute("UPDATE messages SET standing = 'counted'")
    ledger.execute(moved, (ids[3],))
    add_sums(ledger, ids[3])
    ledger.execute("DELETE FROM bulk")

    assert everything(ledger)["sums"] == kept
    assert verify(ledger) == []
