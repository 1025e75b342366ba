"""Usage by whom, and over which time."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, get_args

import pytest
from tests.support.clock import NOON_MS
from tests.support.ledgers import rows, take
from tests.support.script import Script

from opencode_stats.core.history import Dimension, spans
from opencode_stats.ledger.history import root_of, usage_between, usage_by, usage_over

if TYPE_CHECKING:
    import sqlite3

    from opencode_stats.core.totals import Totals

HOUR_MS = 3_600_000
FOREVER = (0, 2**62)


def tokens(found: dict[str | None, Totals]) -> dict[str | None, int]:
    return {key: totals.whole.tokens.total for key, totals in found.items()}


@pytest.fixture
def told(ledger: sqlite3.Connection) -> sqlite3.Connection:
    """Two runs; a sub-agent with a sub-agent; a copy and an abort, which are nobody's usage."""
    first = (
        Script(pid=1)
        .started()
        .opened("/a")
        .conversation("ses_a", directory="/a", project="p1")
        .answer("ses_a", input=1, directory="/a")
        .conversation("ses_b", parent="ses_a", directory="/a", project="p1")
        .answer("ses_b", output=10, agent="general", directory="/a", provider="mock", model="m")
        .conversation("ses_c", parent="ses_b", project="p1")
        .answer("ses_c", reasoning=100, agent=None)
        .conversation("ses_fork")
        .copy("ses_fork", created_ms=NOON_MS - 10**9, input=7_000_000)
        .answer("ses_a", error="MessageAbortedError")
    )
    second = Script(pid=2, at_ms=NOON_MS + HOUR_MS).started().opened("/b").answer("ses_d", input=1000, directory="/b")
    take(ledger, first, second)
    return ledger


@pytest.mark.parametrize(
    ("dimension", "expected"),
    [
        ("conversation", {"ses_a": 1, "ses_b": 10, "ses_c": 100, "ses_d": 1000}),
        ("root", {"ses_a": 111, "ses_d": 1000}),
        ("agent", {"build": 1001, "general": 10, None: 100}),
        ("directory", {"/a": 11, None: 100, "/b": 1000}),
        ("project", {"p1": 111, "global": 1000}),
        ("provider", {"anthropic": 1101, "mock": 10}),
        ("model", {"claude-sonnet-5": 1101, "m": 10}),
    ],
)
def test_usage_by_anything(told: sqlite3.Connection, dimension: Dimension, expected: dict[str | None, int]) -> None:
    assert tokens(usage_by(told, dimension, *FOREVER)) == expected


def test_usage_by_run(told: sqlite3.Connection) -> None:
    first, second = (uid for (uid,) in rows(told, "SELECT uid FROM runs ORDER BY started_ms"))

    assert tokens(usage_by(told, "run", *FOREVER)) == {first: 111, second: 1000}


def test_a_split_keeps_models_cost_and_messages(told: sqlite3.Connection) -> None:
    by_root = usage_by(told, "root", *FOREVER)

    assert {model: (usage.tokens.total, usage.messages) for model, usage in by_root["ses_a"].by_model.items()} == {
        ("anthropic", "claude-sonnet-5"): (101, 2),
        ("mock", "m"): (10, 1),
    }
    assert by_root["ses_a"].whole.cost_microusd == 750_000


@pytest.mark.parametrize("cut_ms", [-1, 0, 1, 60_000, 900_000, 901_000, HOUR_MS, HOUR_MS + 30])
def test_a_cut_at_any_instant_loses_nothing(told: sqlite3.Connection, cut_ms: int) -> None:
    at_ms = NOON_MS + cut_ms
    whole = usage_between(told, *FOREVER)
    parts = [usage_between(told, 0, at_ms), usage_between(told, at_ms, FOREVER[1])]
    times = rows(told, "SELECT counted_at_ms, input + output + reasoning FROM messages WHERE standing = 'counted'")

    assert sum(part.whole.tokens.total for part in parts) == whole.whole.tokens.total == 1111
    assert parts[0].whole.tokens.total == sum(count or 0 for then_ms, count in times if then_ms < at_ms)


def test_less_than_a_quarter_hour(told: sqlite3.Connection) -> None:
    assert usage_between(told, NOON_MS + 1, NOON_MS + 5_000).whole.tokens.total == 111
    assert usage_between(told, NOON_MS + 5_000, NOON_MS + 5_001).by_model == {}


def test_usage_over_hours_and_by_agent(told: sqlite3.Connection) -> None:
    hours = spans(NOON_MS, NOON_MS + 3 * HOUR_MS, "hour", UTC)

    assert [totals.whole.tokens.total for _, totals in usage_over(told, hours)] == [111, 1000, 0]
    assert [tokens(usage_by(told, "agent", hour.start_ms, hour.end_ms)) for hour in hours] == [
        {"build": 1, "general": 10, None: 100},
        {"build": 1000},
        {},
    ]


def test_roots(told: sqlite3.Connection) -> None:
    assert [root_of(told, name) for name in ("ses_a", "ses_b", "ses_c", "ses_none")] == ["ses_a"] * 3 + ["ses_none"]


def test_a_parent_that_was_never_seen_is_the_root(ledger: sqlite3.Connection) -> None:
    script = Script().started().conversation("ses_x", parent="ses_gone").conversation("ses_y", parent="ses_gone")
    take(ledger, script.answer("ses_x", input=1).answer("ses_y", input=2))

    assert tokens(usage_by(ledger, "root", *FOREVER)) == {"ses_gone": 3}
    assert root_of(ledger, "ses_x") == "ses_gone"


def test_parents_in_a_ring_are_one_root(ledger: sqlite3.Connection) -> None:
    script = Script().started()
    for child, parent in (("ses_1", "ses_2"), ("ses_2", "ses_3"), ("ses_3", "ses_1")):
        script.conversation(child, parent=parent).answer(child, input=1)
    take(ledger, script)

    assert tokens(usage_by(ledger, "root", *FOREVER)) == {"ses_1": 3}
    assert root_of(ledger, "ses_3") == "ses_1"


def test_no_question_scans_what_grows(told: sqlite3.Connection) -> None:
    asked: list[str] = []
    told.set_trace_callback(asked.append)
    for dimension in get_args(Dimension):
        usage_by(told, dimension, NOON_MS + 1, NOON_MS + HOUR_MS)
    root_of(told, "ses_c")
    told.set_trace_callback(None)

    plans = [row[3] for question in asked for row in told.execute(f"EXPLAIN QUERY PLAN {question}")]
    scanned = {plan for plan in plans if plan.startswith("SCAN") and "CONSTANT" not in plan}

    assert len(asked) > 8
    assert any("messages_counted_at" in plan for plan in plans)
    assert {plan.split()[1] for plan in scanned} <= {"chain", "roots", "(subquery-4)"}
