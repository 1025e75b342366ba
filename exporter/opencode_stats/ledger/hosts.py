"""What each host used, every message counted once, however many hosts have it."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from opencode_stats.core.history import Span
from opencode_stats.core.totals import Totals
from opencode_stats.ledger.foreign import own_host
from opencode_stats.ledger.host_days import SHARED_WITHIN, add_days, add_told, covered
from opencode_stats.ledger.queries import total
from opencode_stats.ledger.shared import COUNTS, Both, HostSums, both_of
from opencode_stats.ledger.timeline import figures_over

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

    from opencode_stats.core.tokens import Tokens
    from opencode_stats.core.totals import ModelId

_ALWAYS: Final = (0, 2**62)
# Those that are in no day's sums, and those that came into this ledger since others were noted.
_FEW_SHARED: Final = (
    "SELECT message FROM shared_apart UNION SELECT later.message FROM messages AS later "
    "JOIN foreign_messages USING (message) WHERE later.id > (SELECT message_id FROM shared_until)"
)
_ALL_SHARED: Final = f"{_FEW_SHARED} UNION SELECT message FROM shared_messages"
_LOOKED_AT: Final = 5_000
"""Where more messages than these are in no day's sums, they are not looked through, but all that are noted."""
_MANY: Final = (
    f"SELECT count(*) FROM (SELECT 1 FROM {{}} WHERE counted_at_ms >= ? AND counted_at_ms < ? LIMIT {_LOOKED_AT})"
)


@dataclass(frozen=True, slots=True)
class HostUsage:
    """One host and what it used: ``written_ms`` is when the newest of its files that was read was written.

    ``host`` is empty for this one as long as it has no id.
    """

    host: str
    name: str
    own: bool
    written_ms: int
    totals: Totals = field(default_factory=Totals)


def usage_by_host(
    connection: sqlite3.Connection, ends: tuple[int, int] | None, name: str, now_ms: int
) -> list[HostUsage]:
    """Every host that is known, this one (called ``name``) first, and what it used between two instants.

    ``ends`` is None for all that is known. The caller holds one moment of the ledger.
    """
    others = connection.execute("SELECT host, name, own, written_ms FROM hosts WHERE NOT own ORDER BY name, host")
    own = own_host(connection) or ""
    # Under the name that it has now: the one that is kept is as old as its last file.
    rows = [(own, name, 1, now_ms), *others]
    sums = HostSums()
    for model, numbers in _own(connection, ends):
        sums.add(own, model, numbers)
    days = covered(connection, *(ends or _ALWAYS))
    add_days(connection, sums, days)
    gaps = list(_gaps(ends or _ALWAYS, days))
    for gap in gaps:
        add_told(connection, sums, *gap)
    apart = {name for (name,) in connection.execute("SELECT message FROM shared_apart")}
    for one in _shared(connection, own, gaps):
        if one.message in apart or not _is_within(one, days):
            one.put_right(sums, ends)
    return [
        HostUsage(host, said, bool(is_own), now_ms if is_own else written_ms, sums.of(host))
        for host, said, is_own, written_ms in rows
    ]


def _gaps(ends: tuple[int, int], days: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """What is left of an interval without these days."""
    at_ms = ends[0]
    for start_ms, end_ms in (*days, (ends[1], ends[1])):
        if at_ms < start_ms:
            yield at_ms, start_ms
        at_ms = end_ms


def _shared(connection: sqlite3.Connection, own: str, gaps: Sequence[tuple[int, int]]) -> Iterator[Both]:
    """Each message that this host and another have, but for those of which all is known to be in sums of days."""
    looked_at = 0
    for gap in gaps:
        for table in ("messages", "foreign_messages"):
            looked_at += connection.execute(_MANY.format(table), gap).fetchone()[0]
    if looked_at >= _LOOKED_AT:
        yield from both_of(connection, own, _ALL_SHARED, {})
        return
    seen: set[str] = set()
    questions: list[tuple[str, dict[str, int]]] = [
        (_FEW_SHARED, {}),
        *((SHARED_WITHIN, {"start": start, "end": end}) for start, end in gaps),
    ]
    for question, values in questions:
        for one in both_of(connection, own, question, values):
            if one.message not in seen:
                seen.add(one.message)
                yield one


def _is_within(one: Both, days: Sequence[tuple[int, int]]) -> bool:
    """Whether it counts here and there within one of these days."""
    here_ms, there_ms = one.instants
    place = bisect_right(days, (here_ms, 2**63)) - 1
    return place >= 0 and all(days[place][0] <= at_ms < days[place][1] for at_ms in (here_ms, there_ms))


def _own(connection: sqlite3.Connection, ends: tuple[int, int] | None) -> Iterator[tuple[ModelId, Sequence[int]]]:
    if ends is None:
        for model, usage in total(connection).by_model.items():
            yield model, (*_numbers(usage.tokens), usage.cost_microusd, usage.messages)
        return
    # Days that are summed are a hundredth of their quarter hours.
    (by_model,) = figures_over(connection, [Span("", *ends)], "model")
    for model, figures in by_model.items():
        yield model, figures[: len(COUNTS)]


def _numbers(tokens: Tokens) -> tuple[int, ...]:
    return tokens.input, tokens.output, tokens.reasoning, tokens.cache_read, tokens.cache_write
