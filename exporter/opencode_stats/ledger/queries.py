"""Questions to the ledger; the answers are the core's records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from opencode_stats.core.attention import MOST_SHOWN, SHOWN_FOR_MS, AttentionItem
from opencode_stats.core.days import slot_of
from opencode_stats.core.stats import LedgerFacts, RunFacts, WorkspaceStats
from opencode_stats.core.tokens import Tokens
from opencode_stats.core.totals import Totals, Usage
from opencode_stats.ledger.recent import spent_by_day, spent_by_hour
from opencode_stats.ledger.today import workspaces_of
from opencode_stats.ledger.transactions import one_moment
from opencode_stats.ledger.unbilled import unbilled_between, unbilled_of_run, unbilled_total

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from opencode_stats.core.recent import Calendar
    from opencode_stats.ledger.recent import PastDays

_COUNTS = "input, output, reasoning, cache_read, cache_write, cost_microusd, messages"
_SUMMED = (
    "sum(input), sum(output), sum(reasoning), sum(cache_read), sum(cache_write), sum(cost_microusd), sum(messages)"
)


def facts_for(
    connection: sqlite3.Connection, calendar: Calendar, now_ms: int, past_days: PastDays | None = None
) -> LedgerFacts:
    """Everything that one publishing needs, as of one moment of the ledger.

    ``past_days`` remembers from one publishing to the next; without it they are added up anew.
    """
    with one_moment(connection):
        day, past = calendar.today, calendar.past_days
        return LedgerFacts(
            runs=_shown_runs(connection),
            day=totals_between(connection, day.start_ms, day.end_ms),
            day_title_requests=_count(
                connection,
                "SELECT count(*) FROM title_requests WHERE at_ms >= ? AND at_ms < ?",
                (day.start_ms, day.end_ms),
            ),
            total=total(connection),
            total_title_requests=total_title_requests(connection),
            first_use_ms=_first_use_ms(connection),
            attention=_attention(connection, now_ms),
            hours=spent_by_hour(connection, calendar),
            past_days=spent_by_day(connection, past) if past_days is None else past_days.spent(past),
            day_workspaces=workspaces_of(connection, day) if past_days is None else past_days.today.workspaces(day),
            day_unbilled=unbilled_between(connection, day.start_ms, day.end_ms),
            total_unbilled=unbilled_total(connection),
        )


def total(connection: sqlite3.Connection) -> Totals:
    """All usage known."""
    return _totals(connection.execute(f"SELECT provider, model, {_COUNTS} FROM sums WHERE scope = 'all'"))


def total_title_requests(connection: sqlite3.Connection) -> int:
    """All requests for a title known."""
    return _count(connection, "SELECT ifnull(max(value), 0) FROM counters WHERE name = 'title_requests'", ())


def totals_of_run(connection: sqlite3.Connection, run: int) -> Totals:
    """Usage of one run, its sub-agents included."""
    return _totals(
        connection.execute(
            f"SELECT provider, model, {_SUMMED} FROM sums WHERE scope = 'run' AND number = ? GROUP BY provider, model",
            (run,),
        )
    )


def totals_between(connection: sqlite3.Connection, start_ms: int, end_ms: int) -> Totals:
    """Usage of requests that began in the interval; both ends are whole quarter hours (``core.days``)."""
    return _totals(
        connection.execute(
            f"SELECT provider, model, {_SUMMED} FROM sums "
            "WHERE scope = 'slot' AND number >= ? AND number < ? GROUP BY provider, model",
            (slot_of(start_ms), slot_of(end_ms)),
        )
    )


def quarantined(connection: sqlite3.Connection, since_ms: int = 0) -> list[tuple[str, int]]:
    """Why lines came into quarantine since then, with the number of lines for each reason, most first."""
    return connection.execute(
        "SELECT reason, sum(lines) FROM quarantine WHERE at_ms >= ? GROUP BY reason ORDER BY sum(lines) DESC, reason",
        (since_ms,),
    ).fetchall()


def lost_lines(connection: sqlite3.Connection, since_ms: int = 0) -> int:
    """Lines that plugins said they could not keep since then."""
    return _count(connection, "SELECT ifnull(sum(lines), 0) FROM losses WHERE last_ms >= ?", (since_ms,))


@dataclass(frozen=True, slots=True)
class Lost:
    """Lines that plugins could not keep, why, and how many messages of that time OpenCode's storage alone told."""

    reason: str
    lines: int
    found_messages: int


def lost_by_reason(connection: sqlite3.Connection, since_ms: int) -> list[Lost]:
    """What plugins could not keep since then, most lines first; it looks at every message of the time concerned."""
    found = (
        "SELECT count(*) FROM messages WHERE origin = 'imported' AND standing = 'counted' "
        "AND counted_at_ms BETWEEN reasons.first_ms AND reasons.last_ms AND EXISTS (SELECT 1 FROM losses AS l WHERE "
        "l.reason = reasons.reason AND l.last_ms >= :since AND counted_at_ms BETWEEN l.first_ms AND l.last_ms)"
    )
    rows = connection.execute(
        f"SELECT reason, lines, ({found}) FROM (SELECT reason, sum(lines) AS lines, min(first_ms) AS first_ms, "
        "max(last_ms) AS last_ms FROM losses WHERE last_ms >= :since GROUP BY reason) AS reasons "
        "ORDER BY lines DESC, reason",
        {"since": since_ms},
    )
    return [Lost(*row) for row in rows]


def latest_instant_ms(connection: sqlite3.Connection) -> int:
    """When the last message was completed, or began where it never was, by the clock of that time; 0 for none."""
    return _count(connection, "SELECT ifnull(max(counted_at_ms), 0) FROM messages", ())


def pending_messages(connection: sqlite3.Connection) -> int:
    """Messages that may be a fork's copies and are in no total yet."""
    return _count(connection, "SELECT count(*) FROM messages WHERE standing = 'pending'", ())


def _shown_runs(connection: sqlite3.Connection) -> list[RunFacts]:
    """The live runs, and the one that the user used last."""
    rows = connection.execute(
        "WITH shown (run) AS (SELECT id FROM runs WHERE ended_ms IS NULL UNION SELECT id FROM "
        "(SELECT id FROM runs ORDER BY last_prompt_ms DESC, started_ms DESC, uid DESC LIMIT 1)) "
        "SELECT id, uid, process, pid, runs.started_ms, runs.ended_ms, last_activity_ms, last_prompt_ms, "
        "idle_since_ms, "
        "(SELECT count(*) FROM conversations WHERE run = runs.id AND busy = 1), "
        "(SELECT count(*) FROM requests WHERE run = runs.id AND closed_ms IS NULL) "
        "FROM shown JOIN runs ON runs.id = shown.run JOIN processes ON processes.key = runs.process"
    ).fetchall()
    return [
        RunFacts(
            run_id=uid,
            process=process,
            pid=pid,
            started_ms=started_ms,
            ended_ms=ended_ms,
            last_activity_ms=active_ms,
            last_prompt_ms=prompted_ms,
            idle_since_ms=idle_ms,
            busy=busy,
            waiting=waiting,
            workspaces=_workspaces(connection, run),
            totals=totals_of_run(connection, run),
            title_requests=_count(connection, "SELECT count(*) FROM title_requests WHERE run = ?", (run,)),
            unbilled=unbilled_of_run(connection, run),
        )
        for run, uid, process, pid, started_ms, ended_ms, active_ms, prompted_ms, idle_ms, busy, waiting in rows
    ]


def _workspaces(connection: sqlite3.Connection, run: int) -> tuple[WorkspaceStats, ...]:
    rows = connection.execute(
        "SELECT directory, sum(tokens) FROM ("
        "SELECT directory, 0 AS tokens FROM workspaces WHERE run = :run UNION ALL "
        "SELECT directory, input + output + reasoning + cache_read + cache_write FROM sums "
        "WHERE scope = 'run' AND number = :run AND directory != ''"
        ") GROUP BY directory ORDER BY 2 DESC, directory",
        {"run": run},
    )
    return tuple(WorkspaceStats(*row) for row in rows)


def _first_use_ms(connection: sqlite3.Connection) -> int | None:
    (first_ms,) = connection.execute(
        "SELECT min(at_ms) FROM (SELECT min(counted_at_ms) AS at_ms FROM messages "
        "UNION ALL SELECT min(started_ms) FROM runs UNION ALL SELECT min(first_use_ms) FROM kept_from)"
    ).fetchone()
    return None if first_ms is None else int(first_ms)


def _attention(connection: sqlite3.Connection, now_ms: int) -> list[AttentionItem]:
    rows = connection.execute(
        "SELECT attention.id, kind, uid, conversation, workspace, at_ms, turn_ms "
        "FROM attention JOIN runs ON runs.id = run "
        "WHERE closed_ms IS NULL AND at_ms > ? ORDER BY at_ms DESC, attention.id LIMIT ?",
        (now_ms - SHOWN_FOR_MS, MOST_SHOWN),
    )
    return [AttentionItem(*row) for row in rows]


def _totals(rows: Iterable[tuple[str, str, int, int, int, int, int, int, int]]) -> Totals:
    return Totals(
        {
            (provider or None, model or None): Usage(Tokens(*counts[:5]), counts[5], counts[6])
            for provider, model, *counts in rows
            if counts[6]
        }
    )


def _count(connection: sqlite3.Connection, question: str, values: tuple[object, ...]) -> int:
    (count,) = connection.execute(question, values).fetchone()
    return int(count)
