"""Whatever happened, what is published is what the rows make, and making the sums anew changes nothing."""

from __future__ import annotations

import json
from datetime import date, timedelta, timezone
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from tests.support.clock import NOON_MS
from tests.support.ledgers import EXPORTER, ledger_in_memory, take
from tests.support.stories import worlds

from opencode_stats.contract.stats_document import document_of, encode
from opencode_stats.core.days import day_named
from opencode_stats.core.recent import calendar_of
from opencode_stats.core.stats import project
from opencode_stats.ledger.queries import facts_for
from opencode_stats.ledger.rebuild import rebuild
from opencode_stats.ledger.recent import PastDays
from opencode_stats.ledger.verify import prove, verify

if TYPE_CHECKING:
    from tests.support.script import Script


@given(world=worlds(), east_h=st.integers(-12, 12), start_hour=st.integers(0, 23))
def test_two_ways_of_adding_up_agree(world: list[Script], east_h: int, start_hour: int) -> None:
    zone = timezone(timedelta(hours=east_h))
    with ledger_in_memory() as ledger:
        calendar = calendar_of(NOON_MS, zone, start_hour)
        past_days = PastDays(ledger)
        for script in world:
            take(ledger, script, file=script.file_name)
            facts = facts_for(ledger, calendar, NOON_MS, past_days)
            assert facts == facts_for(ledger, calendar, NOON_MS)
        stats = project(facts, calendar, EXPORTER, {})
        document = json.loads(encode(document_of(stats)))

        found = prove(ledger, lambda: document, lambda name: day_named(date.fromisoformat(name), zone, start_hour))
        assert (found, verify(ledger), rebuild(ledger).changes) == (([], []), [], ())
