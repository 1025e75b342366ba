"""Limits over any history, in any zone, by any clock: the same as a model that looks at every message anew."""

from __future__ import annotations

import math
from datetime import UTC, tzinfo
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from tests.support.ledgers import ledger_in_memory, rows, take
from tests.support.script import Script

from opencode_stats.core.days import SLOT_MS, day_of
from opencode_stats.core.limits import Calendar, Limit, Rolling, Unit, Use, Window, parse_window, stats_of
from opencode_stats.core.models import model_key
from opencode_stats.ledger.day_sums import DaySums
from opencode_stats.ledger.limits import WindowUses

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
SUMMER_ENDS_MS = 1_792_890_000_000  # 2026-10-25 01:00 UTC
ZONES = [UTC, *map(ZoneInfo, ("Europe/Berlin", "America/Santiago", "Australia/Lord_Howe", "Asia/Kathmandu"))]
"""Clocks go back and forth within forty days of that instant, one by half an hour; one zone is no whole hours away."""
WINDOWS = ("15m", "5h", "1d", "36h", "10d", "2w", "day", "week", "month")
UNITS: tuple[Unit, ...] = ("tokens", "usd")
WHOSE = {
    "all": ("",),
    "provider": ("anthropic", "mock", "nobody"),
    "model": ("claude-sonnet-5", "mock/m", "never"),
    "workspace": ("/w", "/x"),
    "agent": ("build", "plan"),
}


class Row(NamedTuple):
    at_ms: int
    tokens: int
    microusd: int | None
    of: dict[str, str | None]


def limit(of: str, whose: str, window: str, unit: Unit) -> Limit:
    return Limit(name="l", window=window, unit=unit, amount=100, of=of, whose=whose)  # type: ignore[arg-type]


LIMITS = st.sampled_from([limit(of, whose, window, unit) for of, names in WHOSE.items() for whose in names
                          for window in WINDOWS for unit in UNITS])  # fmt: skip


@st.composite
def answers(draw: st.DrawFn) -> list[Script]:
    """Some messages, close together or months apart, none of them in the order of time."""
    made = []
    for number in range(draw(st.integers(0, 6))):
        away_ms = draw(st.sampled_from([HOUR_MS, 5 * HOUR_MS, DAY_MS, 40 * DAY_MS]))
        at_ms = SUMMER_ENDS_MS + draw(st.integers(-away_ms, away_ms))
        script = Script(pid=draw(st.integers(1, 10**6)), at_ms=at_ms, start_ticks=number).started()
        if draw(st.booleans()):
            # What its messages do not say of themselves.
            script.conversation(f"ses_{at_ms}", agent=draw(st.sampled_from(["build", "plan"])), directory="/w")
        for _ in range(draw(st.integers(1, 3))):
            script.wait(draw(st.sampled_from([0, SLOT_MS, HOUR_MS, 5 * HOUR_MS])))
            provider, model = draw(st.sampled_from([("anthropic", "claude-sonnet-5"), ("mock", "m")]))
            script.answer(
                f"ses_{at_ms}",
                input=draw(st.integers(0, 50)),
                cost_usd=draw(st.sampled_from([0.0, 0.00001, 0.00002])),
                provider=provider,
                model=model,
                agent=draw(st.sampled_from([None, "build", "plan"])),
                directory=draw(st.sampled_from([None, "/w", "/x"])),
            )
        made.append(script)
    return made


def read(ledger: sqlite3.Connection) -> list[Row]:
    found = rows(
        ledger,
        "SELECT counted_at_ms, input + output + reasoning + cache_read + cache_write, cost_microusd, provider, model, "
        "ifnull(m.directory, c.directory), ifnull(m.agent, c.agent) FROM messages AS m LEFT JOIN conversations AS c "
        "ON c.conversation = m.conversation WHERE standing = 'counted' AND input IS NOT NULL ORDER BY counted_at_ms",
    )
    return [
        Row(
            at_ms,
            tokens,
            microusd,
            {"provider": provider, "model": model_key(provider, model), "workspace": place, "agent": agent},
        )
        for at_ms, tokens, microusd, provider, model, place, agent in found
    ]


def quarter(at_ms: int) -> int:
    return at_ms - at_ms % SLOT_MS


def label(at_ms: int, period: str, zone: tzinfo, start_hour: int) -> object:
    begun = day_of(at_ms, zone, start_hour).date
    return {"day": begun, "week": begun.isocalendar()[:2], "month": (begun.year, begun.month)}[period]


def model_window(own: list[Row], window: str, now_ms: int, zone: tzinfo, start_hour: int) -> Window | None:
    """Every message in turn; every quarter hour of the month around."""
    parsed = parse_window(window)
    if isinstance(parsed, Rolling):
        start_ms = None
        for row in own:
            if quarter(row.at_ms) <= now_ms and (start_ms is None or row.at_ms >= start_ms + parsed.length_ms):
                start_ms = quarter(row.at_ms)
        if start_ms is None or now_ms >= start_ms + parsed.length_ms:
            return None
        return Window(start_ms, start_ms + parsed.length_ms)
    period = parsed.period

    def same(step_ms: int) -> Iterator[int]:
        at_ms, wanted = quarter(now_ms), label(now_ms, period, zone, start_hour)
        while label(at_ms, period, zone, start_hour) == wanted:
            yield at_ms
            at_ms += step_ms

    return Window(min(same(-SLOT_MS)), max(same(SLOT_MS)) + SLOT_MS)


def check(
    ledger: sqlite3.Connection, uses: WindowUses, limits: list[Limit], now_ms: int, day: tuple[tzinfo, int]
) -> None:
    zone, start_hour = day
    history = read(ledger)
    for one, window, found in uses.look(limits, now_ms, zone, start_hour):
        own = [row for row in history if one.of == "all" or row.of[one.of] == one.whose]
        expected = model_window(own, one.window, now_ms, zone, start_hour)
        assert window == expected, one
        inside = [row for row in own if window and window.start_ms <= row.at_ms < window.end_ms]
        inside = [row for row in inside if quarter(row.at_ms) <= now_ms]
        assert sum(use.tokens for use in found) == sum(row.tokens for row in inside), one
        assert sum(use.microusd for use in found) == sum(row.microusd or 0 for row in inside), one
        costless = sum(row.microusd is None for row in inside) if one.unit == "usd" else 0
        assert sum(use.costless for use in found) == costless, one
        assert [use.slot for use in found] == sorted({row.at_ms // SLOT_MS for row in inside}), one
        check_stats(one, window, found, inside)


def check_stats(one: Limit, window: Window | None, found: list[Use], inside: list[Row]) -> None:
    """What is shown, in whole numbers."""
    shown = stats_of(one, window, found)
    used = sum(row.tokens if one.unit == "tokens" else row.microusd or 0 for row in inside)
    unknown = one.unit == "usd" and any(row.microusd is None for row in inside)
    share = Fraction(used * 100, one.amount)
    if share >= one.critical_percent:
        level = "critical"
    elif share >= one.warning_percent:
        level = "warning"
    else:
        level = "unknown" if unknown else "normal"
    assert shown.level == level, one
    assert shown.percent == (None if unknown else float(Fraction(math.floor(share * 10), 10))), one
    assert (shown.used_tokens, shown.used_usd) == ((used, None) if one.unit == "tokens" else (None, used / 1e6)), one
    assert (shown.starts_at_ms, shown.resets_at_ms) == (window or (None, None)), one
    whose = {"provider": shown.provider, "model": shown.model, "workspace": shown.workspace, "agent": shown.agent}
    assert {of: name for of, name in whose.items() if name is not None} == ({one.of: one.whose} if one.whose else {})
    if shown.reached_at_ms is not None:
        assert window is not None
        assert window.start_ms < shown.reached_at_ms < window.end_ms, one
        assert shown.reached_earliest_ms is not None
        assert shown.reached_earliest_ms <= shown.reached_at_ms <= (shown.reached_latest_ms or window.end_ms), one


MOMENTS = st.lists(
    st.tuples(
        answers(),
        st.one_of(st.integers(-3 * DAY_MS, 3 * DAY_MS), st.integers(-50 * DAY_MS, 50 * DAY_MS)),
        st.sampled_from(ZONES),
        st.sampled_from([False, False, True]),
    ),
    min_size=1,
    max_size=5,
)


@given(limits=st.lists(LIMITS, min_size=1, max_size=4), moments=MOMENTS, start_hour=st.sampled_from([0, 0, 2, 5, 23]))
def test_as_a_model_has_it_that_looks_at_every_message(
    limits: list[Limit], moments: list[tuple[list[Script], int, tzinfo, bool]], start_hour: int
) -> None:
    """Messages come late, clocks are set, the user travels, costs are not known: nothing is remembered wrongly.

    Nor is anything overlooked where days are summed, of which some change afterwards.
    """
    with ledger_in_memory() as ledger:
        uses = WindowUses(ledger)
        for number, (scripts, away_ms, zone, summed) in enumerate(moments):
            take(ledger, *scripts, file=f"{number}.jsonl")
            if number % 2:
                ledger.execute("UPDATE messages SET cost_microusd = NULL WHERE id % 5 = 0")
                ledger.execute("UPDATE messages SET standing = 'copy' WHERE id % 7 = 0")
            if summed:
                DaySums(ledger).go_on(SUMMER_ENDS_MS + away_ms, zone, start_hour, to_the_end=True)
            check(ledger, uses, limits, SUMMER_ENDS_MS + away_ms, (zone, start_hour))
            check(ledger, uses, limits, SUMMER_ENDS_MS + away_ms + 4 * HOUR_MS, (zone, start_hour))
            # Without a memory it is the same.
            check(ledger, WindowUses(ledger), limits, SUMMER_ENDS_MS + away_ms, (zone, start_hour))


def test_every_window_is_one_that_can_be_set() -> None:
    assert {type(parse_window(window)) for window in WINDOWS} == {Rolling, Calendar}
