"""Sums of days that are over: when they are made, and what gives them up."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from tests.support.clock import NOON_MS
from tests.support.ledgers import rows, take
from tests.support.script import Script

from opencode_stats.core.history import Span
from opencode_stats.ledger.day_sums import DaySums, day_sum_findings
from opencode_stats.ledger.rebuild import rebuild
from opencode_stats.ledger.soundness import findings
from opencode_stats.ledger.timeline import figures_over
from opencode_stats.ledger.verify import verify

if TYPE_CHECKING:
    import sqlite3

DAY_MS = 86_400_000
LATER_MS = NOON_MS + 3 * DAY_MS
DAYS = "SELECT start_ms, prompts FROM summed_days ORDER BY 1"
FIRST_MS = NOON_MS - NOON_MS % DAY_MS


@pytest.fixture
def told(ledger: sqlite3.Connection) -> sqlite3.Connection:
    """A day with work, a day without, and another one."""
    script = Script().started().conversation("ses_a").prompt("ses_a").answer("ses_a", "msg_1", input=1)
    script.conversation("ses_child", parent="ses_a").prompt("ses_child").answer("ses_child", agent=None, input=2)
    script.wait(2 * DAY_MS).prompt("ses_a").answer("ses_a", input=4)
    take(ledger, script)
    return ledger


def test_days_that_are_over_are_summed_with_the_users_prompts(told: sqlite3.Connection) -> None:
    assert DaySums(told).go_on(NOON_MS + 2 * DAY_MS, UTC) == 0
    assert rows(told, DAYS) == [(FIRST_MS, 1), (FIRST_MS + DAY_MS, 0)]

    assert DaySums(told).go_on(LATER_MS, UTC) == 0
    assert rows(told, DAYS) == [(FIRST_MS, 1), (FIRST_MS + DAY_MS, 0), (FIRST_MS + 2 * DAY_MS, 1)]
    assert verify(told) == []


def test_one_message_of_1970_makes_no_work_of_all_the_days_since(told: sqlite3.Connection) -> None:
    told.execute("UPDATE messages SET counted_at_ms = 1 WHERE message = 'msg_1'")
    statements: list[str] = []
    told.set_trace_callback(statements.append)

    assert DaySums(told).go_on(LATER_MS, UTC, to_the_end=True) == 0

    told.set_trace_callback(None)
    (days,) = rows(told, "SELECT count(*) FROM summed_days")[0]
    assert days == LATER_MS // DAY_MS
    assert len([one for one in statements if not one.startswith("--")]) < 4 * days
    assert verify(told) == []


def test_an_empty_ledger_has_no_days(ledger: sqlite3.Connection) -> None:
    assert DaySums(ledger).go_on(LATER_MS, UTC, to_the_end=True) == 0
    assert rows(ledger, DAYS) == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE messages SET input = 9 WHERE message = 'msg_1'",
        "UPDATE messages SET standing = 'copy' WHERE message = 'msg_1'",
        f"UPDATE messages SET counted_at_ms = counted_at_ms + {2 * DAY_MS} WHERE message = 'msg_1'",
        f"UPDATE messages SET counted_at_ms = {FIRST_MS} WHERE counted_at_ms > {FIRST_MS + DAY_MS}",
        "UPDATE conversations SET agent = 'plan' WHERE conversation = 'ses_child'",
        "UPDATE conversations SET directory = '/w' WHERE conversation = 'ses_a'",
        "UPDATE conversations SET parent = NULL WHERE conversation = 'ses_child'",
        f"INSERT INTO prompts SELECT 'ses_a', 'late', NULL, {NOON_MS}, NULL, NULL, NULL",
    ],
)
def test_a_day_whose_facts_change_is_given_up_and_summed_again(told: sqlite3.Connection, change: str) -> None:
    sums = DaySums(told)
    sums.go_on(LATER_MS, UTC)
    before = rows(told, DAYS)

    told.execute(change)

    assert (FIRST_MS,) not in rows(told, "SELECT start_ms FROM summed_days")
    for table in ("day_sums", "packed_days"):
        assert rows(told, f"SELECT 1 FROM {table} WHERE start_ms = ?", FIRST_MS) == []
    assert day_sum_findings(told, 9) == []
    assert sums.go_on(LATER_MS, UTC) == 0
    assert len(rows(told, DAYS)) == len(before)
    assert day_sum_findings(told, 9) == []


def test_a_conversation_that_is_known_later_gives_its_messages_their_agent(ledger: sqlite3.Connection) -> None:
    take(ledger, Script().started().answer("ses_x", agent=None, input=5))
    ledger.execute("DELETE FROM conversations WHERE conversation = 'ses_x'")
    DaySums(ledger).go_on(LATER_MS, UTC)
    assert rows(ledger, "SELECT count(*) FROM summed_days") == [(3,)]

    ledger.execute("INSERT INTO conversations (conversation, agent) VALUES ('ses_x', 'plan')")

    (answer,) = figures_over(ledger, [Span("all", FIRST_MS, LATER_MS)], "agent")
    assert {key: figures.input for key, figures in answer.items()} == {(None, "plan"): 5}


def test_another_zone_sums_anew(told: sqlite3.Connection) -> None:
    sums = DaySums(told)
    sums.go_on(LATER_MS, UTC)
    sums.go_on(LATER_MS, ZoneInfo("Asia/Kolkata"))

    assert {start_ms % DAY_MS for start_ms, _ in rows(told, DAYS)} == {int(18.5 * 3_600_000)}
    assert verify(told) == []


def test_days_are_summed_some_at_a_time(ledger: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script().started()
    for _ in range(4):
        script.answer("ses_a", input=1).wait(DAY_MS)
    take(ledger, script)
    monkeypatch.setattr("opencode_stats.ledger.day_sums.MESSAGES_AT_ONCE", 2)
    sums = DaySums(ledger)

    assert [sums.go_on(NOON_MS + 4 * DAY_MS, UTC) for _ in range(3)] == [2, 0, 0]
    assert min(rows(ledger, DAYS))[0] == FIRST_MS


def test_sums_that_are_not_of_their_messages_are_found_and_rebuilt(told: sqlite3.Connection) -> None:
    DaySums(told).go_on(LATER_MS, UTC)
    told.execute("UPDATE day_sums SET key = 'plan' WHERE split = 'agent' AND key = 'build'")
    told.execute("UPDATE packed_days SET names = replace(names, 'build', 'plan') WHERE split = 'agent'")

    assert findings(told) == []
    (first, second) = verify(told)
    assert str(FIRST_MS) in first
    assert str(FIRST_MS + 2 * DAY_MS) in second
    assert rebuild(told).changes == (first, second)
    assert verify(told) == []
    for table in ("summed_days", "day_sums", "packed_days"):
        assert rows(told, f"SELECT * FROM {table}") == []


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE day_sums SET output = output + 1 WHERE split = 'agent' AND key = 'build'",
        "UPDATE day_sums SET active_ms = active_ms + 1 WHERE split = 'model'",
        "UPDATE day_sums SET cost_microusd = cost_microusd + 1",
        "DELETE FROM day_sums WHERE split = 'directory'",
        "DELETE FROM day_sums",
        "DELETE FROM packed_days WHERE split = 'agent'",
        "UPDATE packed_days SET figures = zeroblob(length(figures)) WHERE split = 'conversation'",
        "UPDATE day_sums SET split = 'else' WHERE split = 'agent'",
        (
            f"INSERT INTO day_sums SELECT split, {NOON_MS + 9 * DAY_MS}, key, provider, input, output, reasoning, "
            f"cache_read, cache_write, cost_microusd, messages, active_ms, rated_tokens, rated_ms FROM day_sums "
            f"WHERE start_ms = {FIRST_MS}"
        ),
    ],
)
def test_what_contradicts_itself_is_found_at_every_close_look(told: sqlite3.Connection, harm: str) -> None:
    DaySums(told).go_on(LATER_MS, UTC)
    assert findings(told) == []

    told.execute(harm)

    assert len(findings(told)) == 1


def test_prompts_that_are_not_there_are_found(told: sqlite3.Connection) -> None:
    DaySums(told).go_on(LATER_MS, UTC)
    told.execute("UPDATE summed_days SET prompts = 7 WHERE prompts = 0")

    assert len(verify(told)) == 1
