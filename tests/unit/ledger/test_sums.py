from __future__ import annotations

import sqlite3

import pytest
from tests.support.ledgers import everything, rows, take
from tests.support.script import Script

from opencode_stats.ledger.soundness import findings
from opencode_stats.ledger.sums import add_sums, not_added
from opencode_stats.ledger.transactions import transaction
from opencode_stats.ledger.verify import verify

SUMS = ("sums", "unbilled")
COLUMNS = (
    "conversation, origin, standing, state, api, stage, event, created_seen, first_at_ms, counted_at_ms, directory, "
    "provider, model, input, output, reasoning, cache_read, cache_write, cost_microusd, summary"
)


@pytest.fixture
def full(ledger: sqlite3.Connection) -> sqlite3.Connection:
    """Messages of no run, of several quarter hours, models and contexts, with and without a cost, known and unknown."""
    script = Script().started()
    for number in range(6):
        script.answer(
            "ses_a", input=10 + number, cache_read=40_000 * (number % 3), directory="/a" if number % 2 else "/b"
        ).wait(400_000)
    script.answer("ses_a", input=5, provider="openai", model="gpt-5", cost_usd=0.0)
    script.answer("ses_a", input=6, provider="openai", model="gpt-5", cost_usd=0.25)
    script.answer("ses_a", error="MessageAbortedError")
    take(ledger, script)
    ledger.execute("UPDATE messages SET run = NULL")
    ledger.execute("UPDATE messages SET standing = 'copy' WHERE input = 12")
    for table in SUMS:
        ledger.execute(f"DELETE FROM {table} WHERE scope = 'run'")
    return ledger


def sums(ledger: sqlite3.Connection) -> dict[str, object]:
    """All that are not zero; a row that its last message left stays, with zeros."""
    tables = everything(ledger)
    return {table: [row for row in tables[table] if any(row[5:])] for table in SUMS}


def again(ledger: sqlite3.Connection, name: str, where: str) -> None:
    """Adds the messages for which ``where`` holds once more, under another name."""
    ledger.execute(
        f"INSERT INTO messages (message, {COLUMNS}) SELECT message || '{name}', {COLUMNS} FROM messages WHERE {where}"
    )


def test_all_at_once_is_what_the_trigger_makes_row_by_row(full: sqlite3.Connection) -> None:
    (last,) = rows(full, "SELECT max(id) FROM messages")[0]
    with transaction(full):
        again(full, "_again", f"id <= {last}")
        one_by_one = sums(full)
        full.execute("ROLLBACK")
        full.execute("BEGIN")
        # Two halves, the second onto the first.
        for half in ("<", ">="):
            (after,) = rows(full, "SELECT max(id) FROM messages")[0]
            with not_added(full):
                again(full, "_again", f"id <= {last} AND id {half} 4")
            before = sums(full)
            add_sums(full, after)
            assert sums(full) != before

    assert sums(full) == one_by_one
    assert verify(full) == []
    # The trigger is as it was.
    assert findings(full) == []
    again(full, "_third", "id = 1")
    assert verify(full) == []


def test_a_day_that_is_summed_is_given_up(full: sqlite3.Connection) -> None:
    full.execute("INSERT INTO summed_days VALUES (0, 900000, 0)")
    full.execute("INSERT INTO summed_days SELECT counted_at_ms / 900000 * 900000 - 900000, "
                 "counted_at_ms / 900000 * 900000 + 900000, 0 FROM messages WHERE id = 1")  # fmt: skip
    with transaction(full):
        with not_added(full):
            again(full, "_again", "id = 1")
        assert len(rows(full, "SELECT * FROM summed_days")) == 2
        (last,) = rows(full, "SELECT max(id) FROM messages")[0]
        add_sums(full, last - 1)

    assert rows(full, "SELECT start_ms FROM summed_days") == [(0,)]


def test_outside_of_a_transaction_the_trigger_stays(full: sqlite3.Connection) -> None:
    with pytest.raises(ValueError, match="outside of a transaction"), not_added(full):
        pass

    assert findings(full) == []


def test_a_block_that_fails_leaves_the_trigger_where_it_was(full: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.OperationalError), transaction(full), not_added(full):
        again(full, "_again", "true AND no_such_function()")

    assert findings(full) == []
    assert verify(full) == []
