"""What is answered from sums of days, and what from messages (tests/property/test_timeline.py proves the figures)."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

import pytest
from tests.support.clock import NOON_MS
from tests.support.ledgers import take
from tests.support.script import Script

from opencode_stats.core.history import Figures, Span, spans
from opencode_stats.ledger.day_sums import DaySums
from opencode_stats.ledger.timeline import ends_of, figures_over, prompts_over

if TYPE_CHECKING:
    import sqlite3

DAY_MS = 86_400_000
FIRST_MS = NOON_MS - NOON_MS % DAY_MS


@pytest.fixture
def summed(ledger: sqlite3.Connection) -> sqlite3.Connection:
    """Three days with an answer each, of which two are summed."""
    script = Script().started().conversation("ses_a", directory="/w")
    for _ in range(3):
        script.prompt("ses_a").answer("ses_a", input=1, output=30, reasoning=10, directory="/w").wait(DAY_MS)
    take(ledger, script)
    DaySums(ledger).go_on(NOON_MS + 2 * DAY_MS, UTC)
    return ledger


def asked_messages(ledger: sqlite3.Connection, stretches: list[Span]) -> int:
    """How many of the questions that an answer takes go to the messages."""
    asked: list[str] = []
    ledger.set_trace_callback(asked.append)
    figures_over(ledger, stretches, "model")
    ledger.set_trace_callback(None)
    return sum("FROM messages" in question for question in asked)


def test_whole_days_come_from_their_sums(summed: sqlite3.Connection) -> None:
    days = spans(FIRST_MS, FIRST_MS + 3 * DAY_MS, "day", UTC)

    assert asked_messages(summed, days[:2]) == 0
    assert asked_messages(summed, days) == 1
    assert asked_messages(summed, [Span("", FIRST_MS, FIRST_MS + 2 * DAY_MS)]) == 0
    assert asked_messages(summed, [Span("", FIRST_MS + 1, FIRST_MS + 2 * DAY_MS + 1)]) == 2


def test_figures_of_a_day(summed: sqlite3.Connection) -> None:
    (answer,) = figures_over(summed, spans(FIRST_MS, FIRST_MS + 1, "day", UTC), "model")
    assert answer == {}

    (answer,) = figures_over(summed, [Span("", FIRST_MS, FIRST_MS + DAY_MS)], "provider")
    figures = answer["anthropic", None]
    assert (figures.tokens, figures.messages, figures.cost_microusd) == (41, 1, 250_000)
    assert figures.active_ms == figures.rated_ms > 0
    assert figures.output_per_s == 40_000 / figures.rated_ms


def test_what_called_a_tool_has_no_rate() -> None:
    assert Figures(active_ms=5).output_per_s is None


def test_prompts_of_days(summed: sqlite3.Connection) -> None:
    assert prompts_over(summed, spans(FIRST_MS, FIRST_MS + 3 * DAY_MS, "day", UTC)) == [1, 1, 1]
    assert prompts_over(summed, [Span("", FIRST_MS - DAY_MS, FIRST_MS + 5 * DAY_MS)]) == [3]


def test_no_stretches_no_answer(summed: sqlite3.Connection) -> None:
    assert figures_over(summed, [], "model") == []
    assert prompts_over(summed, []) == []


def test_ends(ledger: sqlite3.Connection) -> None:
    assert ends_of(ledger) is None
    take(ledger, Script().started().prompt("ses_a").answer("ses_a", input=1))
    ends = ends_of(ledger)
    assert ends is not None
    assert NOON_MS < ends[0] < ends[1]
