"""What one publishing asks, and what it costs."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tests.support.clock import NOON_MS
from tests.support.ledgers import STRANGER, facts, stats_of, take
from tests.support.script import Script

from opencode_stats.core.attention import MOST_SHOWN, SHOWN_FOR_MS
from opencode_stats.core.recent import calendar_of
from opencode_stats.ledger.append import Cursor, append
from opencode_stats.ledger.queries import facts_for, totals_between
from opencode_stats.ledger.runs import end_process, end_quiet_runs, ended_processes, live_processes

if TYPE_CHECKING:
    import sqlite3

HOUR_MS = 3_600_000


def test_nothing_has_happened(ledger: sqlite3.Connection) -> None:
    nothing = facts(ledger)

    assert (nothing.runs, nothing.first_use_ms, nothing.attention, nothing.total_title_requests) == ([], None, [], 0)
    assert nothing.total.whole.messages == nothing.day.whole.messages == 0


def test_a_day_is_that_of_the_zone_it_is_asked_for(ledger: sqlite3.Connection) -> None:
    late = Script(at_ms=NOON_MS + 11 * HOUR_MS).started().answer("ses_a", input=100)
    take(ledger, late)
    now_ms = NOON_MS + 11 * HOUR_MS + 60_000

    def tokens_of_day(zone: str) -> tuple[date, int]:
        calendar = calendar_of(now_ms, ZoneInfo(zone))
        return calendar.today.date, facts_for(ledger, calendar, now_ms).day.whole.tokens.total

    assert tokens_of_day("UTC") == (date(2026, 11, 21), 100)
    assert tokens_of_day("Asia/Kathmandu") == (date(2026, 11, 22), 100)
    # Before and after midnight: the zone's own, to the minute.
    midnight_ms = NOON_MS + 12 * HOUR_MS
    assert totals_between(ledger, midnight_ms - HOUR_MS, midnight_ms).whole.tokens.total == 100
    assert totals_between(ledger, midnight_ms, midnight_ms + HOUR_MS).whole.tokens.total == 0


def test_yesterdays_usage_is_in_the_total_only(ledger: sqlite3.Connection) -> None:
    take(ledger, Script(at_ms=NOON_MS - 24 * HOUR_MS).started().answer("ses_a", input=100))

    stats = stats_of(ledger)
    assert (stats.daily.total_tokens, stats.total.total_tokens, stats.session.total_tokens) == (0, 100, 100)


def test_the_install_date_is_the_first_use_known_and_a_copy_knows_of_an_older_one(ledger: sqlite3.Connection) -> None:
    copied = Script().started().copy("ses_fork", created_ms=NOON_MS - 10**9)
    take(ledger, copied)

    assert stats_of(ledger).total.install_date == NOON_MS - 10**9 + 5


def test_ended_runs_are_not_shown_but_for_the_latest(ledger: sqlite3.Connection) -> None:
    scripts = [Script(pid=pid, at_ms=NOON_MS + pid).started() for pid in (1, 2, 3)]
    take(ledger, *scripts)
    for script in scripts:
        end_process(ledger, script.key.text, NOON_MS + 100)

    assert [run.pid for run in facts(ledger).runs] == [3]


def test_old_and_very_many_items_are_no_news(ledger: sqlite3.Connection) -> None:
    script = Script().started()
    for number in range(MOST_SHOWN + 10):
        script.asked(f"per_{number}", "ses_a")
    take(ledger, script)

    ids = [item.id for item in facts(ledger).attention]
    assert (len(ids), ids[0]) == (MOST_SHOWN, f"request/per_{MOST_SHOWN + 9}")
    assert facts(ledger, script.at_ms + SHOWN_FOR_MS).attention == []


def test_no_hot_question_scans_a_table_that_grows(ledger: sqlite3.Connection) -> None:
    asked: set[str] = set()
    script = Script().started().opened("/w").conversation("ses_a", directory="/w").prompt("ses_a").busy("ses_a")
    script.asked("per_1", "ses_a").answered("per_1").answer("ses_a", input=5, directory="/w").titled("ses_a", "msg_1")
    script.failed("ses_a").idle("ses_a").usage("ses_a", input=3).deleted("ses_a").closed("/w").ended()
    newer = Script(pid=2, api=2).started().conversation("ses_b", directory="/v").answer("ses_b", input=1).closed("/v")
    ledger.set_trace_callback(asked.add)
    for events in (script.events, newer.events):
        append(ledger, Cursor(f"{len(events)}.jsonl", 1, 1, b"", 1), events, STRANGER)
    live_processes(ledger)
    end_process(ledger, script.key.text, NOON_MS)
    ended_processes(ledger)
    end_quiet_runs(ledger, NOON_MS)
    facts(ledger)
    ledger.set_trace_callback(None)

    scans = set()
    for question in asked:
        if question.split()[0] not in ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH"):
            continue
        for *_, step in ledger.execute(f"EXPLAIN QUERY PLAN {question}"):
            words = step.split()
            grows = words[0] == "SCAN" and words[1].isidentifier() and words[1] not in SMALL
            if grows and not words[-1].endswith(BOUNDED):
                scans.add((words[1], step, question))
    assert len(asked) > 30
    assert scans == set()


SMALL = {"family", "line", "shown", "cursors", "CONSTANT"}
"""What a question made itself, and the files of processes that still run."""
BOUNDED = ("_live", "_open", "runs_recency", "_open_of")
"""Indexes over what is open or live only, and the one of which LIMIT 1 takes the end."""
