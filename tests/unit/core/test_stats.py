"""The projection: what readers see of what the ledger knows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from opencode_stats.core.attention import AttentionItem
from opencode_stats.core.days import Day
from opencode_stats.core.recent import Calendar, DayFigures, HistoryStats, HourFigures
from opencode_stats.core.stats import ExporterStats, Health, LedgerFacts, RunFacts, RunStats, Stats, project, run_stats
from opencode_stats.core.tokens import Tokens
from opencode_stats.core.totals import Totals, Usage

YESTERDAY = Day(date(2026, 11, 20), -86_400_000, 0)
TODAY = Day(date(2026, 11, 21), 0, 7_200_000)
CALENDAR = Calendar((YESTERDAY, TODAY), (0, 3_600_000))
EXPORTER = ExporterStats("0.1.0", 1, 5, Health())
USAGE = Totals(
    {
        ("openai", "gpt-5"): Usage(Tokens(10, 5), 1_500_000, 2),
        ("mock", "m"): Usage(Tokens(0, 0, 0, 100), 0, 1),
        ("azure", "gpt-5"): Usage(Tokens(10, 5), 250_000, 1),
    }
)
RUN = RunFacts(
    run_id="r",
    process="p",
    pid=7,
    started_ms=100,
    ended_ms=None,
    last_activity_ms=500,
    last_prompt_ms=200,
    idle_since_ms=300,
    busy=0,
    waiting=0,
    workspaces=(),
    totals=USAGE,
    title_requests=2,
)
NOTHING = LedgerFacts(
    runs=(),
    day=Totals(),
    day_title_requests=0,
    total=Totals(),
    total_title_requests=0,
    first_use_ms=None,
    attention=(),
    hours=[(0, 0)] * 2,
    past_days=[(7, 2_500_000)],
)


def seen(*runs: RunFacts) -> Stats:
    return project(replace(NOTHING, runs=runs), CALENDAR, EXPORTER, {})


@pytest.mark.parametrize(
    ("busy", "waiting", "ended_ms", "state", "is_idle"),
    [
        (0, 0, None, "idle", True),
        (1, 0, None, "working", False),
        (3, 0, None, "working", False),
        (1, 1, None, "waiting", False),
        (0, 1, None, "waiting", False),
        (0, 0, 400, "ended", True),
        (1, 1, 400, "ended", True),
    ],
)
def test_the_state_of_a_run(busy: int, waiting: int, ended_ms: int | None, state: str, is_idle: bool) -> None:
    shown = run_stats(replace(RUN, busy=busy, waiting=waiting, ended_ms=ended_ms))

    assert (shown.state, shown.is_idle, shown.live) == (state, is_idle, ended_ms is None)
    assert (shown.idle_since is None) is not is_idle


@pytest.mark.parametrize(
    ("idle_since_ms", "ended_ms", "expected"),
    [(300, None, 300), (None, None, 500), (300, 400, 300), (500, 400, 400), (None, 900, 500)],
)
def test_since_when_a_run_is_idle(idle_since_ms: int | None, ended_ms: int | None, expected: int) -> None:
    assert run_stats(replace(RUN, idle_since_ms=idle_since_ms, ended_ms=ended_ms)).idle_since == expected


def test_before_anything_has_happened() -> None:
    stats = seen()

    assert stats.session == RunStats()
    assert (stats.session.last_activity, stats.session.start_time, stats.session.state) == (0, 0, "none")
    assert (stats.total.install_date, stats.daily.date, stats.sessions) == (0, "2026-11-21", ())


def test_a_section_says_the_same_by_model_and_in_sum() -> None:
    section = run_stats(RUN)

    assert section.tokens_by_model == {"mock/m": 100, "azure/gpt-5": 15, "gpt-5": 15}
    assert list(section.tokens_by_model) == ["mock/m", "azure/gpt-5", "gpt-5"]
    assert (section.total_tokens, section.messages, section.title_requests) == (130, 4, 2)
    assert section.tokens == Tokens(20, 10, 0, 100)
    assert (section.total_cost, section.costs_by_model["gpt-5"]) == (1.75, 1.5)
    assert section.models["gpt-5"].messages == 2


def test_the_session_is_the_run_with_the_latest_prompt() -> None:
    other = replace(RUN, run_id="s", started_ms=900, last_prompt_ms=150)

    assert seen(RUN, other).session.run_id == "r"


def test_without_prompts_the_session_is_the_run_that_started_last() -> None:
    first = replace(RUN, last_prompt_ms=0)
    second = replace(RUN, run_id="s", last_prompt_ms=0, started_ms=101)

    assert seen(first, second).session.run_id == seen(second, first).session.run_id == "s"


def test_an_ended_run_stays_the_session_until_another_one_starts() -> None:
    ended = replace(RUN, ended_ms=600)
    older = replace(RUN, run_id="older", started_ms=50, last_prompt_ms=0)
    newer = replace(RUN, run_id="newer", started_ms=700, last_prompt_ms=0)

    assert seen(ended).session.state == "ended"
    assert seen(ended, older).session.run_id == "r"
    assert seen(ended, older, newer).session.run_id == "newer"


def test_the_sessions_are_the_live_ones_the_latest_prompted_first() -> None:
    ended = replace(RUN, run_id="gone", ended_ms=600)
    other = replace(RUN, run_id="s", last_prompt_ms=999)

    assert [run.run_id for run in seen(RUN, ended, other).sessions] == ["s", "r"]


def test_the_rest_is_handed_through() -> None:
    item = AttentionItem("i", "finished", "r", "s", None, 4, None)
    stats = project(
        replace(NOTHING, day=USAGE, total=USAGE, total_title_requests=9, first_use_ms=42, attention=[item]),
        CALENDAR,
        EXPORTER,
        {},
    )

    assert (stats.attention, stats.exporter) == ((item,), EXPORTER)
    assert (stats.total.install_date, stats.total.title_requests, stats.daily.total_tokens) == (42, 9, 130)


def test_history_ends_with_the_figures_of_today() -> None:
    stats = project(replace(NOTHING, day=USAGE, hours=[(100, 0), (30, 1_750_000)]), CALENDAR, EXPORTER, {})

    assert stats.history == HistoryStats(
        hours=(HourFigures(0, 100, 0.0), HourFigures(3_600_000, 30, 1.75)),
        days=(DayFigures("2026-11-20", 7, 2.5), DayFigures("2026-11-21", 130, 1.75)),
    )
