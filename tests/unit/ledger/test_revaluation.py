"""All usage by model and size of context, out of the ledger, over stretches of time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.clock import NOON_MS
from tests.support.ledgers import rows, take
from tests.support.script import Script

from opencode_stats.core.history import Span
from opencode_stats.core.tokens import Tokens
from opencode_stats.ledger.revaluation import models_used, used_over
from opencode_stats.ledger.timeline import figures_over

if TYPE_CHECKING:
    import sqlite3

    from opencode_stats.core.history import Split

HOUR_MS = 3_600_000
STRETCHES = [Span("a", NOON_MS - HOUR_MS, NOON_MS + HOUR_MS), Span("b", NOON_MS + HOUR_MS, NOON_MS + 9 * HOUR_MS)]


@pytest.fixture
def told(ledger: sqlite3.Connection) -> sqlite3.Connection:
    script = Script(at_ms=NOON_MS).started().conversation("ses_a", directory="/w", agent="build")
    script.answer("ses_a", input=200_000, cost_usd=1.0, provider="google", model="gemini", directory=None, agent=None)
    script.answer("ses_a", input=200_001, cost_usd=2.0, provider="google", model="gemini", directory="/x", agent="plan")
    script.answer("ses_a", input=1, cache_read=200_000, cost_usd=0, provider="google", model="gemini", directory="/x")
    script.wait(2 * HOUR_MS)
    script.answer("ses_a", input=7, output=3, cost_usd=0.5, provider=None, model=None, directory="/w")
    take(ledger, script)
    return ledger


def test_tokens_are_split_where_prices_change(told: sqlite3.Connection) -> None:
    first, second = used_over(told, STRETCHES, "model", {200_000, 32_000})

    gemini = ("google", "gemini")
    assert set(first) == {gemini}
    assert first[gemini].recorded_microusd == 3_000_000
    assert dict(first[gemini].by_model[gemini]) == {
        32_000: Tokens(200_000),
        200_000: Tokens(200_002, cache_read=200_000),
    }
    assert dict(second[None, None].by_model[None, None]) == {0: Tokens(7, 3)}
    assert set(models_used(told)) == {gemini, (None, None)}


@pytest.mark.parametrize("split", ["model", "provider", "agent", "directory", "conversation"])
def test_the_same_tokens_and_costs_as_history_has(told: sqlite3.Connection, split: Split) -> None:
    used = used_over(told, STRETCHES, split, {200_000})
    figures = figures_over(told, STRETCHES, split)

    assert [{key: (one.tokens, one.recorded_microusd) for key, one in stretch.items()} for stretch in used] == [
        {key: (one.tokens, one.cost_microusd) for key, one in stretch.items()} for stretch in figures
    ]


def test_nothing_is_written(told: sqlite3.Connection) -> None:
    before = rows(told, "SELECT * FROM messages"), told.total_changes

    used_over(told, STRETCHES, "model", {200_000})

    assert (rows(told, "SELECT * FROM messages"), told.total_changes) == before
