"""What was used over time, and by whom: as tables with bars, and as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from opencode_stats.cli.render.charts import Line, Look, Table, table
from opencode_stats.cli.render.list_values import cost_cell, list_document, list_note, listed_part
from opencode_stats.cli.render.text import NARROWEST, count, span, wrapped
from opencode_stats.core.cost import MICROUSD_PER_USD
from opencode_stats.core.history import NO_FIGURES, Figures, together
from opencode_stats.core.models import UNKNOWN, model_key
from opencode_stats.core.worth import Listed, Worth, listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import tzinfo

    from opencode_stats.cli.render.text import Currency
    from opencode_stats.core.history import Key, Period, Span, Split

SPLITS: Final[dict[str, Split]] = {
    "model": "model", "provider": "provider", "workspace": "directory", "agent": "agent",
}  # fmt: skip
"""What may be written after ``--split``, and what that is called inside."""
MOST_PARTS: Final = 5
"""Of a stretch so many parts are shown, the largest; the rest together."""
_TITLES: Final = ("tokens", "cost", "messages", "prompts", "active", "out/s")
_NEEDLESS: Final = (5, 3, 4, 2, 1)
_NONE: Final = "-"
_HUNDREDFOLD: Final = 100


@dataclass(frozen=True, slots=True)
class Row:
    """One stretch of time: what was used in it, by what it is split by, and the user's prompts.

    ``worth`` is that of what has no recorded cost, by model.
    """

    span: Span
    parts: Mapping[Key, Figures]
    prompts: int
    worth: Mapping[Key, Worth] = field(default_factory=dict)

    @property
    def whole(self) -> Figures:
        """All parts together."""
        return together(self.parts.values()) if self.parts else NO_FIGURES

    @property
    def listed(self) -> Listed:
        """What is worth something besides the recorded cost, all models together."""
        return listed(self.worth.items())


@dataclass(frozen=True, slots=True)
class History:
    """Stretches that touch, and the one before them, as long as all of them together up to now (None: nothing then).

    ``unfinished``: the last of them is not over yet.
    """

    rows: Sequence[Row]
    before: Row | None
    period: Period
    split: str | None
    zone: tzinfo
    unfinished: bool = False

    @property
    def whole(self) -> Row:
        """All of it as one stretch."""
        first, last = self.rows[0].span, self.rows[-1].span
        parts: dict[Key, list[Figures]] = {}
        for row in self.rows:
            for key, figures in row.parts.items():
                parts.setdefault(key, []).append(figures)
        sums = {key: together(several) for key, several in parts.items()}
        worth: dict[Key, Worth] = {}
        for row in self.rows:
            for model, one in row.worth.items():
                worth[model] = worth.get(model, Worth()).plus(one)
        whole = type(first)("total", first.start_ms, last.end_ms)
        return Row(whole, sums, sum(row.prompts for row in self.rows), worth)


def named(key: Key, split: str) -> str:
    """What the thing is called; a model as in stats.json."""
    provider, name = key
    if split == "model":
        return model_key(provider, name)
    return (provider if split == "provider" else name) or UNKNOWN


def page(history: History, look: Look) -> str:
    """The table of the stretches, their total, and how that compares with the stretch before."""
    whole = history.whole
    if not whole.parts and not whole.prompts and history.before is None:
        return "Nothing was used in that time."
    lines: list[Line | None] = []
    for name, row in zip(_names(history), history.rows, strict=True):
        style = "bold" if history.split else ""
        lines.append(_line(name, row, look.currency, style=style))
        lines += _parts(row, history.split, look.currency)
    lines += [None, _line("total", whole, look.currency, barred=False, style="bold")]
    # Beside theirs no other bar could be seen.
    lines += [replace(line, size=None) for line in _parts(whole, history.split, look.currency)]
    if history.before is not None:
        lines.append(_line("before", history.before, look.currency, barred=False))
    costs = [line.cells[1] for line in lines if line]
    if history.before is not None:
        lines.append(_change(whole, history.before))
    shown = table(Table((history.period, *_TITLES), lines, _NEEDLESS), look)
    notes = [*cost_note(shown, costs, look), *list_note(shown, whole.listed, look), *_footnotes(history, look)]
    return "\n".join([*shown, *notes])


def document(history: History) -> dict[str, Any]:
    """The same for programs; instants are Unix milliseconds, costs US dollars."""
    return {
        "schemaVersion": 1,
        "by": history.period,
        "split": history.split,
        "periods": [_row(row, history.split) for row in history.rows],
        "total": _row(history.whole, history.split),
        "before": None if history.before is None else _row(history.before, history.split),
    }


def figures_document(figures: Figures) -> dict[str, Any]:
    """One set of figures in the words of stats.json."""
    return {
        "totalTokens": figures.tokens,
        "tokens": {
            "input": figures.input,
            "output": figures.output,
            "reasoning": figures.reasoning,
            "cacheRead": figures.cache_read,
            "cacheWrite": figures.cache_write,
        },
        "cost": figures.cost_microusd / MICROUSD_PER_USD,
        "messages": figures.messages,
        "activeMs": figures.active_ms,
        "outputTokensPerSecond": None if figures.output_per_s is None else round(figures.output_per_s, 3),
    }


def cells(figures: Figures, prompts: int | None, currency: Currency, worth: Listed | None = None) -> tuple[str, ...]:
    """The figures of a line, in the order of its columns: tokens, cost, messages, prompts, active time, rate.

    ``worth`` is that of what has no recorded cost, None where it is not known.
    """
    rate = figures.output_per_s
    return (
        count(figures.tokens),
        cost_cell(figures, worth, currency),
        count(figures.messages),
        "" if prompts is None else count(prompts),
        worked(figures.active_ms) if figures.active_ms else _NONE,
        _NONE if rate is None else count(round(rate)),
    )


def cost_note(shown: Sequence[str], costs: Iterable[str], look: Look) -> list[str]:
    """What the dash of ``cells`` means, below a table with these costs where one of them is a dash and is shown."""
    if "cost" not in shown[0] or _NONE not in costs:
        return []
    sentence = "OpenCode recorded no cost where - stands; opencode-stats prices tells what that is worth."
    return ["", *(look.styled(line, "dim") for line in wrapped(sentence, max(look.columns, NARROWEST)))]


def worked(active_ms: int) -> str:
    """A length of work: in hours where it is that long, never in days, which would be taken for a calendar's."""
    hours, minutes = divmod(active_ms // 60_000, 60)
    if hours >= _HUNDREDFOLD:
        return f"{count(hours)}h"
    return f"{hours}h{f' {minutes}m' if minutes else ''}" if hours else span(active_ms / 1000)


def _names(history: History) -> list[str]:
    """What people read of each stretch; an hour without its offset from UTC, unless the clock is changed in between."""
    names = [row.span.name for row in history.rows]
    if history.period != "hour":
        return names
    date, hour = slice(0, 10), slice(11, 13)
    changed = len({name[13:] for name in names}) > 1
    return [f"{name[date]} {name[hour]}:00{f' {name[13:]}' if changed else ''}" for name in names]


def _line(name: str, row: Row, currency: Currency, *, barred: bool = True, style: str = "") -> Line:
    figures = row.whole
    shown = cells(figures, row.prompts, currency, row.listed)
    return Line(name, shown, figures.tokens if barred else None, style=style)


def _parts(row: Row, split: str | None, currency: Currency) -> list[Line]:
    if split is None:
        return []
    largest = sorted(row.parts.items(), key=lambda part: (-part[1].tokens, named(part[0], split)))
    shown, rest = largest[:MOST_PARTS], largest[MOST_PARTS:]
    if len(rest) == 1:
        shown, rest = largest, []
    lines = [
        Line(
            named(key, split),
            cells(figures, None, currency, listed_part(key, split, row.worth)),
            figures.tokens,
            indent=2,
            foreign=True,
        )
        for key, figures in shown
    ]
    if rest:
        others = together([figures for _, figures in rest])
        worths = [listed_part(key, split, row.worth) for key, _ in rest]
        worth = None
        if all(one is not None for one in worths):
            worth = Listed(
                sum(one.microusd for one in worths if one),
                {key: tokens for one in worths if one for key, tokens in one.unpriced.items()},
            )
        lines.append(Line(f"{len(rest)} others", cells(others, None, currency, worth), others.tokens, indent=2))
    return lines


def _change(whole: Row, before: Row) -> Line:
    now, then = whole.whole, before.whole
    costs = (now.cost_microusd, then.cost_microusd)
    if not any(costs):
        costs = (whole.listed.microusd, before.listed.microusd)
    return Line(
        "change",
        (
            change(now.tokens, then.tokens),
            change(*costs),
            change(now.messages, then.messages),
            change(whole.prompts, before.prompts),
            change(now.active_ms, then.active_ms),
            "",
        ),
        style="bold",
    )


def change(now: int, then: int) -> str:
    """How much more or less that is: ``+12%``; a dash where there was nothing before."""
    if not then:
        return _NONE
    if now >= _HUNDREDFOLD * then:
        return f"{count(now // then)}-fold"
    percent = round((now - then) * 100 / then)
    return f"{'+' if percent > 0 else '-' if percent < 0 else ''}{count(abs(percent))}%"


def _footnotes(history: History, look: Look) -> list[str]:
    if history.before is None:
        return []
    ends = (history.before.span.start_ms, history.before.span.end_ms)
    first, last = (f"{datetime.fromtimestamp(at_ms / 1000, history.zone):%Y-%m-%d %H:%M}" for at_ms in ends)
    length = "as long as this has lasted so far" if history.unfinished else "as long as this"
    sentence = f"Before: from {first} to {last}, just before this and {length}."
    return ["", *(look.styled(line, "dim") for line in wrapped(sentence, max(look.columns, NARROWEST)))]


def _row(row: Row, split: str | None) -> dict[str, Any]:
    said: dict[str, Any] = {"name": row.span.name, "start": row.span.start_ms, "end": row.span.end_ms}
    said |= figures_document(row.whole) | list_document(row.listed) | {"prompts": row.prompts}
    if split is not None:
        ordered = sorted(row.parts.items(), key=lambda part: (-part[1].tokens, named(part[0], split)))
        said["parts"] = [
            {"name": named(key, split), **figures_document(figures), **_listed_document(key, split, row)}
            for key, figures in ordered
        ]
    return said


def _listed_document(key: Key, split: str, row: Row) -> dict[str, Any]:
    worth = listed_part(key, split, row.worth)
    return {} if worth is None else list_document(worth)
