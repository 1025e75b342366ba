"""Conversations, their sub-agents, and what they used."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.clock import NOON_MS
from tests.support.ledgers import rows, take
from tests.support.script import Script

from opencode_stats.core.history import Span
from opencode_stats.ledger.conversations import Conversation, Order, conversations_between
from opencode_stats.ledger.day_sums import DaySums
from opencode_stats.ledger.history import usage_by
from opencode_stats.ledger.timeline import figures_over

if TYPE_CHECKING:
    import sqlite3

DAY_MS = 86_400_000
FOREVER = (0, 2**62)


@pytest.fixture
def told(ledger: sqlite3.Connection) -> sqlite3.Connection:
    """Three days: a family of three, one that was forked from, one whose parent nobody knows."""
    script = Script().started().conversation("ses_a", directory="/w").answer("ses_a", input=1, cost_usd=0.5)
    script.conversation("ses_b", parent="ses_a", agent="general").answer("ses_b", input=10, cost_usd=0)
    script.conversation("ses_c", parent="ses_b", agent="explore").answer("ses_c", input=100, cost_usd=0)
    script.wait(DAY_MS).answer("ses_lone", input=50, cost_usd=9).answer("ses_a", input=1_000, cost_usd=0)
    script.wait(DAY_MS).conversation("ses_x", parent="ses_gone").answer("ses_x", input=5, cost_usd=1)
    script.conversation("ses_idle")
    take(ledger, script)
    return ledger


def shape(found: list[Conversation] | tuple[Conversation, ...]) -> list[Any]:
    return [(one.id, one.whole.tokens, shape(one.children)) for one in found]


@pytest.fixture(params=[500, 0], ids=["one by one", "all at once"])
def many(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways in which conversations are looked for."""
    monkeypatch.setattr("opencode_stats.ledger.conversations._MANY", request.param)


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("days", [0, 1, 2, 3])
@pytest.mark.parametrize("order", ["recent", "tokens", "cost"])
def test_families_in_their_order(told: sqlite3.Connection, order: Order, days: int) -> None:
    DaySums(told).go_on(NOON_MS + days * DAY_MS, UTC)
    family: Any = ("ses_a", 1_111, [("ses_b", 110, [("ses_c", 100, [])])])
    lone: Any = ("ses_lone", 50, [])
    lost: Any = ("ses_gone", 5, [("ses_x", 5, [])])
    expected = {"recent": [lost, family, lone], "tokens": [family, lone, lost], "cost": [lone, lost, family]}[order]

    assert shape(conversations_between(told, *FOREVER, order, None)) == expected
    assert shape(conversations_between(told, *FOREVER, order, 1)) == expected[:1]


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("days", [0, 3])
def test_facts_and_instants(told: sqlite3.Connection, days: int) -> None:
    DaySums(told).go_on(NOON_MS + days * DAY_MS, UTC)
    instants = dict(rows(told, "SELECT conversation, max(counted_at_ms) FROM messages GROUP BY 1"))

    first = conversations_between(told, *FOREVER, "tokens", 1)[0]

    assert (first.directory, first.own.messages, first.own_last_ms) == ("/w", 2, instants["ses_a"])
    assert first.last_ms == instants["ses_a"]
    assert (first.children[0].agent, first.children[0].last_ms) == ("general", instants["ses_c"])


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("days", [0, 3])
def test_only_what_was_used_in_that_time(told: sqlite3.Connection, days: int) -> None:
    DaySums(told).go_on(NOON_MS + days * DAY_MS, UTC)
    second_ms = NOON_MS - NOON_MS % DAY_MS + DAY_MS

    found = conversations_between(told, second_ms, second_ms + DAY_MS, "recent", None)

    assert shape(found) == [("ses_a", 1_000, []), ("ses_lone", 50, [])]
    assert conversations_between(told, 0, 1, "tokens", None) == []


def test_parents_in_a_ring_are_one_conversation(ledger: sqlite3.Connection) -> None:
    script = Script().started()
    for child, parent in (("ses_2", "ses_3"), ("ses_3", "ses_1"), ("ses_1", "ses_2")):
        script.conversation(child, parent=parent).answer(child, input=1)
    take(ledger, script.conversation("ses_4", parent="ses_3").answer("ses_4", input=1))

    (one,) = conversations_between(ledger, *FOREVER, "recent", None)

    assert (one.id, one.whole.tokens) == ("ses_1", 4)


def test_the_same_sums_as_by_root(told: sqlite3.Connection) -> None:
    by_root = {name: totals.whole.tokens.total for name, totals in usage_by(told, "root", *FOREVER).items()}

    assert {one.id: one.whole.tokens for one in conversations_between(told, *FOREVER, "cost", None)} == by_root
    (parts,) = figures_over(told, [Span("", *FOREVER)], "conversation")
    assert sum(by_root.values()) == sum(figures.tokens for figures in parts.values())
