"""What history can be asked for: by whom, and over which stretches of local time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from opencode_stats.core.days import SLOT_MS, day_named, day_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import tzinfo

Dimension = Literal["run", "conversation", "root", "agent", "directory", "project", "provider", "model"]
"""What usage can be split by; ``root`` is the conversation that the user talks to, over all its sub-agents."""

Period = Literal["hour", "day", "week", "month"]

Split = Literal["model", "provider", "agent", "directory", "conversation"]
"""What the figures of a stretch of time can be split by."""

Key = tuple[str | None, str | None]
"""One of them: the provider (None but for models and providers) and the name; None is not known."""

FORGOTTEN: Final = "(forgotten)"
"""The name of an agent, a workspace or a conversation that is not kept any more (docs/history.md)."""


class Figures(NamedTuple):
    """What history shows of a stretch of time: what was used, and how long it took; a sum of counted messages.

    Its fields are columns of the ledger's sums, in their order. Differences between two accounts are
    ``core.amounts.Amounts``, totals without times ``core.totals.Usage``.

    ``active_ms``: how long requests were being answered, tools that ran meanwhile included; two at once count twice.
    ``rated_tokens`` (output and reasoning) and ``rated_ms`` are those of the messages whose time was the model's
    alone, from the request to the last token: such as ended by themselves, without calling a tool.
    """

    input: int = 0
    output: int = 0
    reasoning: int = 0
    cache_read: int = 0
    cache_write: int = 0
    cost_microusd: int = 0
    messages: int = 0
    active_ms: int = 0
    rated_tokens: int = 0
    rated_ms: int = 0

    @property
    def tokens(self) -> int:
        """All five kinds together."""
        return self.input + self.output + self.reasoning + self.cache_read + self.cache_write

    @property
    def output_per_s(self) -> float | None:
        """Output tokens a second, reasoning included; None where no message says how long its output took."""
        return self.rated_tokens * 1000 / self.rated_ms if self.rated_ms else None


NO_FIGURES: Final = Figures()
LONGEST_ANSWER_MS: Final = 24 * 60 * 60 * 1000
"""A request that took longer slept with its machine; this much of it counts as active."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of local time: ``start_ms`` inclusive, ``end_ms`` exclusive, and what it is called.

    The name of an hour is ``2026-10-25T02+02:00`` (with its offset, because a clock that is put back passes one twice),
    of a day ``2026-10-25``, of a week ``2026-W43`` (ISO 8601: from Monday), of a month ``2026-10``.
    """

    name: str
    start_ms: int
    end_ms: int


def spans(start_ms: int, end_ms: int, period: Period, zone: tzinfo, start_hour: int = 0) -> list[Span]:
    """The hours, days, weeks or months between two instants, oldest first, the first and the last cut to them.

    They touch, and together they are the whole interval. Weeks and months are made of days, so they begin when a day
    does (``start_hour``).
    """
    pieces = _hours(start_ms, end_ms, zone) if period == "hour" else _days(start_ms, end_ms, period, zone, start_hour)
    found: list[Span] = []
    for name, first_ms, last_ms in pieces:
        if found and found[-1].name == name:
            found[-1] = Span(name, found[-1].start_ms, min(last_ms, end_ms))
        else:
            found.append(Span(name, max(first_ms, start_ms), min(last_ms, end_ms)))
    return found


def span_at(at_ms: int, period: Period, zone: tzinfo, start_hour: int = 0) -> Span:
    """The whole hour, day, week or month that holds the instant."""
    if period == "hour":
        ((name, *_),) = _hours(at_ms, at_ms + 1, zone)
        around = _hours(max(0, at_ms - 8 * SLOT_MS), at_ms + 8 * SLOT_MS, zone)
        slots = [slot for slot in around if slot[0] == name]
        return Span(name, slots[0][1], slots[-1][2])
    day = day_of(at_ms, zone, start_hour)
    first, after = day.date, day.date + timedelta(days=1)
    if period == "week":
        first -= timedelta(days=first.weekday())
        after = first + timedelta(days=7)
    elif period == "month":
        first = first.replace(day=1)
        after = (first + timedelta(days=31)).replace(day=1)
    start_ms, end_ms = (day_named(one, zone, start_hour).start_ms for one in (first, after))
    return Span(spans(at_ms, at_ms + 1, period, zone, start_hour)[0].name, start_ms, end_ms)


def _hours(start_ms: int, end_ms: int, zone: tzinfo) -> Iterator[tuple[str, int, int]]:
    """Quarter hours with the names of their hours: a clock may change at any of them."""
    for at_ms in range(start_ms - start_ms % SLOT_MS, end_ms, SLOT_MS):
        local = datetime.fromtimestamp(at_ms // 1000, zone)
        yield f"{local:%Y-%m-%dT%H}{local.isoformat()[19:]}", at_ms, at_ms + SLOT_MS


def _days(start_ms: int, end_ms: int, period: Period, zone: tzinfo, start_hour: int) -> Iterator[tuple[str, int, int]]:
    at_ms = start_ms
    while at_ms < end_ms:
        day = day_of(at_ms, zone, start_hour)
        week = day.date.isocalendar()
        names = {"week": f"{week.year}-W{week.week:02d}", "month": f"{day.date:%Y-%m}"}
        yield names.get(period, day.date.isoformat()), day.start_ms, day.end_ms
        at_ms = day.end_ms


def together(parts: Iterable[Figures]) -> Figures:
    """The sum of some figures."""
    return Figures(*map(sum, zip(*parts, strict=True)))


def before(start_ms: int, end_ms: int, zone: tzinfo) -> int:
    """Where the stretch begins that ends at ``start_ms`` and is as long as this one by the clock on the wall.

    So before thirty days are thirty days, though a clock was changed in one of them. From the first of a month to the
    first of another, it is as many months.
    """
    start, end = (datetime.fromtimestamp(at_ms / 1000, zone).replace(tzinfo=None) for at_ms in (start_ms, end_ms))
    months = (end.year - start.year) * 12 + end.month - start.month
    if months and _is_first(start) and _is_first(end):
        year, month = divmod(start.year * 12 + start.month - 1 - months, 12)
        begun = start.replace(year=year, month=month + 1)
    else:
        begun = start - (end - start)
    return min(max(0, int(begun.replace(tzinfo=zone).timestamp() * 1000)), start_ms)


def _is_first(at: datetime) -> bool:
    return at.day == 1 and at.time() == time()
