"""Money: what was recorded is what the generator says, and what was not is worth what a plain sum makes of it."""

from __future__ import annotations

import tempfile
from contextlib import closing
from datetime import UTC
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.clock import NOON_MS
from tests.support.ledgers import EXPORTER, facts
from tests.support.spools import Inbox
from tests.truth.database_v2 import write_database
from tests.truth.size import Chances
from tests.truth.spool import spool
from tests.truth.strategies import faults, histories
from tests.truth.total import truth_of

from opencode_stats.core.cost import Price, Quote, Rate, context_tokens, microusd_of, per_token, step_sizes
from opencode_stats.core.models import model_key
from opencode_stats.core.recent import calendar_of
from opencode_stats.core.stats import project
from opencode_stats.ingest.opencode_database import take_database
from opencode_stats.ledger.connection import open_ledger
from opencode_stats.ledger.unbilled import findings, split_at

if TYPE_CHECKING:
    from tests.truth.history import History
    from tests.truth.spool import Faults
    from tests.truth.total import Spent, Sum

    from opencode_stats.core.tokens import Tokens
    from opencode_stats.core.totals import ModelId

pytestmark = pytest.mark.timeout(300)
TOLD = Chances.lively(pure=0.0, late_v1_in_migrated=0.4)
LATER_MS = 1_900_000_000_000
MOCK: ModelId = ("mock", "mock-1")
USD = st.decimals(0, 100, places=6)
RATES = st.tuples(USD, USD, USD, USD)
Usd = tuple[Decimal, Decimal, Decimal, Decimal]
STEPS = st.dictionaries(st.sampled_from([500, 20_000, 32_000, 100_000, 200_000]), RATES, max_size=3)
"""Some of them are sizes that the ledger does not split at by itself."""


def worth_microusd(tokens: Tokens, base: Usd, steps: dict[int, Usd]) -> Fraction:
    """By the words of models.dev: dollars a million, the largest step that the context is above."""
    sizes = [size for size in steps if context_tokens(tokens) > size]
    prices = [Fraction(str(usd)) for usd in (steps[max(sizes)] if sizes else base)]
    counts = (tokens.input, tokens.output + tokens.reasoning, tokens.cache_read, tokens.cache_write)
    return sum((count * usd for count, usd in zip(counts, prices, strict=True)), Fraction())


def rate(usd: Usd) -> Rate:
    return Rate(*(per_token(float(one)) for one in usd))


def without_cost(past: History) -> tuple[list[Tokens], dict[str, int]]:
    """What the generator gave away: the requests of the mock model, and the tokens of everything else by key."""
    truth = truth_of(past)
    mock: list[Tokens] = []
    others: dict[str, int] = {}
    parts: list[tuple[str, Spent | Sum]] = [(model_key(one.provider, one.model), one) for one in truth.spent.values()]
    parts += [("auxiliary", one) for one in truth.auxiliary.values()]
    for key, one in parts:
        if one.tokens is None or one.cost_microusd or not one.tokens.total:
            continue
        if key == "mock/mock-1":
            mock.append(one.tokens)
        else:
            others[key] = others.get(key, 0) + one.tokens.total
    return mock, others


@given(past=histories(chances=TOLD), chosen=faults(), base=RATES, steps=STEPS, database_first=st.booleans())
def test_money_is_the_truth_to_the_microdollar(
    past: History, chosen: Faults, base: Usd, steps: dict[int, Usd], *, database_first: bool
) -> None:
    mock, others = without_cost(past)
    truth = truth_of(past)
    recorded = sum(one.cost_microusd or 0 for one in truth.spent.values())
    recorded += sum(one.cost_microusd for one in truth.auxiliary.values())
    price = Price(rate(base), tuple((size, rate(steps[size])) for size in sorted(steps)))
    quotes = {MOCK: Quote(price, "override")}
    with tempfile.TemporaryDirectory() as name, closing(open_ledger(Path(name) / "ledger.db", 0)) as ledger:
        ledger.execute("PRAGMA synchronous = OFF")  # nothing crashes here
        write_database(past, Path(name) / "opencode.db")
        inbox = Inbox(Path(name), ledger)
        for file, lines in spool(past, chosen).files.items():
            inbox.add(b"".join(lines), file)
        if database_first:
            take_database(ledger, Path(name) / "opencode.db", LATER_MS)
        inbox.spool.take_in()
        take_database(ledger, Path(name) / "opencode.db", LATER_MS)

        split_at(ledger, step_sizes(quotes.values()))
        stats = project(facts(ledger), calendar_of(NOON_MS, UTC), EXPORTER, {}, quotes)

        assert microusd_of(stats.total.total_cost) == recorded
        assert microusd_of(stats.total.list_value) == int(
            sum((worth_microusd(tokens, base, steps) for tokens in mock), Fraction(1, 2))
        )
        assert stats.total.unpriced == others
        assert findings(ledger, 9) == []
