"""What readers see: the records behind stats.json, and the projection that makes them from the ledger's sums.

The field names are those of docs/stats-json.md in snake case; ``contract.stats_document`` writes them in camel case.
Instants are Unix milliseconds, costs US dollars.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Literal

from opencode_stats.core.attention import AttentionItem  # noqa: TC001 - pydantic reads the types of Stats's fields
from opencode_stats.core.cost import MICROUSD_PER_USD
from opencode_stats.core.limits import LimitStats  # noqa: TC001 - the same
from opencode_stats.core.recent import DayFigures, HistoryStats, HourFigures
from opencode_stats.core.sections import NO_QUOTES, Section, section_figures

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from opencode_stats.core.cost import Unbilled
    from opencode_stats.core.recent import Calendar, Spent
    from opencode_stats.core.sections import Quotes
    from opencode_stats.core.totals import ModelId, Totals

SCHEMA_VERSION: Final = 1
MOST_WORKSPACES: Final = 100
"""So many of a day's workspaces are shown, the most used ones."""
RunState = Literal["working", "waiting", "idle", "ended", "none"]


@dataclass(frozen=True, slots=True)
class WorkspaceStats:
    """One directory that a run works in, with the tokens spent there in this run; or on this day."""

    directory: str
    total_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStats(Section):
    """One run of OpenCode: one process (2.x: one workspace in one server process).

    To one of ``pids`` belongs the window in which it is at work: the process, its ancestors, and what shows it.
    """

    run_id: str = ""
    pid: int = 0
    pids: tuple[int, ...] = ()
    live: bool = False
    state: RunState = "none"
    is_idle: bool = True
    idle_since: int | None = None
    last_activity: int = 0
    start_time: int = 0
    workspaces: tuple[WorkspaceStats, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DayStats(Section):
    """The local day; ``date`` is ISO 8601, ``workspaces`` are those that were worked in, the most used first."""

    date: str
    workspaces: tuple[WorkspaceStats, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TotalStats(Section):
    """All usage known; ``install_date`` is the first use known, 0 before any."""

    install_date: int = 0


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that a user should know about the figures; ``code`` is for programs, ``message`` for people."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the exporter can vouch for the figures."""

    status: Literal["ok", "degraded"] = "ok"
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class ExporterStats:
    """Who wrote the file and when; ``pid`` is None where no daemon stays behind it."""

    version: str
    pid: int | None
    generated_at: int
    health: Health


@dataclass(frozen=True, slots=True)
class CurrencyStats:
    """What readers show amounts in, as the user set it: ``per_usd`` of it are a US dollar. The file has US dollars."""

    code: str = "USD"
    per_usd: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """The whole of stats.json."""

    schema_version: int = SCHEMA_VERSION
    session: RunStats
    daily: DayStats
    total: TotalStats
    sessions: tuple[RunStats, ...]
    attention: tuple[AttentionItem, ...]
    history: HistoryStats
    limits: tuple[LimitStats, ...] = ()
    currency: CurrencyStats = CurrencyStats()
    exporter: ExporterStats


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """What the ledger knows of a run.

    ``process`` is its process's key, the same for all runs of one process (``core.process_events.ProcessKey.text``).
    ``busy`` and ``waiting`` count conversations and open requests; ``idle_since_ms`` is None while it works.
    """

    run_id: str
    process: str
    pid: int
    started_ms: int
    ended_ms: int | None
    last_activity_ms: int
    last_prompt_ms: int
    idle_since_ms: int | None
    busy: int
    waiting: int
    workspaces: tuple[WorkspaceStats, ...]
    totals: Totals
    title_requests: int
    unbilled: Mapping[ModelId, Unbilled] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerFacts:
    """What the ledger knows for one publishing: the runs that are live or were the last to be used, and the sums.

    ``hours`` and ``past_days`` are those of the calendar that they were asked for with. ``*_unbilled`` is what of the
    sums OpenCode recorded at no cost.
    """

    runs: Sequence[RunFacts]
    day: Totals
    day_title_requests: int
    total: Totals
    total_title_requests: int
    first_use_ms: int | None
    attention: Sequence[AttentionItem]
    hours: Sequence[Spent]
    past_days: Sequence[Spent]
    day_workspaces: tuple[WorkspaceStats, ...] = ()
    day_unbilled: Mapping[ModelId, Unbilled] = field(default_factory=dict)
    total_unbilled: Mapping[ModelId, Unbilled] = field(default_factory=dict)


_US_DOLLARS: Final = CurrencyStats()


def project(
    facts: LedgerFacts,
    calendar: Calendar,
    exporter: ExporterStats,
    pids: Mapping[str, tuple[int, ...]],
    quotes: Quotes = NO_QUOTES,
    *,
    limits: tuple[LimitStats, ...] = (),
    currency: CurrencyStats = _US_DOLLARS,
) -> Stats:
    """What readers see of these facts, which were asked for with the same calendar; ``pids`` are by run.

    ``quotes`` are the prices of the models that have usage without a cost, as far as they are known.
    """
    live = sorted((run for run in facts.runs if run.ended_ms is None), key=_recency, reverse=True)
    shown = shown_run(facts.runs)
    return Stats(
        session=RunStats() if shown is None else run_stats(shown, pids.get(shown.run_id, ()), quotes),
        daily=DayStats(
            **section_figures(facts.day, facts.day_title_requests, facts.day_unbilled, quotes),
            date=calendar.today.date.isoformat(),
            workspaces=facts.day_workspaces,
        ),
        total=TotalStats(
            **section_figures(facts.total, facts.total_title_requests, facts.total_unbilled, quotes),
            install_date=facts.first_use_ms or 0,
        ),
        sessions=tuple(run_stats(run, pids.get(run.run_id, ()), quotes) for run in live),
        attention=tuple(replace(item, pids=pids.get(item.run_id, ())) for item in facts.attention),
        history=_history(facts, calendar),
        limits=limits,
        currency=currency,
        exporter=exporter,
    )


def shown_run(runs: Sequence[RunFacts]) -> RunFacts | None:
    """The run that ``session`` shows: the one with the latest user prompt, else the one that started last.

    One that has ended gives way to a live one that started after that prompt: a new start is zero again.
    """
    latest = max(runs, key=_recency, default=None)
    if latest is None or latest.ended_ms is None:
        return latest
    newer = [run for run in runs if run.ended_ms is None and run.started_ms > latest.last_prompt_ms]
    return max(newer, key=_recency, default=latest)


def run_stats(run: RunFacts, pids: tuple[int, ...] = (), quotes: Quotes = NO_QUOTES) -> RunStats:
    """One run as readers see it."""
    state = _state(run)
    idle = state in ("idle", "ended")
    return RunStats(
        **section_figures(run.totals, run.title_requests, run.unbilled, quotes),
        run_id=run.run_id,
        pid=run.pid,
        pids=pids,
        live=run.ended_ms is None,
        state=state,
        is_idle=idle,
        idle_since=_idle_since_ms(run) if idle else None,
        last_activity=run.last_activity_ms,
        start_time=run.started_ms,
        workspaces=run.workspaces,
    )


def _recency(run: RunFacts) -> tuple[int, int, str]:
    """The run with the latest user prompt comes first, else the one that started last; the id breaks a tie."""
    return run.last_prompt_ms, run.started_ms, run.run_id


def _state(run: RunFacts) -> RunState:
    if run.ended_ms is not None:
        return "ended"
    if run.waiting:
        return "waiting"
    return "working" if run.busy else "idle"


def _idle_since_ms(run: RunFacts) -> int:
    # Not known where the conversation that worked here went on in another run: its last sign of life here, then.
    since_ms = run.last_activity_ms if run.idle_since_ms is None else run.idle_since_ms
    return since_ms if run.ended_ms is None else min(since_ms, run.ended_ms)


def _history(facts: LedgerFacts, calendar: Calendar) -> HistoryStats:
    today = facts.day.whole
    by_day = zip(calendar.days, (*facts.past_days, (today.tokens.total, today.cost_microusd)), strict=True)
    return HistoryStats(
        hours=tuple(
            HourFigures(start_ms, tokens, microusd / MICROUSD_PER_USD)
            for start_ms, (tokens, microusd) in zip(calendar.hours, facts.hours, strict=True)
        ),
        days=tuple(
            DayFigures(day.date.isoformat(), tokens, microusd / MICROUSD_PER_USD) for day, (tokens, microusd) in by_day
        ),
    )
