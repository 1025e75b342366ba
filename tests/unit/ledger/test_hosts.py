"""What each host used: beside this host's own messages, and where both have the same one."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.support.clock import NOON_MS
from tests.support.hosts import ME, ONE, OTHER, SCRIPT, merge, own, tokens
from tests.support.ledgers import ledger_in_memory, rows, stats_of, take
from tests.support.script import Script

from opencode_stats.core.hosts import HostMessage
from opencode_stats.core.totals import Usage
from opencode_stats.ledger.foreign import TakenIn, become_host, own_messages
from opencode_stats.ledger.hosts import usage_by_host
from opencode_stats.ledger.transactions import transaction
from opencode_stats.ledger.verify import verify

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
        become_host(ledger, ME, "me")
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


def test_what_2x_charged_besides_shrinks_with_others_too(ledger: sqlite3.Connection) -> None:
    """A message was missed, so its tokens are charged besides; when it is found they are not told twice."""
    theirs = Script(api=2).started().conversation("ses_t", directory="/w", host_version="2.0.1")
    theirs.usage("ses_t", input=100)
    with ledger_in_memory() as other:
        take(other, theirs)
        before = told(other)
        take(other, theirs.answer("ses_t", input=70))
        less = told(other)
        take(other, theirs.answer("ses_t", input=30))
        nothing = told(other)

    assert [sum(one.tokens for one in file) for file in (before, less, nothing)] == [100, 100, 100]
    for order in itertools.permutations((before, less, nothing)):
        with ledger_in_memory() as here:
            for file in order:
                merge(here, *file)
            assert tokens(here) == {"": 0, OTHER: 100}
            (_, whole) = (host.totals.whole for host in usage_by_host(here, None, "me", NOON_MS))
            assert whole.messages == 2
            assert verify(here) == []
    # And where this host still has what was there before, of a copied database.
    take(ledger, Script(api=2).started().conversation("ses_t", host_version="2.0.1").usage("ses_t", input=100))
    merge(ledger, *nothing)
    assert sum(tokens(ledger).values()) == 100


def test_a_beginning_that_becomes_known_takes_nothing_back(ledger: sqlite3.Connection) -> None:
    theirs = Script(api=2).started().conversation("ses_t", host_version="2.0.1").usage("ses_t", input=100)
    with ledger_in_memory() as other:
        take(other, theirs)
        before = told(other)
        theirs.conversation("ses_t", created_ms=NOON_MS - 10**6).answer("ses_t", input=100)
        take(other, theirs)
        after = told(other)

    merge(ledger, *after)
    merge(ledger, *before)

    assert tokens(ledger) == {"": 0, OTHER: 100}


def test_figures_of_any_size_are_added_up(ledger: sqlite3.Connection) -> None:
    """Somebody's file may say anything; it must not keep the others from being shown."""
    largest = replace(ONE, message="auxiliary:1", input=2**53 - 1, cost_microusd=10**15)
    number = 10_000

    merge(
        ledger,
        *(replace(largest, message=f"auxiliary:{at}", counted_at_ms=at * 900_000) for at in range(number)),
    )

    for ends in (None, (0, number * 900_000), (1, number * 900_000 - 1)):
        whole = sum((one.totals.whole for one in usage_by_host(ledger, ends, "me", NOON_MS)), Usage())
        seen = number - (ends == (1, number * 900_000 - 1))
        assert (whole.tokens.total, whole.cost_microusd) == (seen * (2**53 - 1), seen * 10**15)
    assert verify(ledger) == []


def test_this_host_is_called_what_it_is_called_now(ledger: sqlite3.Connection) -> None:
    with transaction(ledger):
        become_host(ledger, ME, "old")

    assert [(one.host, one.name) for one in usage_by_host(ledger, None, "new", NOON_MS)] == [(ME, "new")]


def told(ledger: sqlite3.Connection) -> list[HostMessage]:
    return [HostMessage(**line) for line in own_messages(ledger)[1]]
