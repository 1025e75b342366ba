"""The sums of other hosts are those of their messages, or that is found and put right."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.support.hosts import ONE, OTHER, SCRIPT, merge, own, tokens
from tests.support.ledgers import take

from opencode_stats.ledger.rebuild import rebuild
from opencode_stats.ledger.soundness import findings_now

if TYPE_CHECKING:
    import sqlite3


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE foreign_sums SET input = input + 1",
        "DELETE FROM foreign_sums",
        "INSERT INTO foreign_sums VALUES ('x', 1, '', '', 0, 0, 0, 0, 0, 0, 1)",
    ],
)
def test_sums_that_are_not_those_of_their_messages_are_found(ledger: sqlite3.Connection, damage: str) -> None:
    merge(ledger, ONE)
    assert findings_now(ledger) == []

    ledger.execute(damage)

    assert findings_now(ledger) == ["The sums of other hosts are not those of their messages."]
    assert rebuild(ledger).changes == ("The sums of other hosts are not those of their messages; they were made anew.",)
    assert findings_now(ledger) == []
    assert tokens(ledger) == {"": 0, OTHER: 7}


def test_a_message_of_both_that_is_not_noted_is_found(ledger: sqlite3.Connection) -> None:
    take(ledger, SCRIPT)
    merge(ledger, replace(own(ledger), live=False))
    assert (findings_now(ledger), tokens(ledger)) == ([], {"": 100, OTHER: 0})

    ledger.execute("DELETE FROM shared_messages")

    assert findings_now(ledger) == ["A message that another host has as well is not noted as such."]
    assert len(rebuild(ledger).changes) == 1
    assert (findings_now(ledger), tokens(ledger)) == ([], {"": 100, OTHER: 0})
