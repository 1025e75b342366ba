"""The prices that one publishing needs."""

from __future__ import annotations

import json
from datetime import UTC
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.clock import NOON_MS
from tests.support.ledgers import everything, ledger_in_memory, rows, take
from tests.support.script import Script

from opencode_stats.core.cost import Price, Rate, list_value, per_token
from opencode_stats.core.recent import calendar_of
from opencode_stats.daemon.prices import price_problems, priced_facts
from opencode_stats.ledger.recent import PastDays
from opencode_stats.opencode.price_lists import PriceLists

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping

    from opencode_stats.core.sections import Quotes
    from opencode_stats.core.stats import LedgerFacts

MODEL = ("mock", "m")
LIST = [{"list": "snapshot", "date": "2026-09-28", "providers": {"mock": {"m": [1, 1, 0, 0, [777, 3, 3]]}}}]


@pytest.fixture
def ledger() -> Iterator[sqlite3.Connection]:
    with ledger_in_memory() as connection:
        script = Script().started().prompt("ses_a")
        for tokens in (777, 778):
            script.answer("ses_a", input=tokens, provider="mock", model="m", cost_usd=0)
        take(connection, script)
        yield connection


def asked(
    ledger: sqlite3.Connection, listed: list[dict[str, Any]], own: Mapping[str, Price]
) -> tuple[LedgerFacts, Quotes]:
    lists = PriceLists(None, lambda: json.dumps(listed).encode())
    return priced_facts(ledger, calendar_of(NOON_MS, UTC), NOON_MS, PastDays(ledger), lists=lists, own=own)


def test_a_step_that_the_ledger_does_not_split_at_is_split_at_before_it_is_used(ledger: sqlite3.Connection) -> None:
    facts, quotes = asked(ledger, LIST, {})

    for unbilled in (facts.total_unbilled, facts.day_unbilled, facts.runs[0].unbilled):
        assert list_value(unbilled[MODEL], quotes[MODEL]).microusd == 777 + 3 * 778
    assert (777,) in rows(ledger, "SELECT above FROM price_steps")


def test_another_price_needs_nothing_of_the_ledger(ledger: sqlite3.Connection) -> None:
    before = everything(ledger)
    own = {"mock/m": Price(Rate(per_token(2), 0))}

    facts, quotes = asked(ledger, LIST, own)

    assert list_value(facts.total_unbilled[MODEL], quotes[MODEL]).microusd == 2 * (777 + 778)
    assert everything(ledger) == before


def test_a_list_that_makes_no_sense_is_a_problem() -> None:
    assert price_problems("") == ()
    (problem,) = price_problems("OpenCode's price list x makes no sense: y.")
    assert problem.code == "prices"
    assert problem.message.startswith("OpenCode's price list x makes no sense: y. The list that came")
