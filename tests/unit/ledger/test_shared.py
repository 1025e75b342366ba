"""Messages that two hosts have: which of them loses one, and sums that are kept in halves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.support.hosts import ME, OTHER, SCRIPT, merge, own
from tests.support.ledgers import take

from opencode_stats.core.totals import Totals
from opencode_stats.ledger.foreign import become_host
from opencode_stats.ledger.shared import COUNTS, HostSums, both_of
from opencode_stats.ledger.transactions import transaction

if TYPE_CHECKING:
    import sqlite3

ALL = "SELECT message FROM foreign_messages"
MODEL = ("p", "m")


@pytest.mark.parametrize(("live", "loser"), [(True, OTHER), (False, OTHER)])
def test_one_that_both_tell_alike_is_taken_from_one_of_them(ledger: sqlite3.Connection, live: bool, loser: str) -> None:
    with transaction(ledger):
        become_host(ledger, ME, "me")
    take(ledger, SCRIPT)
    merge(ledger, replace(own(ledger), live=live))
    sums = HostSums()

    (one,) = both_of(ledger, ME, ALL, {})
    one.put_right(sums, None)

    assert (one.message, one.besides) == (SCRIPT.messages[0], False)
    ((names, numbers),) = sums.rows()
    assert (names[0], numbers[COUNTS.index("input")], numbers[COUNTS.index("messages")]) == (loser, -100, -1)


def test_one_outside_of_the_time_changes_nothing(ledger: sqlite3.Connection) -> None:
    take(ledger, SCRIPT)
    merge(ledger, replace(own(ledger), event="evt_zzz", input=130))
    (one,) = both_of(ledger, "", ALL, {})
    sums = HostSums()
    one.put_right(sums, (0, min(one.instants)))

    assert list(sums.rows()) == []


def test_halves_make_sums_that_sqlite_could_not_hold() -> None:
    sums = HostSums()
    sums.add_halves(iter([(OTHER, "p", "m", *([2**40, 7] * len(COUNTS)))]))
    sums.add(OTHER, MODEL, [1] * len(COUNTS), -1)

    assert sums.of(OTHER).by_model[MODEL].tokens.input == 2**72 + 6
    assert sums.of(ME) == Totals({})
