"""Every answer about the past is the plain sum of its messages, wherever time is cut and whichever days are summed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, get_args
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import given
from hypothesis import strategies as st
from tests.support.clock import NOON_MS
from tests.support.ledgers import STRANGER, ledger_in_memory, rows, take
from tests.support.stories import worlds

from opencode_stats.core.days import day_of
from opencode_stats.core.history import LONGEST_ANSWER_MS, Figures, Period, Split, before, spans, together
from opencode_stats.core.totals import usage_of
from opencode_stats.ledger.append import Cursor, append
from opencode_stats.ledger.day_sums import DaySums
from opencode_stats.ledger.messages import read_messages
from opencode_stats.ledger.queries import total
from opencode_stats.ledger.timeline import figures_over, prompts_over
from opencode_stats.ledger.verify import verify

if TYPE_CHECKING:
    import sqlite3

    from tests.support.script import Script

    from opencode_stats.core.history import Key, Span
    from opencode_stats.core.usage import Message

ZONES = sorted(available_timezones() - {"localtime"})
DAY_MS = 86_400_000
zones = st.sampled_from(ZONES).map(ZoneInfo)


def plain(ledger: sqlite3.Connection, span: Span, split: Split) -> dict[Key, Figures]:
    """The definition, message by message."""
    known = {
        name: (agent, place)
        for name, agent, place in rows(ledger, "SELECT conversation, agent, directory FROM conversations")
    }
    found: dict[Key, list[Figures]] = {}
    for message, standing in read_messages(ledger):
        usage = usage_of(message, standing)
        if usage.messages and span.start_ms <= message.counted_at_ms < span.end_ms:
            agent, place = known.get(message.conversation, (None, None))
            key: Key = {
                "model": (message.provider, message.model),
                "provider": (message.provider, None),
                "agent": (None, message.agent or agent),
                "directory": (None, message.directory or place),
                "conversation": (None, message.conversation),
            }[split]
            found.setdefault(key, []).append(one(message))
    return {key: together(parts) for key, parts in found.items()}


def one(message: Message) -> Figures:
    t = message.tokens
    assert t is not None
    took_ms = 0
    if message.created_ms is not None and message.completed_ms is not None:
        took_ms = min(max(0, message.completed_ms - message.created_ms), LONGEST_ANSWER_MS)
    rated_ms = took_ms if message.finish == "stop" else 0
    return Figures(
        t.input, t.output, t.reasoning, t.cache_read, t.cache_write, message.cost_microusd or 0, 1, took_ms,
        t.output + t.reasoning if rated_ms else 0, rated_ms,
    )  # fmt: skip


def plain_prompts(ledger: sqlite3.Connection, span: Span) -> int:
    children = {name for (name,) in rows(ledger, "SELECT conversation FROM conversations WHERE parent IS NOT NULL")}
    told = rows(ledger, "SELECT conversation, at_ms FROM prompts")
    return sum(1 for name, at_ms in told if name not in children and span.start_ms <= at_ms < span.end_ms)


def check(ledger: sqlite3.Connection, stretches: list[Span]) -> None:
    for split in get_args(Split):
        answers = figures_over(ledger, stretches, split)
        assert answers == [plain(ledger, span, split) for span in stretches], split
        everything = together([figures for answer in answers for figures in answer.values()])
        whole = total(ledger).whole
        assert (everything.tokens, everything.cost_microusd) == (whole.tokens.total, whole.cost_microusd)
    assert prompts_over(ledger, stretches) == [plain_prompts(ledger, span) for span in stretches]


@given(
    world=worlds(), late=worlds(), zone=zones, other=zones, hour=st.integers(0, 23), ends=st.integers(1, DAY_MS),
    period=st.sampled_from(get_args(Period)), days=st.integers(0, 3),
)  # fmt: skip
def test_every_answer_is_the_sum_of_its_messages(
    *, world: list[Script], late: list[Script], zone: ZoneInfo, other: ZoneInfo, hour: int, ends: int, period: Period,
    days: int,
) -> None:  # fmt: skip
    stretches = spans(NOON_MS - ends, NOON_MS + DAY_MS + ends, period, zone, hour)
    with ledger_in_memory() as ledger:
        take(ledger, *world)
        check(ledger, stretches)

        # Some days are summed, in this zone or another; then what is told late changes some of them.
        sums = DaySums(ledger)
        assert sums.go_on(NOON_MS + days * DAY_MS, zone, hour, to_the_end=True) == 0
        check(ledger, stretches)
        assert verify(ledger) == []
        for number, script in enumerate(late):
            append(ledger, Cursor(f"late-{number}", 2, number, b"", 1), script.events, STRANGER)
        check(ledger, stretches)
        assert verify(ledger) == []

        DaySums(ledger).go_on(NOON_MS + days * DAY_MS, other, to_the_end=True)
        check(ledger, stretches)
        assert verify(ledger) == []


@given(zone=zones, at_ms=st.integers(NOON_MS - 2000 * DAY_MS, NOON_MS), days=st.integers(1, 60))
def test_before_some_days_are_as_many_days(zone: ZoneInfo, at_ms: int, days: int) -> None:
    start_ms = end_ms = day_of(at_ms, zone).start_ms
    for _ in range(days):
        end_ms = day_of(end_ms, zone).end_ms
    begun_ms = before(start_ms, end_ms, zone)

    local = [datetime.fromtimestamp(ms / 1000, zone) for ms in (begun_ms, start_ms, end_ms)]
    assert begun_ms <= start_ms
    months = (
        local[1].day == 1 and local[2].day == 1 and (local[1].month, local[1].year) != (local[2].month, local[2].year)
    )
    if not months and begun_ms < start_ms and all(when.hour == 0 for when in local):
        assert local[1].date() - local[0].date() == local[2].date() - local[1].date()


def test_before_a_month_is_the_month_before() -> None:
    march, april = (int(datetime(2026, month, 1, tzinfo=UTC).timestamp() * 1000) for month in (3, 4))

    assert datetime.fromtimestamp(before(march, april, UTC) / 1000, UTC) == datetime(2026, 2, 1, tzinfo=UTC)
