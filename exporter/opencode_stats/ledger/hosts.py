"""What each host used, every message counted once, however many hosts have it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from opencode_stats.core.auxiliary import PREFIX
from opencode_stats.core.days import SLOT_MS
from opencode_stats.core.history import Span
from opencode_stats.core.hosts import Account, merged
from opencode_stats.core.tokens import Tokens
from opencode_stats.core.totals import Totals, Usage
from opencode_stats.ledger.foreign import FACTS, OWN, message_of, own_host
from opencode_stats.ledger.queries import total
from opencode_stats.ledger.timeline import figures_over

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

    from opencode_stats.core.hosts import HostMessage
    from opencode_stats.core.totals import ModelId

_COUNTS: Final = ("input", "output", "reasoning", "cache_read", "cache_write", "cost_microusd", "messages")
# In halves: a sum of quarter hours may be more than SQLite can hold, which each of them is not.
_HALF: Final = 2**32
_SUMMED: Final = ", ".join(f"sum({name} / {_HALF}), sum({name} % {_HALF})" for name in _COUNTS)
_FROM_SUMS: Final = (
    f"SELECT host, provider, model, {_SUMMED} FROM foreign_sums WHERE slot >= ? AND slot < ? GROUP BY 1, 2, 3"
)
_FROM_MESSAGES: Final = (
    f"SELECT host, provider, model, {_SUMMED} FROM (SELECT host, ifnull(provider, '') AS provider, "
    "ifnull(model, '') AS model, input, output, reasoning, cache_read, cache_write, "
    "ifnull(cost_microusd, 0) AS cost_microusd, counts AS messages FROM foreign_messages "
    "WHERE counted_at_ms >= ? AND counted_at_ms < ?) GROUP BY 1, 2, 3"
)
# Those that are noted, and what came into this ledger since.
_SHARED: Final = (
    "SELECT message FROM shared_messages UNION SELECT later.message FROM messages AS later "
    "JOIN foreign_messages USING (message) WHERE later.id > (SELECT message_id FROM shared_until)"
)
_BOTH: Final = (
    f"SELECT ours.*, {', '.join(f'theirs.{name}' for name in (*FACTS, 'host'))} FROM ({_SHARED}) AS one "
    f"JOIN ({OWN}) AS ours USING (message) JOIN foreign_messages AS theirs USING (message)"
)
# Places in a row of FACTS.
_LIVE: Final = FACTS.index("live")
_COUNTED_AT: Final = FACTS.index("counted_at_ms")
_MODEL: Final = slice(FACTS.index("provider"), FACTS.index("model") + 1)
_TOKENS: Final = slice(FACTS.index("input"), FACTS.index("cache_write") + 1)
_COST: Final = FACTS.index("cost_microusd")


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
    sums = _Sums()
    for model, numbers in _own(connection, ends):
        sums.add(own, model, numbers)
    for host, provider, model_name, *halves in _foreign(connection, ends):
        numbers = [high * _HALF + low for high, low in zip(halves[::2], halves[1::2], strict=True)]
        sums.add(host, (provider or None, model_name or None), numbers)
    for row in connection.execute(_BOTH):
        said, (*told, host) = row[: len(FACTS)], row[len(FACTS) :]
        if _alike(said, told):
            # Nearly always: somebody copied a database. Whose it is alone is to be decided.
            if ends is None or ends[0] <= said[_COUNTED_AT] < ends[1]:
                _, loser = max((not said[_LIVE], own), (not told[_LIVE], host))
                sums.add(loser, said[_MODEL], (*said[_TOKENS], said[_COST] or 0, 1), -1)
            continue
        ours, theirs = Account(message_of(said), own), Account(message_of(tuple(told)), host)
        for account, sign in ((ours, -1), (theirs, -1), (merged(ours, theirs), 1)):
            sums.add_message(account.said, account.host, sign, ends)
    return [
        HostUsage(host, said, bool(is_own), now_ms if is_own else written_ms, sums.of(host))
        for host, said, is_own, written_ms in rows
    ]


class _Sums:
    """Usage by host and model, while shared messages are still taken out and put in."""

    def __init__(self) -> None:
        self._by_host: dict[str, dict[ModelId, list[int]]] = {}

    def add(self, host: str, model: ModelId, numbers: Sequence[int], sign: int = 1) -> None:
        sums = self._by_host.setdefault(host, {}).setdefault(model, [0] * len(_COUNTS))
        for place, number in enumerate(numbers):
            sums[place] += sign * number

    def add_message(self, said: HostMessage, host: str, sign: int, ends: tuple[int, int] | None) -> None:
        if said.counts and (ends is None or ends[0] <= said.counted_at_ms < ends[1]):
            tokens = (said.input, said.output, said.reasoning, said.cache_read, said.cache_write)
            self.add(host, (said.provider, said.model), (*tokens, said.cost_microusd or 0, 1), sign)

    def of(self, host: str) -> Totals:
        return Totals(
            {
                model: Usage(Tokens(*sums[:5]), sums[5], sums[6])
                for model, sums in self._by_host.get(host, {}).items()
                if any(sums)
            }
        )


def _own(connection: sqlite3.Connection, ends: tuple[int, int] | None) -> Iterator[tuple[ModelId, Sequence[int]]]:
    if ends is None:
        for model, usage in total(connection).by_model.items():
            yield model, (*_numbers(usage.tokens), usage.cost_microusd, usage.messages)
        return
    # Days that are summed are a hundredth of their quarter hours.
    (by_model,) = figures_over(connection, [Span("", *ends)], "model")
    for model, figures in by_model.items():
        yield model, figures[: len(_COUNTS)]


def _foreign(
    connection: sqlite3.Connection, ends: tuple[int, int] | None
) -> Iterator[tuple[str, str, str, *tuple[int, ...]]]:
    if ends is None:
        yield from connection.execute(_FROM_SUMS, (0, 2**62))
        return
    start_ms, end_ms = ends
    first_ms, last_ms = -(-start_ms // SLOT_MS) * SLOT_MS, end_ms // SLOT_MS * SLOT_MS
    if first_ms >= last_ms:
        yield from connection.execute(_FROM_MESSAGES, ends)
        return
    yield from connection.execute(_FROM_SUMS, (first_ms // SLOT_MS, last_ms // SLOT_MS))
    yield from connection.execute(_FROM_MESSAGES, (start_ms, first_ms))
    yield from connection.execute(_FROM_MESSAGES, (last_ms, end_ms))


def _alike(said: Sequence[object], told: Sequence[object]) -> bool:
    """Whether two accounts of a message say the same, but for who saw it live; what 2.x charged besides never does."""
    after = _LIVE + 1
    besides = str(said[0]).startswith(PREFIX)
    return not besides and said[1:_LIVE] == tuple(told[1:_LIVE]) and said[after:] == tuple(told[after:])


def _numbers(tokens: Tokens) -> tuple[int, ...]:
    return tokens.input, tokens.output, tokens.reasoning, tokens.cache_read, tokens.cache_write
