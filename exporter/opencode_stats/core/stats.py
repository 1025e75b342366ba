"""What readers see: the records behind stats.json, and the projection that makes them from the ledger's sums.

The field names are those of docs/stats-json.md in snake case; ``contract.stats_document`` writes them in camel case.
Instants are Unix milliseconds, costs US dollars.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Literal, TypedDict

from opencode_stats.core.attention import AttentionItem  # noqa: TC001 - pydantic reads the types of Stats's fields
from opencode_stats.core.models import model_key
from opencode_stats.core.recent import DayFigures, HistoryStats, HourFigures
from opencode_stats.core.tokens import NO_TOKENS, Tokens

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from opencode_stats.core.recent import Calendar, Spent
    from opencode_stats.core.totals import Totals, Usage

SCHEMA_VERSION: Final = 1
MICROUSD_PER_USD: Final = 1_000_000

RunState = Literal["working", "waiting", "idle", "ended", "none"]


@dataclass(frozen=True, slots=True)
class ModelStats:
    """One model's share of a section."""

    provider: str | None
    model: str | None
    total_tokens: int
    tokens: Tokens
    cost: float
    messages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The figures that session, day and total have in common.

    ``title_requests`` counts requests for a title, whose tokens OpenCode 1.x reports nowhere.
    """

    total_tokens: int = 0
    tokens_by_model: dict[str, int] = field(default_factory=dict)
    total_cost: float = 0.0
    costs_by_model: dict[str, float] = field(default_factory=dict)
    tokens: Tokens = NO_TOKENS
    models: dict[str, ModelStats] = field(default_factory=dict)
    messages: int = 0
    title_requests: int = 0


@dataclass(frozen=True, slots=True)
class WorkspaceStats:
    """One directory that a run works in, with the tokens spent there in this run."""

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
    """The local day; ``date`` is ISO 8601."""

    date: str


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


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerFacts:
    """What the ledger knows for one publishing: the runs that are live or were the last to be used, and the sums.

    ``hours`` and ``past_days`` are those of the calendar that they were asked for with.
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


def project(
    facts: LedgerFacts, calendar: Calendar, exporter: ExporterStats, pids: Mapping[str, tuple[int, ...]]
) -> Stats:
    """What readers see of these facts, which were asked for with the same calendar; ``pids`` are by run."""
    live = sorted((run for run in facts.runs if run.ended_ms is None), key=_recency, reverse=True)
    shown = shown_run(facts.runs)
    return Stats(
        session=RunStats() if shown is None else run_stats(shown, pids.get(shown.run_id, ())),
        daily=DayStats(**_section(facts.day, facts.day_title_requests), date=calendar.today.date.isoformat()),
        total=TotalStats(**_section(facts.total, facts.total_title_requests), install_date=facts.first_use_ms or 0),
        sessions=tuple(run_stats(run, pids.get(run.run_id, ())) for run in live),
        attention=tuple(replace(item, pids=pids.get(item.run_id, ())) for item in facts.attention),
        history=_history(facts, calendar),
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


def run_stats(run: RunFacts, pids: tuple[int, ...] = ()) -> RunStats:
    """One run as readers see it."""
    state = _state(run)
    idle = state in ("idle", "ended")
    return RunStats(
        **_section(run.totals, run.title_requests),
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


class _Figures(TypedDict):
    """``Section``'s fields, for the records that have more of their own."""

    total_tokens: int
    tokens_by_model: dict[str, int]
    total_cost: float
    costs_by_model: dict[str, float]
    tokens: Tokens
    models: dict[str, ModelStats]
    messages: int
    title_requests: int


def _section(totals: Totals, title_requests: int) -> _Figures:
    by_key: dict[str, ModelStats] = {}
    for (provider, model), usage in sorted(totals.by_model.items(), key=_largest_first):
        by_key[model_key(provider, model)] = ModelStats(
            provider, model, usage.tokens.total, usage.tokens, usage.cost_microusd / MICROUSD_PER_USD, usage.messages
        )
    whole = totals.whole
    return {
        "total_tokens": whole.tokens.total,
        "tokens_by_model": {key: stats.total_tokens for key, stats in by_key.items()},
        "total_cost": whole.cost_microusd / MICROUSD_PER_USD,
        "costs_by_model": {key: stats.cost for key, stats in by_key.items()},
        "tokens": whole.tokens,
        "models": by_key,
        "messages": whole.messages,
        "title_requests": title_requests,
    }


def _largest_first(entry: tuple[tuple[str | None, str | None], Usage]) -> tuple[int, str, str]:
    (provider, model), usage = entry
    return -usage.tokens.total, provider or "", model or ""
