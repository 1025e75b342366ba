"""With which quarter hour a rolling window began; random histories are in tests/property/test_limits.py."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

import pytest
from tests.support.clock import NOON_MS
from tests.support.ledgers import take
from tests.support.script import Script

from opencode_stats.core.days import SLOT_MS
from opencode_stats.core.limits import Limit
from opencode_stats.ledger.day_sums import DaySums
from opencode_stats.ledger.window_chains import last_start_of

if TYPE_CHECKING:
    import sqlite3

    from opencode_stats.core.limits import Of

DAY_MS = 24 * 3_600_000
TEN_DAYS_MS = 10 * DAY_MS
OWNERS: tuple[tuple[Of, str], ...] = (
    ("all", ""),
    ("provider", "anthropic"),
    ("model", "claude-sonnet-5"),
    ("workspace", "/w"),
    ("agent", "build"),
)


def limit(of: Of, whose: str) -> Limit:
    return Limit(name="l", window="10d", unit="tokens", amount=100, of=of, whose=whose)


def use(ledger: sqlite3.Connection, *days: float, agent: str = "build", directory: str = "/w") -> None:
    """Use so many days after noon, and as much of somebody else every day, up to now."""
    script = Script().started().conversation("ses_a")
    for day in days:
        script.at_ms = NOON_MS + int(day * DAY_MS)
        script.answer("ses_a", input=1, agent=agent, directory=directory)
    for day in range(int(max(days)) + 1):
        script.at_ms = NOON_MS + day * DAY_MS + SLOT_MS
        script.answer("ses_a", input=1, agent="other", directory="/other", provider="other", model="other")
    take(ledger, script)


@pytest.mark.parametrize("summed", [False, True])
@pytest.mark.parametrize(("of", "whose"), OWNERS[1:])
def test_a_pause_shorter_than_the_window_leaves_the_chain_whole(
    ledger: sqlite3.Connection, of: Of, whose: str, summed: bool
) -> None:
    use(ledger, 0, 7, 12, 19)
    if summed:
        DaySums(ledger).go_on(NOON_MS + 30 * DAY_MS, UTC, to_the_end=True)

    starts = [
        last_start_of(ledger, limit(of, whose), TEN_DAYS_MS, NOON_MS + int(day * DAY_MS) + 1)
        for day in (-1, 0, 9.9, 10, 12, 20, 21.99)
    ]

    days = [None if start is None else (start * SLOT_MS - NOON_MS) / DAY_MS for start in starts]
    assert days == [None, 0, 0, 0, 12, 12, 12]


@pytest.mark.parametrize(("of", "whose"), OWNERS)
def test_what_is_used_within_a_window_is_not_read(ledger: sqlite3.Connection, of: Of, whose: str) -> None:
    use(ledger, *(day / 8 for day in range(8 * 40)))
    asked: list[str] = []
    ledger.set_trace_callback(asked.append)

    start = last_start_of(ledger, limit(of, whose), TEN_DAYS_MS, NOON_MS + 39 * DAY_MS)

    ledger.set_trace_callback(None)
    assert start == (NOON_MS + 30 * DAY_MS) // SLOT_MS
    # Four windows, and what it takes to know where to look.
    assert len(asked) <= 4 + 2


def test_days_without_any_use_are_passed_over(ledger: sqlite3.Connection) -> None:
    use(ledger, 0, 300, directory="/w")
    DaySums(ledger).go_on(NOON_MS + 302 * DAY_MS, UTC, to_the_end=True)
    asked: list[str] = []
    ledger.set_trace_callback(asked.append)

    start = last_start_of(ledger, limit("workspace", "/w"), TEN_DAYS_MS, NOON_MS + 301 * DAY_MS)

    ledger.set_trace_callback(None)
    assert start == (NOON_MS + 300 * DAY_MS) // SLOT_MS
    assert len(asked) <= 3


def test_a_model_that_was_never_used_has_no_window(ledger: sqlite3.Connection) -> None:
    take(ledger, Script().started().answer("ses_a", input=1, provider=None, model=None))

    assert last_start_of(ledger, limit("model", "never"), TEN_DAYS_MS, NOON_MS + DAY_MS) is None
