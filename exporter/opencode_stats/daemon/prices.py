"""The facts of one publishing with the prices that they need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opencode_stats.core.cost import step_sizes
from opencode_stats.core.stats import Problem
from opencode_stats.ledger.queries import facts_for
from opencode_stats.ledger.unbilled import split_at

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from opencode_stats.core.cost import Price
    from opencode_stats.core.recent import Calendar
    from opencode_stats.core.sections import Quotes
    from opencode_stats.core.stats import LedgerFacts
    from opencode_stats.ledger.recent import PastDays
    from opencode_stats.opencode.price_lists import PriceLists


def priced_facts(
    connection: sqlite3.Connection,
    calendar: Calendar,
    now_ms: int,
    past_days: PastDays,
    *,
    lists: PriceLists,
    own: Mapping[str, Price],
) -> tuple[LedgerFacts, Quotes]:
    """What the ledger knows, and what the models cost whose usage OpenCode recorded at no cost.

    ``own`` are the user's prices. Where a price changes at a size of context that the ledger does not split at, it is
    made to: then all such usage is summed anew, a second for a million messages, and never again for that size.

    Raises:
        sqlite3.Error: the ledger can't be read, or written.
    """
    facts = facts_for(connection, calendar, now_ms, past_days)
    quotes = lists.quotes(facts.total_unbilled, own)
    if split_at(connection, step_sizes(quotes.values())):
        facts = facts_for(connection, calendar, now_ms, past_days)
    return facts, quotes


def price_problems(trouble: str) -> tuple[Problem, ...]:
    """What is wrong with OpenCode's own price list, if anything is."""
    return (Problem("prices", f"{trouble} The list that came with opencode-stats is used."),) if trouble else ()
