"""The sums, made anew from the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.ledgers import everything, stats_of, take
from tests.support.script import Script

from opencode_stats.ledger.rebuild import Rebuilt, rebuild
from opencode_stats.ledger.verify import verify

if TYPE_CHECKING:
    import sqlite3


def script() -> Script:
    """A conversation with a title, an answer, an abort, and a fork's copy."""
    return (
        Script()
        .started()
        .conversation("ses_a")
        .titled("ses_a", "msg_1")
        .answer("ses_a", input=100, output=20, directory="/work")
        .answer("ses_a", error="MessageAbortedError")
        .conversation("ses_fork")
        .copy("ses_fork", created_ms=10**9, input=1_000)
    )


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE sums SET input = input + 1",
        "DELETE FROM sums",
        "INSERT INTO sums VALUES ('run', 99, '', 'p', 'm', 1, 0, 0, 0, 0, 0, 0)",
        "UPDATE counters SET value = 9",
        "DELETE FROM counters",
    ],
)
def test_rebuilding_puts_right_what_was_wrong(ledger: sqlite3.Connection, damage: str) -> None:
    take(ledger, script())
    whole = everything(ledger)
    sound = stats_of(ledger)
    ledger.execute(damage)
    assert verify(ledger) != []

    rebuilt = rebuild(ledger)

    assert rebuilt.changes
    assert (verify(ledger), everything(ledger), stats_of(ledger)) == ([], whole, sound)


def test_rebuilding_what_is_right_changes_nothing(ledger: sqlite3.Connection) -> None:
    take(ledger, script())
    before = everything(ledger)

    assert rebuild(ledger) == Rebuilt(len(before["sums"]), ())
    assert everything(ledger) == before


def test_what_a_rebuilding_says(ledger: sqlite3.Connection) -> None:
    take(ledger, Script().started().answer("ses_a", input=5))
    ledger.execute("UPDATE sums SET input = 6, messages = 3 WHERE scope = 'all'")

    assert rebuild(ledger).changes == ("all 0, anthropic/claude-sonnet-5: 6 → 5 tokens, 3 → 1 messages.",)
