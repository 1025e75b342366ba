"""Published figures derived a second time, by the plainest way there is: one pass over the rows, no running sums.

It shares with the projection (``core.stats``) only the rules that define a figure: which row counts and when
(``core.usage``), and how a model is named (``core.models``). What it makes is compared with a stats.json as it was
read, field by field; a difference is a sentence that names the field.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from opencode_stats.core.cost import context_tokens, rounded
from opencode_stats.core.models import model_key
from opencode_stats.core.stats import MOST_WORKSPACES
from opencode_stats.core.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from opencode_stats.core.days import Day
    from opencode_stats.core.sections import Quotes

KINDS: Final = ("input", "output", "reasoning", "cacheRead", "cacheWrite")
_MICROUSD_PER_USD: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One counted row: what it adds, to which run (its id in stats.json), when, where and by which model.

    ``directory`` is what the row itself says, ``workspace`` what its conversation does where the row says none.
    ``counts`` are the five token kinds in the order of ``KINDS``; ``messages`` is 0 for usage that no message stands
    for. One may stand for several rows that are forgotten; then ``above`` says how many tokens of context each had,
    where they have no cost.
    """

    run: str | None
    at_ms: int
    directory: str | None
    workspace: str | None
    provider: str | None
    model: str | None
    counts: tuple[int, int, int, int, int]
    cost_microusd: int
    messages: int = 1
    above: int | None = None

    def exact_worth(self, quotes: Quotes) -> int | None:
        """What it is worth at its price, in billionths of a micro-dollar; None where no price is known."""
        quote = quotes.get((self.provider, self.model))
        if quote is None:
            return None
        tokens = Tokens(*self.counts)
        above = context_tokens(tokens) - 1 if self.above is None else self.above
        return quote.price.rate(above).exact_value(tokens)


@dataclass(frozen=True, slots=True)
class RunDates:
    """When a run began, was last at work, and whether it still lives."""

    started_ms: int
    last_activity_ms: int
    live: bool


@dataclass(slots=True)
class Sheet:
    """The figures of one section, added up by model key."""

    models: dict[str, list[int]] = field(default_factory=dict)
    directories: dict[str, int] = field(default_factory=dict)
    workspaces: dict[str, int] = field(default_factory=dict)
    titles: int = 0
    worth: dict[str, int] = field(default_factory=dict)
    unpriced: dict[str, int] = field(default_factory=dict)

    def add(self, entry: Entry, quotes: Quotes) -> None:
        """Adds one row; ``worth`` is in billionths of a micro-dollar."""
        key = model_key(entry.provider, entry.model)
        sums = self.models.setdefault(key, [0] * 7)
        if not entry.cost_microusd and any(entry.counts):
            worth = entry.exact_worth(quotes)
            if worth is None:
                self.unpriced[key] = self.unpriced.get(key, 0) + sum(entry.counts)
            else:
                self.worth[key] = self.worth.get(key, 0) + worth
        for place, number in enumerate((*entry.counts, entry.cost_microusd, entry.messages)):
            sums[place] += number
        for name, used in ((entry.directory, self.directories), (entry.workspace, self.workspaces)):
            if name:
                used[name] = used.get(name, 0) + sum(entry.counts)


@dataclass(slots=True)
class Sheets:
    """Everything that a stats.json shows figures of; ``recent`` are the rows of the days that its history shows."""

    total: Sheet = field(default_factory=Sheet)
    day: Sheet = field(default_factory=Sheet)
    runs: dict[str, Sheet] = field(default_factory=dict)
    recent: list[Entry] = field(default_factory=list)


def derive(
    entries: Iterable[Entry], titles: Iterable[tuple[str | None, int]], day: Day, since_ms: int, quotes: Quotes
) -> Sheets:
    """One pass over the rows; ``titles`` are the run and the instant of each request for a title.

    ``since_ms`` is where history begins, ``quotes`` are the prices of what has no recorded cost.
    """
    sheets = Sheets()
    for entry in entries:
        for sheet in _of(sheets, entry.run, entry.at_ms, day):
            sheet.add(entry, quotes)
        if entry.at_ms >= since_ms:
            sheets.recent.append(entry)
    for run, at_ms in titles:
        for sheet in _of(sheets, run, at_ms, day):
            sheet.titles += 1
    return sheets


def differences(
    document: Mapping[str, Any],
    sheets: Sheets,
    runs: Mapping[str, RunDates],
    first_use_ms: int,
    day: Callable[[str], Day],
) -> list[str]:
    """Where a stats.json says something else than the rows do.

    ``first_use_ms`` is 0 where there was no use; ``day`` gives the local day of a date.
    """
    found = [*_section("total", document["total"], sheets.total), *_section("daily", document["daily"], sheets.day)]
    found += _workspaces("daily", document["daily"], _shown_of(sheets.day))
    found += _number("total.installDate", document["total"]["installDate"], first_use_ms)
    found += _history(document, sheets, day)
    shown = [("session", document["session"])] if document["session"]["runId"] else []
    shown += [(f"sessions[{place}]", run) for place, run in enumerate(document["sessions"])]
    for where, section in shown:
        uid = section["runId"]
        if uid not in runs:
            found.append(f"{where} is the run {uid}, which the ledger does not know.")
            continue
        found += _section(where, section, sheets.runs.get(uid, Sheet()))
        found += _run(where, section, sheets.runs.get(uid, Sheet()), runs[uid])
    live = {uid for uid, run in runs.items() if run.live}
    if {run["runId"] for run in document["sessions"]} != live:
        found.append("sessions are not the runs that live.")
    if runs and not document["session"]["runId"]:
        found.append("session shows no run, and there was one.")
    return found


def _of(sheets: Sheets, run: str | None, at_ms: int, day: Day) -> Iterator[Sheet]:
    yield sheets.total
    if day.start_ms <= at_ms < day.end_ms:
        yield sheets.day
    if run is not None:
        yield sheets.runs.setdefault(run, Sheet())


def _section(where: str, section: Mapping[str, Any], sheet: Sheet) -> Iterator[str]:
    """The fields that every section has."""
    sums = {key: numbers for key, numbers in sheet.models.items() if any(numbers)}
    whole = [sum(numbers[place] for numbers in sums.values()) for place in range(7)]
    yield from _number(f"{where}.totalTokens", section["totalTokens"], sum(whole[:5]))
    yield from _number(f"{where}.totalCost (millionths)", _microusd(section["totalCost"]), whole[5])
    yield from _number(f"{where}.messages", section["messages"], whole[6])
    yield from _number(f"{where}.titleRequests", section["titleRequests"], sheet.titles)
    for place, kind in enumerate(KINDS):
        yield from _number(f"{where}.tokens.{kind}", section["tokens"][kind], whole[place])
    for name in ("models", "tokensByModel", "costsByModel"):
        if set(section[name]) != set(sums):
            yield f"{where}.{name} does not have the models of its messages."
            return
    for key, numbers in sums.items():
        model = section["models"][key]
        yield from _number(f"{where}.tokensByModel[{key}]", section["tokensByModel"][key], sum(numbers[:5]))
        yield from _number(f"{where}.models[{key}].totalTokens", model["totalTokens"], sum(numbers[:5]))
        for kind, number in zip(KINDS, numbers, strict=False):
            yield from _number(f"{where}.models[{key}].tokens.{kind}", model["tokens"][kind], number)
        for name, usd in (("costsByModel", section["costsByModel"][key]), ("models.cost", model["cost"])):
            yield from _number(f"{where}.{name}[{key}] (millionths)", _microusd(usd), numbers[5])
        yield from _number(f"{where}.models[{key}].messages", model["messages"], numbers[6])
    yield from _without_cost(where, section, sheet)


def _without_cost(where: str, section: Mapping[str, Any], sheet: Sheet) -> Iterator[str]:
    """What has no recorded cost: its worth where a price is known, else its tokens."""
    worth_microusd = {key: rounded(exact) for key, exact in sheet.worth.items()}
    yield from _number(f"{where}.listValue (millionths)", _microusd(section["listValue"]), sum(worth_microusd.values()))
    for key, model in section["models"].items():
        yield from _number(f"{where}.unpriced[{key}]", section["unpriced"].get(key, 0), sheet.unpriced.get(key, 0))
        if key not in sheet.unpriced:
            name = f"{where}.models.listValue[{key}] (millionths)"
            yield from _number(name, _microusd(model["listValue"]), worth_microusd.get(key, 0))


def _history(document: Mapping[str, Any], sheets: Sheets, day: Callable[[str], Day]) -> Iterator[str]:
    """The hours of the day and the last days: they touch, end with today, and hold what their quarter hours do."""
    history, today = document["history"], day(document["daily"]["date"])
    starts_ms = [hour["startMs"] for hour in history["hours"]]
    days = [day(one["date"]) for one in history["days"]]
    if starts_ms[:1] != [today.start_ms] or days[-1:] != [today]:
        yield "history is not that of the day that daily shows."
    if any(one.end_ms != next_one.start_ms for one, next_one in pairwise(days)):
        yield "history.days leaves a day out."
    stretches = [
        (f"history.hours[{start_ms}]", start_ms, end_ms, said)
        for (start_ms, end_ms), said in zip(pairwise([*starts_ms, today.end_ms]), history["hours"], strict=True)
    ]
    stretches += [
        (f"history.days[{one.date}]", one.start_ms, one.end_ms, said)
        for one, said in zip(days, history["days"], strict=True)
    ]
    for where, start_ms, end_ms, said in stretches:
        there = [entry for entry in sheets.recent if start_ms <= entry.at_ms < end_ms]
        yield from _number(f"{where}.totalTokens", said["totalTokens"], sum(sum(entry.counts) for entry in there))
        made_microusd = sum(entry.cost_microusd for entry in there)
        yield from _number(f"{where}.totalCost (millionths)", _microusd(said["totalCost"]), made_microusd)


def _run(where: str, section: Mapping[str, Any], sheet: Sheet, dates: RunDates) -> Iterator[str]:
    """The fields that only a run has."""
    yield from _number(f"{where}.startTime", section["startTime"], dates.started_ms)
    yield from _number(f"{where}.lastActivity", section["lastActivity"], dates.last_activity_ms)
    yield from _number(f"{where}.live", int(section["live"]), int(dates.live))
    yield from _workspaces(where, section, sheet.directories)


def _shown_of(day: Sheet) -> dict[str, int]:
    """What ``daily`` shows of the workspaces in which tokens were used."""
    used = [(workspace, tokens) for workspace, tokens in day.workspaces.items() if tokens]
    return dict(sorted(used, key=lambda one: (-one[1], one[0]))[:MOST_WORKSPACES])


def _workspaces(where: str, section: Mapping[str, Any], directories: Mapping[str, int]) -> Iterator[str]:
    said = {workspace["directory"]: workspace["totalTokens"] for workspace in section["workspaces"]}
    for directory in sorted(said.keys() | directories.keys()):
        made = directories.get(directory, 0)
        yield from _number(f"{where}.workspaces[{directory}].totalTokens", said.get(directory, 0), made)


def _number(name: str, said: int, made: int) -> Iterator[str]:
    if said != made:
        yield f"stats.json says {said} for {name}; the messages make {made}."


def _microusd(usd: float) -> int:
    return round(usd * _MICROUSD_PER_USD)
