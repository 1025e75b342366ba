"""What each host used: beside this host's own messages, and where both have the same one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.support.clock import NOON_MS
from tests.support.hosts import ME, ONE, OTHER, SCRIPT, merge, own, tokens
from tests.support.ledgers import rows, stats_of, take

from opencode_stats.ledger.foreign import TakenIn, become_host
from opencode_stats.ledger.hosts import usage_by_host
from opencode_stats.ledger.transactions import transaction

if TYPE_CHECKING:
    import sqlite3


def test_other_hosts_are_beside_this_one_and_in_none_of_its_figures(ledger: sqlite3.Connection) -> None:
    take(ledger, SCRIPT)
    before = stats_of(ledger)

    assert merge(ledger, ONE) == TakenIn(new=1)
    assert merge(ledger, ONE, replace(ONE, message="msg_2")) == TakenIn(new=1, known=1)
    assert merge(ledger, replace(ONE, event="evt_2", input=8)) == TakenIn(changed=1)

    assert stats_of(ledger) == before
    assert tokens(ledger) == {"": 100, OTHER: 15}
    assert tokens(ledger, (NOON_MS + 1, NOON_MS + 10**9)) == {"": 100, OTHER: 0}
    assert tokens(ledger, (NOON_MS, NOON_MS + 1)) == {"": 0, OTHER: 15}


@pytest.mark.parametrize("told_first", [True, False])
def test_a_message_that_both_have_counts_once_for_the_one_that_made_it(
    ledger: sqlite3.Connection, told_first: bool
) -> None:
    with transaction(ledger):
        become_host(ledger, ME, "me", 1)
    take(ledger, SCRIPT)
    copied = replace(own(ledger), live=False)
    more = replace(own(ledger), event="evt_zzz", input=130)
    if told_first:
        merge(ledger, copied)
        assert tokens(ledger) == {ME: 100, OTHER: 0}
        merge(ledger, more)
    else:
        merge(ledger, replace(more, live=False))
    assert tokens(ledger) == {ME: 130, OTHER: 0}
    assert sum(host.totals.whole.messages for host in usage_by_host(ledger, None, "me", NOON_MS)) == 1


def test_one_that_comes_here_after_it_was_told_counts_once_too(ledger: sqlite3.Connection) -> None:
    merge(ledger, replace(ONE, message=SCRIPT.messages[0], event="", input=90))

    take(ledger, SCRIPT)

    assert rows(ledger, "SELECT * FROM shared_messages") == []
    assert tokens(ledger) == {"": 100, OTHER: 0}
    merge(ledger, ONE)
    assert rows(ledger, "SELECT * FROM shared_messages") == [(SCRIPT.messages[0],)]
    assert tokens(ledger) == {"": 100, OTHER: 7}


def test_a_message_that_both_have_is_taken_out_only_where_it_was_put_in(ledger: sqlite3.Connection) -> None:
    take(ledger, SCRIPT)
    merge(ledger, replace(own(ledger), live=False))
    at_ms = own(ledger).counted_at_ms

    assert tokens(ledger, (at_ms, at_ms + 1)) == {"": 100, OTHER: 0}
    assert tokens(ledger, (at_ms + 1, at_ms + 10**9)) == {"": 0, OTHER: 0}
