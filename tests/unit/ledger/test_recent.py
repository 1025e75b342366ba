"""This day's hours and the last days: right after every change, and not added up again without one."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from tests.support.clock import NOON_MS
from tests.support.ledgers import rows, take
from tests.support.script import Script

from opencode_stats.core.recent import calendar_of
from opencode_stats.ledger.recent import PastDays, spent_by_day, spent_by_hour
from opencode_stats.ledger.sums import add_sums, not_added
from opencode_stats.ledger.transactions import transaction

if TYPE_CHECKING:
    import sqlite3

    from opencode_stats.core.recent import Spent

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
CALENDAR = calendar_of(NOON_MS, UTC)
PAST = CALENDAR.past_days


def told(at_ms: int, tokens: int, pid: int = 1) -> Script:
    return Script(pid=pid, at_ms=at_ms).started().answer("ses_a", input=tokens)


def not_nothing(spent: tuple[Spent, ...]) -> dict[int, Spent]:
    return {place: one for place, one in enumerate(spent) if one != (0, 0)}


def test_usage_is_in_its_hour_and_on_its_day(ledger: sqlite3.Connection) -> None:
    take(ledger, told(NOON_MS, 5), told(NOON_MS + 90 * 60_000, 7, pid=2), told(NOON_MS - 2 * DAY_MS, 9, pid=3))

    assert not_nothing(spent_by_hour(ledger, CALENDAR)) == {12: (5, 250_000), 13: (7, 250_000)}
    assert not_nothing(spent_by_day(ledger, PAST)) == {11: (9, 250_000)}
    assert spent_by_day(ledger, CALENDAR.days)[-1] == (12, 500_000)


def test_what_is_older_or_of_the_future_is_left_out(ledger: sqlite3.Connection) -> None:
    take(ledger, told(NOON_MS - 14 * DAY_MS, 5), told(NOON_MS + DAY_MS, 7, pid=2))

    assert not_nothing(spent_by_day(ledger, CALENDAR.days)) == {}
    assert not_nothing(spent_by_hour(ledger, CALENDAR)) == {}


def asked(connection: sqlite3.Connection, past: PastDays) -> int:
    """How often the sums are read for one more look."""
    questions: list[str] = []
    connection.set_trace_callback(questions.append)
    past.spent(PAST)
    connection.set_trace_callback(None)
    return sum("FROM sums" in question for question in questions)


def test_days_that_are_over_are_added_up_once(ledger: sqlite3.Connection) -> None:
    past = PastDays(ledger)
    take(ledger, told(NOON_MS - DAY_MS, 9))

    assert asked(ledger, past) == 1
    take(ledger, told(NOON_MS, 5, pid=2))
    assert asked(ledger, past) == 0
    assert not_nothing(past.spent(PAST)) == {12: (9, 250_000)}


def test_a_message_of_a_past_day_that_comes_late(ledger: sqlite3.Connection) -> None:
    past = PastDays(ledger)
    past.spent(PAST)

    take(ledger, told(NOON_MS - 3 * DAY_MS, 9))

    assert not_nothing(past.spent(PAST)) == {10: (9, 250_000)}
    assert asked(ledger, past) == 0


@pytest.mark.parametrize(("begun_ms", "ended_ms"), [(DAY_MS, 0), (2 * DAY_MS, DAY_MS)])
def test_a_message_that_goes_over_into_the_next_day(ledger: sqlite3.Connection, begun_ms: int, ended_ms: int) -> None:
    past, script = PastDays(ledger), told(NOON_MS - begun_ms, 5)
    whole = script.lines.pop()
    take(ledger, script)
    assert sum(tokens for tokens, _ in past.spent(PAST)) == 5

    script.lines.append(whole | {"at_ms": NOON_MS - ended_ms, "completed_ms": NOON_MS - ended_ms})
    take(ledger, script, file="2.jsonl")

    assert past.spent(PAST) == spent_by_day(ledger, PAST)
    assert spent_by_day(ledger, CALENDAR.days)[13 - ended_ms // DAY_MS] == (5, 250_000)


def test_a_copy_that_was_found_out_late_leaves_its_day(ledger: sqlite3.Connection) -> None:
    past = PastDays(ledger)
    take(ledger, told(NOON_MS - DAY_MS, 9))
    before = past.spent(PAST)

    ledger.execute("UPDATE messages SET standing = 'copy'")

    assert before != past.spent(PAST) == spent_by_day(ledger, PAST)


def test_sums_that_were_added_in_bulk(ledger: sqlite3.Connection) -> None:
    past = PastDays(ledger)
    take(ledger, told(NOON_MS - DAY_MS, 9))
    past.spent(PAST)

    with transaction(ledger):
        columns = [row[1] for row in rows(ledger, "PRAGMA table_info(messages)") if row[1] not in ("id", "message")]
        columns.remove("run")
        with not_added(ledger):
            ledger.execute(
                f"INSERT INTO messages (message, {', '.join(columns)}) "
                f"SELECT 'msg_9', {', '.join(columns)} FROM messages"
            )
        add_sums(ledger, 1)

    assert not_nothing(past.spent(PAST)) == {12: (18, 500_000)}


def test_what_was_taken_back_changes_nothing(ledger: sqlite3.Connection) -> None:
    past = PastDays(ledger)
    take(ledger, told(NOON_MS - DAY_MS, 9))
    before = past.spent(PAST)

    ledger.execute("BEGIN")
    ledger.execute("UPDATE messages SET input = 90")
    ledger.execute("ROLLBACK")

    assert asked(ledger, past) == 0
    assert past.spent(PAST) == before


def test_another_zone_regroups_it(ledger: sqlite3.Connection) -> None:
    past = PastDays(ledger)
    take(ledger, told(NOON_MS - DAY_MS, 9))

    seen = {}
    for zone in ("UTC", "Pacific/Kiritimati", "UTC"):
        days = calendar_of(NOON_MS, ZoneInfo(zone)).past_days
        seen[zone] = {days[place].date.isoformat() for place in not_nothing(past.spent(days))}

    assert seen == {"UTC": {"2026-11-20"}, "Pacific/Kiritimati": {"2026-11-21"}}


def test_the_next_day_moves_on(ledger: sqlite3.Connection) -> None:
    past = PastDays(ledger)
    take(ledger, told(NOON_MS, 5))
    past.spent(PAST)

    tomorrow = calendar_of(NOON_MS + DAY_MS, UTC).past_days
    assert not_nothing(past.spent(tomorrow)) == {12: (5, 250_000)}
    take(ledger, told(NOON_MS + 60_000, 7, pid=2))
    assert not_nothing(past.spent(tomorrow)) == {12: (12, 500_000)}
    assert asked(ledger, past) == 1
