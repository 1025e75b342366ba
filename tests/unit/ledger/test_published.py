"""What was published, against the rows."""

from __future__ import annotations

import json
from datetime import UTC, date
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.clock import NOON_MS
from tests.support.ledgers import everything, stats_of, take
from tests.support.script import Script

from opencode_stats.contract.stats_document import document_of, encode
from opencode_stats.core.days import Day, day_named
from opencode_stats.ledger.verify import prove

if TYPE_CHECKING:
    import sqlite3

DAY_MS = 86_400_000


def scripts() -> list[Script]:
    """Two runs, one of them yesterday's; a sub-agent, a copy, an abort, titles, two models."""
    yesterday = Script(pid=1, at_ms=NOON_MS - DAY_MS).started().conversation("ses_old").answer("ses_old", input=7)
    today = (
        Script(pid=2)
        .started()
        .opened("/work")
        .conversation("ses_a")
        .prompt("ses_a")
        .titled("ses_a", "msg_1")
        .answer("ses_a", input=100, output=20, cache_read=3, directory="/work")
        .answer(
            "ses_a", input=5, reasoning=6, cache_write=7, provider="mock", model="m/1", directory="/else", cost_usd=0
        )
        .conversation("ses_child", parent="ses_a")
        .answer("ses_child", output=11, directory="/work")
        .conversation("ses_moved", directory="/moved")
        .answer("ses_moved", input=13)
        .conversation("ses_fork")
        .copy("ses_fork", created_ms=NOON_MS - 10**9, input=1_000)
        .answer("ses_a", error="MessageAbortedError")
    )
    return [yesterday, today]


def published(ledger: sqlite3.Connection) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(encode(document_of(stats_of(ledger))))
    return document


def day(name: str) -> Day:
    return day_named(date.fromisoformat(name), UTC)


def test_published_figures_that_are_those_of_the_rows(ledger: sqlite3.Connection) -> None:
    take(ledger, *scripts())
    document = published(ledger)
    before = everything(ledger)

    assert document["daily"]["totalTokens"] == 165
    assert {"directory": "/moved", "totalTokens": 13} in document["daily"]["workspaces"]
    assert prove(ledger, lambda: document, day) == ([], [])
    assert everything(ledger) == before


def test_an_empty_ledger(ledger: sqlite3.Connection) -> None:
    document = published(ledger)

    assert prove(ledger, lambda: document, day) == ([], [])


def test_a_file_that_is_older_than_the_ledger(ledger: sqlite3.Connection) -> None:
    take(ledger, scripts()[0])
    document = published(ledger)
    take(ledger, scripts()[1], file="2.jsonl")

    assert "stats.json says 7 for total.totalTokens; the messages make 172." in prove(ledger, lambda: document, day)[1]


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        ("UPDATE sums SET input = input + 1 WHERE scope = 'all' AND provider = 'mock'", "total.tokens.input"),
        ("UPDATE sums SET output = output + 1 WHERE scope = 'run'", "session.tokens.output"),
        ("UPDATE sums SET cost_microusd = 0 WHERE scope = 'slot'", "daily.totalCost"),
        ("UPDATE unbilled SET input = 6 WHERE scope = 'all'", "total.unpriced[mock/m/1]"),
        ("UPDATE counters SET value = 9", "total.titleRequests"),
    ],
)
def test_figures_made_from_damaged_sums_are_found_without_looking_at_the_sums(
    ledger: sqlite3.Connection, damage: str, named: str
) -> None:
    take(ledger, *scripts())
    ledger.execute(damage)
    document = published(ledger)

    assert any(named in finding for finding in prove(ledger, lambda: document, day)[1])
