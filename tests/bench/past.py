"""Every question about the past that the commands ask, over stretches of time of all kinds; the slowest are shown."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING, NamedTuple, get_args

from tests.bench.scene import median

from opencode_stats.core.days import day_of
from opencode_stats.core.history import Period, Span, Split, spans
from opencode_stats.ledger.conversations import Order, conversations_between
from opencode_stats.ledger.timeline import figures_over, prompts_over

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator
    from datetime import tzinfo

DAY_MS = 24 * 3600 * 1000
REPEATED = 5
AT_MOST_MS = 50.0
SLOWEST = 5
ODD_MS = 4_567_890
"""An hour and a quarter and some: neither a day nor a quarter hour begins there."""
SHOWN = 21


class Question(NamedTuple):
    """What is asked, and the asking."""

    name: str
    ask: Callable[[], object]


def pass_ms(connection: sqlite3.Connection) -> float:
    """One pass over all messages: what any of this would take at least without the sums of days."""
    return took_ms(lambda: connection.execute("SELECT sum(input), max(counted_at_ms) FROM messages").fetchall())


def questions(
    connection: sqlite3.Connection, now_ms: int, days: int, zone: tzinfo, start_hour: int
) -> Iterator[Question]:
    """All of them; hours of at most thirty days."""
    end_ms = now_ms - 777_777
    shapes = {
        "all": (now_ms - days * DAY_MS, now_ms),
        "two years that begin and end in the middle": (now_ms - 730 * DAY_MS + ODD_MS, end_ms),
        "a year": (now_ms - 365 * DAY_MS, now_ms),
        "thirty days that begin and end in the middle": (now_ms - 30 * DAY_MS + ODD_MS, end_ms),
        "a day": (now_ms - DAY_MS, now_ms),
    }
    for (shape, ends), split in itertools.product(shapes.items(), get_args(Split)):
        for period in get_args(Period):
            if period == "hour" and ends[1] - ends[0] > 30 * DAY_MS:
                continue
            yield _over(connection, shape, spans(*ends, period, zone, start_hour), period, split)
        yield _over(connection, shape, [Span("all", *ends)], "", split)
    for (shape, ends), period in itertools.product(shapes.items(), get_args(Period)):
        if period != "hour" or ends[1] - ends[0] <= 30 * DAY_MS:
            stretches = spans(*ends, period, zone, start_hour)
            yield Question(f"prompts by {period}, {shape}", lambda cut=stretches: prompts_over(connection, cut))  # type: ignore[misc]
    for (shape, ends), order in itertools.product(shapes.items(), get_args(Order)):

        def ask(ends: tuple[int, int] = ends, order: Order = order) -> object:
            return conversations_between(connection, *ends, order, SHOWN)

        yield Question(f"conversations by {order}, {shape}", ask)
    today = day_of(now_ms, zone, start_hour)
    files = [Span("before", now_ms - days * DAY_MS, today.start_ms), Span("today", today.start_ms, today.end_ms)]
    yield Question("files of workspaces", lambda: figures_over(connection, files, "directory"))


def slowest(asked: Iterator[Question], floor_ms: float) -> Iterator[str]:
    """How many there are, how many take too long, and the slowest of them."""
    took = sorted(((took_ms(one.ask), one.name) for one in asked), reverse=True)
    long = sum(ms > AT_MOST_MS for ms, _ in took)
    yield f"{len(took)} questions; {long} take more than {AT_MOST_MS:.0f} ms; the slowest:"
    for ms, name in took[: max(SLOWEST, long)]:
        yield f"  {ms:.1f} ms, {ms / floor_ms:.2f}x a pass over the messages: {name}"


def took_ms(ask: Callable[[], object]) -> float:
    """Of processor time."""
    took = []
    for _ in range(REPEATED):
        started = time.process_time()
        ask()
        took.append((time.process_time() - started) * 1000)
    return median(took)


def _over(connection: sqlite3.Connection, shape: str, stretches: list[Span], period: str, split: Split) -> Question:
    number = sum(map(len, figures_over(connection, stretches, split)))
    cut = f"by {period} and {split}" if period else f"by {split}"
    return Question(f"{cut}, {shape} ({number:,} figures)", lambda: figures_over(connection, stretches, split))
