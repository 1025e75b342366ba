"""Sums of what hosts used on days that are over: when they are made, what gives them up, and what is found of harm."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING

import pytest
from tests.support.clock import NOON_MS
from tests.support.hosts import ME, ONE, OTHER, SCRIPT, merge, own, tokens
from tests.support.ledgers import rows, take

from opencode_stats.ledger.day_sums import DaySums
from opencode_stats.ledger.foreign import become_host
from opencode_stats.ledger.rebuild import rebuild
from opencode_stats.ledger.transactions import transaction
from opencode_stats.ledger.verify import verify

if TYPE_CHECKING:
    import sqlite3

DAY_MS = 86_400_000
LATER_MS = NOON_MS + 3 * DAY_MS
DAYS = "SELECT start_ms, made FROM host_days ORDER BY 1"


@pytest.fixture
def made(ledger: sqlite3.Connection) -> sqlite3.Connection:
    """A day on which this host and another used something, of which both have one message."""
    take(ledger, SCRIPT)
    merge(ledger, ONE, replace(own(ledger), live=False))
    assert DaySums(ledger).go_on(LATER_MS, UTC, to_the_end=True) == 0
    assert len(rows(ledger, DAYS)) == len(rows(ledger, "SELECT 1 FROM summed_days"))
    assert tokens(ledger) == {"": 100, OTHER: 7}
    return ledger


def test_without_other_hosts_nothing_is_made(ledger: sqlite3.Connection) -> None:
    take(ledger, SCRIPT)
    DaySums(ledger).go_on(LATER_MS, UTC, to_the_end=True)

    assert rows(ledger, DAYS) == []


def test_days_that_are_made_answer_without_the_messages(made: sqlite3.Connection) -> None:
    asked: list[str] = []
    made.set_trace_callback(asked.append)
    assert tokens(made, (NOON_MS - NOON_MS % DAY_MS, LATER_MS - LATER_MS % DAY_MS)) == {"": 100, OTHER: 7}
    made.set_trace_callback(None)

    assert not [one for one in asked if "FROM foreign_sums" in one]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE messages SET input = 90",
        "UPDATE foreign_messages SET input = 8 WHERE message = 'msg_1'",
        f"INSERT INTO hosts VALUES ('{ME}', 'me', 1, 0)",
        "UPDATE conversations SET agent = 'plan'",
        "DELETE FROM summed_days",
    ],
)
def test_what_a_day_is_made_of_gives_it_up(made: sqlite3.Connection, change: str) -> None:
    before = rows(made, DAYS)

    made.execute(change)

    assert len(rows(made, DAYS)) < len(before)
    assert verify(made) == []
    assert DaySums(made).go_on(LATER_MS, UTC, to_the_end=True) == 0
    assert rows(made, DAYS) == before


def test_a_new_name_gives_up_nothing(made: sqlite3.Connection) -> None:
    with transaction(made):
        become_host(made, ME, "old")
    DaySums(made).go_on(LATER_MS, UTC, to_the_end=True)
    before = rows(made, DAYS)
    with transaction(made):
        become_host(made, ME, "new")

    assert rows(made, DAYS) == before != []


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE host_day_sums SET input = input + 1",
        "DELETE FROM host_day_sums",
        "UPDATE host_days SET made = 0 WHERE start_ms IN (SELECT start_ms FROM host_day_sums)",
        "INSERT INTO host_day_sums SELECT 5, host, provider, model, 0, 0, 0, 0, 0, 0, 1 FROM host_day_sums LIMIT 1",
    ],
)
def test_harm_is_found_and_rebuilt(made: sqlite3.Connection, harm: str) -> None:
    assert verify(made) == []
    made.execute(harm)

    assert len(verify(made)) == 1
    assert len(rebuild(made).changes) == 1
    assert verify(made) == []
    for table in ("host_days", "host_day_sums", "shared_apart"):
        assert rows(made, f"SELECT * FROM {table}") == []
    assert tokens(made) == {"": 100, OTHER: 7}


def test_a_sum_that_no_integer_can_hold_is_not_made(
    ledger: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opencode_stats.ledger.host_days._LARGEST", 6)
    merge(ledger, ONE)
    sums = DaySums(ledger)

    assert sums.go_on(LATER_MS, UTC, to_the_end=True) == sums.go_on(LATER_MS, UTC) == 0

    assert {made for _, made in rows(ledger, DAYS)} == {0, 1}
    assert rows(ledger, "SELECT * FROM host_day_sums") == []
    assert tokens(ledger) == {"": 0, OTHER: 7}
    assert verify(ledger) == []


def test_messages_that_came_since_are_noted_meanwhile(
    ledger: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opencode_stats.ledger.foreign.ROWS_AT_ONCE", 2)
    merge(ledger, replace(ONE, message=SCRIPT.messages[0]))
    take(ledger, SCRIPT)
    assert rows(ledger, "SELECT * FROM shared_messages") == []

    DaySums(ledger).go_on(NOON_MS, UTC)

    assert rows(ledger, "SELECT * FROM shared_messages") == [(SCRIPT.messages[0],)]
    assert verify(ledger) == []
