"""Proving the ledger, and what was published of it: running sums and stats.json against the rows, one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opencode_stats.core.derivation import Entry, RunDates, derive, differences
from opencode_stats.core.totals import fold, usage_of
from opencode_stats.ledger.messages import read_messages, read_with_runs
from opencode_stats.ledger.queries import total
from opencode_stats.ledger.transactions import one_moment

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Mapping

    from opencode_stats.core.days import Day

DERIVED = (
    "SELECT scope, number, directory, provider, model, sum(input), sum(output), sum(reasoning), sum(cache_read), "
    "sum(cache_write), sum(cost_microusd), count(*) FROM shares GROUP BY 1, 2, 3, 4, 5"
)
# A sum that its last message left (a copy after all) is a row of zeros.
KEPT = (
    "SELECT scope, number, directory, provider, model, input, output, reasoning, cache_read, cache_write, "
    "cost_microusd, messages FROM sums "
    "WHERE (input, output, reasoning, cache_read, cache_write, cost_microusd, messages) != (0, 0, 0, 0, 0, 0, 0)"
)
_TITLES_AGREE = "SELECT (SELECT count(*) FROM title_requests) = (SELECT ifnull(max(value), 0) FROM counters)"
_TITLES = "SELECT uid, at_ms FROM title_requests LEFT JOIN runs ON runs.id = run"
_RUNS = "SELECT id, uid, started_ms, last_activity_ms, ended_ms IS NULL FROM runs"


def verify(connection: sqlite3.Connection) -> list[str]:
    """What is wrong with the ledger, one sentence a finding; empty where everything holds. Changes nothing."""
    # One transaction, one moment: a writer at work between two questions would look like a finding.
    with one_moment(connection):
        return _findings(connection)


def verify_published(
    connection: sqlite3.Connection, read: Callable[[], Mapping[str, Any]], day: Callable[[str], Day]
) -> list[str]:
    """Where the published figures are not those of the rows, one sentence a finding. Changes nothing.

    ``read`` gives stats.json, and is called when the ledger's moment is fixed; ``day`` gives the local day of the date
    that stands in it.
    """
    with one_moment(connection):
        # The first question fixes the moment; what is committed after it is not seen.
        runs = connection.execute(_RUNS).fetchall()
        document = read()
        uids = {number: uid for number, uid, *_ in runs}
        dates = {uid: RunDates(started_ms, active_ms, bool(live)) for _, uid, started_ms, active_ms, live in runs}
        first_ms = [run.started_ms for run in dates.values()]
        rows = _Rows(connection, uids)
        since_ms = day(document["history"]["days"][0]["date"]).start_ms
        sheets = derive(rows.entries(), connection.execute(_TITLES), day(document["daily"]["date"]), since_ms)
        if rows.first_ms is not None:
            first_ms.append(rows.first_ms)
        return differences(document, sheets, dates, min(first_ms, default=0), day)


class _Rows:
    """The rows as entries, in one pass, and the earliest instant among all of them, counted or not."""

    def __init__(self, connection: sqlite3.Connection, uids: Mapping[int, str]) -> None:
        self._connection = connection
        self._uids = uids
        self.first_ms: int | None = None

    def entries(self) -> Iterator[Entry]:
        for message, standing, run in read_with_runs(self._connection):
            at_ms = message.counted_at_ms
            self.first_ms = at_ms if self.first_ms is None else min(self.first_ms, at_ms)
            usage = usage_of(message, standing)
            if usage.messages:
                t = usage.tokens
                yield Entry(
                    None if run is None else self._uids[run],
                    at_ms,
                    message.directory,
                    message.provider,
                    message.model,
                    (t.input, t.output, t.reasoning, t.cache_read, t.cache_write),
                    usage.cost_microusd,
                )


def _findings(connection: sqlite3.Connection) -> list[str]:
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    findings = [] if verdict == "ok" else [f"SQLite finds the file damaged: {verdict}."]
    derived, kept = set(connection.execute(DERIVED)), set(connection.execute(KEPT))
    findings += [
        f"The sum of {scope} {number} for {provider}/{model} is not that of its messages."
        for scope, number, _, provider, model in sorted({row[:5] for row in derived ^ kept})
    ]
    if connection.execute(_TITLES_AGREE).fetchone() != (1,):
        findings.append("The number of title requests is not that of its rows.")
    if fold(read_messages(connection)) != total(connection):
        findings.append("The total is not the fold of the messages.")
    return findings
