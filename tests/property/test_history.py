"""Σ by anything = total, whatever happened and wherever time is cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import given
from hypothesis import strategies as st
from tests.support.clock import NOON_MS
from tests.support.ledgers import ledger_in_memory, take
from tests.support.stories import worlds

from opencode_stats.core.history import Dimension, Period, spans
from opencode_stats.core.totals import Totals, Usage
from opencode_stats.ledger.history import usage_between, usage_by, usage_over
from opencode_stats.ledger.queries import total

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.support.script import Script

ZONES = sorted(available_timezones() - {"localtime"})
DAY_MS = 86_400_000


def whole(parts: Iterable[Totals]) -> Usage:
    return sum((part.whole for part in parts), Usage())


@given(world=worlds(), zone=st.sampled_from(ZONES), hour=st.integers(0, 23), ends=st.integers(1, DAY_MS))
def test_every_way_of_splitting_adds_up_to_the_total(world: list[Script], zone: str, hour: int, ends: int) -> None:
    start_ms, end_ms = NOON_MS - ends, NOON_MS + DAY_MS + ends
    with ledger_in_memory() as ledger:
        take(ledger, *world)
        everything = total(ledger)

        assert usage_between(ledger, start_ms, end_ms) == everything
        for dimension in get_args(Dimension):
            assert whole(usage_by(ledger, dimension, start_ms, end_ms).values()) == everything.whole
        for period in get_args(Period):
            stretches = spans(start_ms, end_ms, period, ZoneInfo(zone), hour)
            assert whole(totals for _, totals in usage_over(ledger, stretches)) == everything.whole
