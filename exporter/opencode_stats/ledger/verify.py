"""Proving the ledger, and what was published of it: running sums and stats.json against the rows, one by one.

All of it is asked at one moment, and in one pass over the rows: a writer at work between two questions would look like
a finding. Nothing is changed.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from opencode_stats.core.derivation import Entry, RunDates, derive, differences
from opencode_stats.core.sections import NO_QUOTES
from opencode_stats.core.tokens import Tokens
from opencode_stats.core.totals import Totals, Usage, usage_of
from opencode_stats.ledger.day_sums import day_sum_findings
from opencode_stats.ledger.forgotten import forgotten_slots, forgotten_titles
from opencode_stats.ledger.messages import read_with_runs
from opencode_stats.ledger.queries import total
from opencode_stats.ledger.soundness import MOST_NAMED, findings
from opencode_stats.ledger.transactions import one_moment

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from opencode_stats.core.days import Day
    from opencode_stats.core.sections import Quotes
    from opencode_stats.core.totals import ModelId

_TITLES = "SELECT uid, at_ms FROM title_requests LEFT JOIN runs ON runs.id = run"
_WITHOUT_COST = (
    "SELECT DISTINCT provider, model FROM messages WHERE ifnull(cost_microusd, 0) = 0 AND input IS NOT NULL "
    "UNION SELECT nullif(provider, ''), nullif(model, '') FROM forgotten_unbilled"
)
_FIRST_FORGOTTEN = "SELECT first_use_ms FROM kept_from"
_DIRECTORIES = "SELECT conversation, directory FROM conversations WHERE directory IS NOT NULL"
_RUNS = "SELECT id, uid, started_ms, last_activity_ms, ended_ms IS NULL FROM runs"


def verify(connection: sqlite3.Connection) -> list[str]:
    """What is wrong with the ledger, one sentence a finding; empty where everything holds."""
    with one_moment(connection):
        wrong = findings(connection)
        if wrong:
            return wrong
        rows = _Rows(connection, dict(connection.execute("SELECT id, uid FROM runs")))
        for _ in rows.entries():
            pass
        return _total(connection, rows) + day_sum_findings(connection, MOST_NAMED)


def prove(
    connection: sqlite3.Connection,
    read: Callable[[], Mapping[str, Any]],
    day: Callable[[str], Day],
    prices: Callable[[Iterable[ModelId]], Quotes] = lambda _: NO_QUOTES,
) -> tuple[list[str], list[str]]:
    """What is wrong with the ledger, and where the published figures are not those of the rows.

    ``read`` gives stats.json, and is called when the ledger's moment is fixed; ``day`` gives the local day of the date
    that stands in it, ``prices`` those of models.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: that is no stats.json of this version.
    """
    with one_moment(connection):
        # The first question fixes the moment; what is committed after it is not seen.
        runs = connection.execute(_RUNS).fetchall()
        document = read()
        dates = {uid: RunDates(started_ms, active_ms, bool(live)) for _, uid, started_ms, active_ms, live in runs}
        first_ms = [run.started_ms for run in dates.values()]
        first_ms += [at_ms for (at_ms,) in connection.execute(_FIRST_FORGOTTEN)]
        rows = _Rows(connection, {number: uid for number, uid, *_ in runs})
        since_ms = day(document["history"]["days"][0]["date"]).start_ms
        quotes = prices(connection.execute(_WITHOUT_COST).fetchall())
        titles = chain(connection.execute(_TITLES), forgotten_titles(connection))
        sheets = derive(rows.entries(), titles, day(document["daily"]["date"]), since_ms, quotes)
        if rows.first_ms is not None:
            first_ms.append(rows.first_ms)
        published = differences(document, sheets, dates, min(first_ms, default=0), day)
        wrong = findings(connection) or _total(connection, rows) + day_sum_findings(connection, MOST_NAMED)
        return wrong, published


class _Rows:
    """The rows as entries, in one pass; what they are together, and the earliest instant, be it counted or not."""

    def __init__(self, connection: sqlite3.Connection, uids: Mapping[int, str]) -> None:
        self._connection = connection
        self._uids = uids
        self._by_model: dict[ModelId, Usage] = {}
        self.first_ms: int | None = None

    @property
    def fold(self) -> Totals:
        """The definition of the total (``core.totals.fold``), of the rows that were read."""
        return Totals(self._by_model)

    def entries(self) -> Iterator[Entry]:
        directories = dict(self._connection.execute(_DIRECTORIES))
        for message, standing, run in read_with_runs(self._connection):
            at_ms = message.counted_at_ms
            self.first_ms = at_ms if self.first_ms is None else min(self.first_ms, at_ms)
            usage = usage_of(message, standing)
            if usage.messages:
                key = (message.provider, message.model)
                self._by_model[key] = self._by_model.get(key, Usage()) + usage
                t = usage.tokens
                yield Entry(
                    None if run is None else self._uids.get(run, f"run {run}"),
                    at_ms,
                    message.directory,
                    directories.get(message.conversation) if message.directory is None else message.directory,
                    message.provider,
                    message.model,
                    (t.input, t.output, t.reasoning, t.cache_read, t.cache_write),
                    usage.cost_microusd,
                )
        for slot in forgotten_slots(self._connection):
            key = (slot.provider, slot.model)
            self._by_model[key] = self._by_model.get(key, Usage()) + Usage(
                Tokens(*slot.counts), slot.cost_microusd, slot.messages
            )
            yield Entry(None, slot.at_ms, None, None, *key, slot.counts, slot.cost_microusd, slot.messages, slot.above)


def _total(connection: sqlite3.Connection, rows: _Rows) -> list[str]:
    return [] if rows.fold == total(connection) else ["The total is not the fold of the messages."]
