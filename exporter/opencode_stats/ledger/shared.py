"""What hosts used, while messages that this one and another have are still taken out and put in (``core.hosts``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from opencode_stats.core.auxiliary import PREFIX
from opencode_stats.core.hosts import Account, merged
from opencode_stats.core.tokens import Tokens
from opencode_stats.core.totals import Totals, Usage
from opencode_stats.ledger.foreign import FACTS, OWN, message_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping, Sequence

    from opencode_stats.core.hosts import HostMessage
    from opencode_stats.core.totals import ModelId

COUNTS: Final = ("input", "output", "reasoning", "cache_read", "cache_write", "cost_microusd", "messages")
# In halves: a sum of many may be more than SQLite can hold, which each of them is not.
_HALF: Final = 2**32
SUMMED: Final = ", ".join(f"sum({name} / {_HALF}), sum({name} % {_HALF})" for name in COUNTS)
"""For ``HostSums.add_halves``."""
# Places in a row of FACTS.
_LIVE: Final = FACTS.index("live")
_COUNTED_AT: Final = FACTS.index("counted_at_ms")
_MODEL: Final = slice(FACTS.index("provider"), FACTS.index("model") + 1)
_TOKENS: Final = slice(FACTS.index("input"), FACTS.index("cache_write") + 1)
_COST: Final = FACTS.index("cost_microusd")


class Both:
    """A message as this host has it and as another told of it."""

    def __init__(self, row: Sequence[Any], own: str) -> None:
        self._said, (*told, self._host) = tuple(row[: len(FACTS)]), row[len(FACTS) :]
        self._told = tuple(told)
        self._own = own

    @property
    def message(self) -> str:
        """Its id."""
        return str(self._said[0])

    @property
    def besides(self) -> bool:
        """Whether it is what OpenCode 2.x charged besides its messages."""
        return self.message.startswith(PREFIX)

    @property
    def instants(self) -> tuple[int, int]:
        """Where it counts here, and where there, Unix milliseconds."""
        return self._said[_COUNTED_AT], self._told[_COUNTED_AT]

    def put_right(self, sums: HostSums, ends: tuple[int, int] | None) -> None:
        """Counts it once in sums that have it twice, as far as it is between two instants."""
        if self._alike():
            # Nearly always: somebody copied a database. Whose it is alone is to be decided.
            if ends is None or ends[0] <= self._said[_COUNTED_AT] < ends[1]:
                _, loser = max((not self._said[_LIVE], self._own), (not self._told[_LIVE], self._host))
                sums.add(loser, self._said[_MODEL], (*self._said[_TOKENS], self._said[_COST] or 0, 1), -1)
            return
        ours = Account(message_of(self._said), self._own)
        theirs = Account(message_of(self._told), self._host)
        for account, sign in ((ours, -1), (theirs, -1), (merged(ours, theirs), 1)):
            sums.add_message(account.said, account.host, sign, ends)

    def _alike(self) -> bool:
        """Whether both say the same, but for who saw it live; what 2.x charged besides never does."""
        said, told, after = self._said, self._told, _LIVE + 1
        return not self.besides and said[1:_LIVE] == told[1:_LIVE] and said[after:] == told[after:]


def both_of(connection: sqlite3.Connection, own: str, messages: str, values: Mapping[str, int]) -> Iterator[Both]:
    """Those of some messages that this host (``own``) and another have; ``messages`` is a question for their ids."""
    rows = connection.execute(
        f"SELECT ours.*, {', '.join(f'theirs.{name}' for name in (*FACTS, 'host'))} FROM ({messages}) AS one "
        f"CROSS JOIN ({OWN}) AS ours USING (message) CROSS JOIN foreign_messages AS theirs USING (message)",
        values,
    )
    for row in rows:
        yield Both(row, own)


class HostSums:
    """Usage by host and model."""

    def __init__(self) -> None:
        self._by_host: dict[str, dict[ModelId, list[int]]] = {}

    def add(self, host: str, model: ModelId, numbers: Sequence[int], sign: int = 1) -> None:
        """Adds ``COUNTS``, or takes them away."""
        sums = self._by_host.setdefault(host, {}).setdefault(model, [0] * len(COUNTS))
        for place, number in enumerate(numbers):
            sums[place] += sign * number

    def add_halves(self, rows: Iterator[Sequence[Any]]) -> None:
        """Adds rows of a host, a provider, a model, and ``SUMMED``."""
        for host, provider, model, *halves in rows:
            numbers = [high * _HALF + low for high, low in zip(halves[::2], halves[1::2], strict=True)]
            self.add(host, (provider or None, model or None), numbers)

    def add_message(self, said: HostMessage, host: str, sign: int, ends: tuple[int, int] | None) -> None:
        """Adds a message, or takes it away, if it is between two instants."""
        if said.counts and (ends is None or ends[0] <= said.counted_at_ms < ends[1]):
            tokens = (said.input, said.output, said.reasoning, said.cache_read, said.cache_write)
            self.add(host, (said.provider, said.model), (*tokens, said.cost_microusd or 0, 1), sign)

    def of(self, host: str) -> Totals:
        """What a host used."""
        return Totals(
            {
                model: Usage(Tokens(*sums[:5]), sums[5], sums[6])
                for model, sums in self._by_host.get(host, {}).items()
                if any(sums)
            }
        )

    def rows(self) -> Iterator[tuple[tuple[str, str, str], list[int]]]:
        """Host, provider and model, and ``COUNTS``, of each that is not nothing."""
        for host, by_model in self._by_host.items():
            for (provider, model), sums in by_model.items():
                if any(sums):
                    yield (host, provider or "", model or ""), sums
