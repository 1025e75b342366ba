"""What limits are measured by: what is asked for once is remembered; random histories are in tests/property."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.clock import NOON_MS
from tests.support.ledgers import take
from tests.support.script import Script

from opencode_stats.core.days import SLOT_MS
from opencode_stats.core.limits import Limit
from opencode_stats.ledger.limits import WindowUses

if TYPE_CHECKING:
    import sqlite3

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


def limit(window: str, **members: Any) -> Limit:  # noqa: ANN401 - any field
    return Limit(**{"name": "l", "window": window, "unit": "tokens", "amount": 100, **members})


def answers(*at_ms: int) -> Script:
    script = Script().started().conversation("ses_a")
    for one in at_ms:
        script.at_ms = one
        script.answer("ses_a", input=1)
    return script


def start(uses: WindowUses, one: Limit, now_ms: int) -> int | None:
    ((_, window, _),) = uses.look([one], now_ms, UTC, 0)
    return None if window is None else window.start_ms


def test_at_rest_one_question_is_asked(ledger: sqlite3.Connection) -> None:
    take(ledger, answers(NOON_MS))
    uses, limits = WindowUses(ledger), [limit("5h"), limit("week"), limit("month", unit="usd", of="agent", whose="a")]
    uses.look(limits, NOON_MS, UTC, 0)
    asked: list[str] = []
    ledger.set_trace_callback(asked.append)

    uses.look(limits, NOON_MS + HOUR_MS, UTC, 0)

    ledger.set_trace_callback(None)
    assert asked == ["SELECT at_ms, whose FROM changed_since"]


def test_a_chain_of_windows_without_a_pause_is_followed_from_its_beginning(ledger: sqlite3.Connection) -> None:
    first_ms = NOON_MS - 300 * DAY_MS
    take(ledger, answers(*range(first_ms, NOON_MS, DAY_MS)))

    # Windows of a week begin every seven days after the first use, 300 days ago.
    assert start(WindowUses(ledger), limit("1w"), NOON_MS) == first_ms + 294 * DAY_MS


def test_what_comes_late_moves_the_windows_after_it(ledger: sqlite3.Connection) -> None:
    take(ledger, answers(NOON_MS))
    uses, one = WindowUses(ledger), limit("5h")
    assert start(uses, one, NOON_MS + HOUR_MS) == NOON_MS

    take(ledger, answers(NOON_MS - HOUR_MS), file="late.jsonl")

    assert start(uses, one, NOON_MS + HOUR_MS) == NOON_MS - HOUR_MS


def test_a_clock_that_was_set_back_sees_the_window_of_then(ledger: sqlite3.Connection) -> None:
    take(ledger, answers(NOON_MS, NOON_MS + 2 * DAY_MS))
    uses, one = WindowUses(ledger), limit("5h")

    found = [start(uses, one, now_ms) for now_ms in (NOON_MS + 2 * DAY_MS + 60_000, NOON_MS + 60_000, NOON_MS - DAY_MS)]

    assert found == [NOON_MS + 2 * DAY_MS, NOON_MS, None]


def test_whose_a_message_is_may_become_known_later(ledger: sqlite3.Connection) -> None:
    take(ledger, Script().started().answer("ses_a", input=7, agent=None, directory=None))
    uses, limits = (
        WindowUses(ledger),
        [limit("day", of="workspace", whose="/w"), limit("day", of="agent", whose="plan")],
    )
    assert [len(found) for _, _, found in uses.look(limits, NOON_MS, UTC, 0)] == [0, 0]

    take(ledger, Script(pid=2).started().conversation("ses_a", directory="/w", agent="plan"), file="2.jsonl")

    found = uses.look(limits, NOON_MS + SLOT_MS, UTC, 0)
    assert [sum(use.tokens for use in used) for _, _, used in found] == [7, 7]


@pytest.mark.parametrize("key", ["claude-sonnet-5", "mock/m", "auxiliary"])
def test_a_model_is_named_as_in_stats_json(ledger: sqlite3.Connection, key: str) -> None:
    script = answers(NOON_MS).answer("ses_a", input=2, provider="mock", model="m")
    take(ledger, script)

    ((_, _, used),) = WindowUses(ledger).look([limit("day", of="model", whose=key)], NOON_MS, UTC, 0)

    assert sum(use.tokens for use in used) == {"claude-sonnet-5": 1, "mock/m": 2, "auxiliary": 0}[key]


def test_money_whose_cost_is_not_known_is_counted(ledger: sqlite3.Connection) -> None:
    take(ledger, answers(NOON_MS, NOON_MS + 1_000))
    ledger.execute("UPDATE messages SET cost_microusd = NULL WHERE id = 1")

    ((_, _, (use,)),) = WindowUses(ledger).look([limit("day", unit="usd")], NOON_MS + 5_000, UTC, 0)

    assert (use.tokens, use.microusd, use.costless) == (2, 250_000, 1)


def test_a_conversation_that_is_heard_of_only_later(ledger: sqlite3.Connection) -> None:
    take(ledger, Script().started().answer("ses_a", input=7, agent=None))
    ledger.execute("DELETE FROM conversations")
    uses, limits = WindowUses(ledger), [limit("day", of="agent", whose="plan")]
    uses.look(limits, NOON_MS, UTC, 0)

    ledger.execute("INSERT INTO conversations (conversation, agent) VALUES ('ses_a', 'plan')")

    ((_, _, used),) = uses.look(limits, NOON_MS + SLOT_MS, UTC, 0)
    assert sum(use.tokens for use in used) == 7


def test_a_message_that_is_completed_later_leaves_its_quarter_hour(ledger: sqlite3.Connection) -> None:
    take(ledger, answers(NOON_MS))
    uses, limits = WindowUses(ledger), [limit("day")]
    uses.look(limits, NOON_MS, UTC, 0)

    ledger.execute("UPDATE messages SET counted_at_ms = counted_at_ms + ?", (SLOT_MS,))

    ((_, _, used),) = uses.look(limits, NOON_MS + HOUR_MS, UTC, 0)
    assert [(use.slot, use.tokens) for use in used] == [(NOON_MS // SLOT_MS + 1, 1)]
