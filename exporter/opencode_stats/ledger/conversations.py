"""Conversations with their sub-agents beneath them, and what each used in a stretch of time."""

from __future__ import annotations

import json
from dataclasses import dataclass
from heapq import nlargest
from typing import TYPE_CHECKING, Final, Literal

from opencode_stats.core.history import FORGOTTEN, NO_FIGURES, Figures, Span, together
from opencode_stats.ledger.day_sums import SHARES, SUMMED
from opencode_stats.ledger.timeline import pieces_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping, Sequence

Order = Literal["recent", "tokens", "cost"]
_AMONG: Final = "IN (SELECT value FROM json_each(?))"
_FROM_DAYS: Final = (
    f"SELECT key, {SUMMED} FROM day_sums INDEXED BY day_sums_conversations WHERE split = 'conversation' "
    f"AND key {_AMONG} AND start_ms >= ? AND start_ms < ? GROUP BY key"
)
_FROM_MESSAGES: Final = f"SELECT conversation, {SUMMED} FROM ({SHARES} AND m.conversation {_AMONG}) GROUP BY 1"
_LAST_DAYS: Final = (
    "SELECT DISTINCT max(start_ms) FROM day_sums INDEXED BY day_sums_conversations WHERE split = 'conversation' "
    f"AND key {_AMONG} AND start_ms >= ? AND start_ms < ? GROUP BY key"
)
_LAST: Final = (
    "SELECT conversation, max(counted_at_ms) FROM messages WHERE counted_at_ms >= ? AND counted_at_ms < ? "
    f"AND standing = 'counted' AND input IS NOT NULL AND conversation {_AMONG} GROUP BY 1"
)
_MANY: Final = 500
"""More conversations than these are not looked for one by one."""
_ALL_FROM_DAYS: Final = (
    f"SELECT key, {SUMMED} FROM day_sums INDEXED BY day_sums_conversations WHERE split = 'conversation' "
    "AND start_ms >= ? AND start_ms < ? GROUP BY key"
)
_ALL_FROM_MESSAGES: Final = f"SELECT conversation, {SUMMED} FROM ({SHARES}) GROUP BY 1"
_EACH: Final = (
    "SELECT conversation, counted_at_ms FROM messages WHERE counted_at_ms >= ? AND counted_at_ms < ? "
    "AND standing = 'counted' AND input IS NOT NULL ORDER BY counted_at_ms"
)
_LATEST_FIRST: Final = (
    "SELECT conversation FROM messages WHERE counted_at_ms >= ? AND counted_at_ms < ? AND standing = 'counted' "
    "AND input IS NOT NULL ORDER BY counted_at_ms DESC, id DESC"
)


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation: what it used itself, when last (Unix ms, 0 for never in that time), and its sub-agents.

    The latest is the first of them. What used nothing in that time, nor any sub-agent of it, is not there.
    """

    id: str
    agent: str | None
    directory: str | None
    own: Figures
    own_last_ms: int
    children: tuple[Conversation, ...]

    @property
    def whole(self) -> Figures:
        """With all that its sub-agents used."""
        return together([self.own, *(child.whole for child in self.children)])

    @property
    def last_ms(self) -> int:
        """The last instant of it or of any of its sub-agents."""
        return max(self.own_last_ms, *(child.last_ms for child in self.children), 0)


def conversations_between(
    connection: sqlite3.Connection, start_ms: int, end_ms: int, order: Order, most: int | None
) -> list[Conversation]:
    """The conversations that the user talked to in that time, at most so many of them, with their sub-agents.

    The caller holds one moment of the ledger.
    """
    family = _Family(connection)
    span = Span("", start_ms, end_ms)
    if order == "recent":
        roots = list(_latest(connection, family, span, most))
    else:
        sums = _amounts(connection, span, order)
        for name in sums.keys() & family.parents.keys():
            root = family.root_of(name)
            if root != name:
                sums[root] = sums.get(root, 0) + sums.pop(name)
        # Only those that may be among the first are sorted.
        least = min(nlargest(len(sums) if most is None else most, sums.values()), default=0)
        roots = sorted((one for one in sums if sums[one] >= least), key=lambda name: (-sums[name], name))[:most]
    members = [name for root in roots for name in family.members(root)]
    figures_by, last_by = _figures_of(connection, members, span), _last_of(connection, members, span)
    facts = {
        name: (agent, directory)
        for name, agent, directory in connection.execute(
            f"SELECT conversation, agent, directory FROM conversations WHERE conversation {_AMONG}",
            (json.dumps(members),),
        )
    }
    made = (_tree(root, family, figures_by, last_by, facts) for root in roots)
    return [one for one in made if one is not None]


class _Family:
    """Who is whose sub-agent; a ring of parents, which only damage makes, is cut at its least id."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.parents: dict[str, str] = dict(
            connection.execute("SELECT conversation, parent FROM conversations WHERE parent IS NOT NULL")
        )
        self._roots: dict[str, str] = {}
        self.children: dict[str, list[str]] = {}
        for child, parent in sorted(self.parents.items()):
            if self.root_of(child) != child:
                self.children.setdefault(parent, []).append(child)

    def root_of(self, name: str) -> str:
        if name not in self._roots:
            line = [name]
            while line[-1] in self.parents and self.parents[line[-1]] not in line:
                line.append(self.parents[line[-1]])
            ring = self.parents.get(line[-1])
            self._roots[name] = line[-1] if ring is None else min(line[line.index(ring) :])
        return self._roots[name]

    def members(self, root: str) -> Iterator[str]:
        yield root
        for child in self.children.get(root, ()):
            yield from self.members(child)


def _latest(connection: sqlite3.Connection, family: _Family, span: Span, most: int | None) -> Iterator[str]:
    seen: set[str] = set()
    for (name,) in connection.execute(_LATEST_FIRST, (span.start_ms, span.end_ms)):
        root = family.root_of(name)
        if root not in seen:
            if most is not None and len(seen) >= most:
                return
            seen.add(root)
            yield root


def _amounts(connection: sqlite3.Connection, span: Span, order: Order) -> dict[str, int]:
    amount = "cost_microusd" if order == "cost" else "input + output + reasoning + cache_read + cache_write"
    found: dict[str, int] = {}
    for start_ms, end_ms, summed in next(pieces_of(connection, [span])):
        if summed:
            # One by one: to group them would sort them.
            question = (
                f"SELECT key, {amount} FROM day_sums WHERE split = 'conversation' AND start_ms >= ? AND start_ms < ?"
            )
        else:
            question = (
                f"SELECT conversation, ifnull({amount}, 0) FROM messages WHERE counted_at_ms >= ? "
                "AND counted_at_ms < ? AND standing = 'counted' AND input IS NOT NULL"
            )
        for name, used in connection.execute(question, (start_ms, end_ms)):
            found[name] = found.get(name, 0) + used
    found.pop(FORGOTTEN, None)
    return found


def _tree(
    name: str,
    family: _Family,
    figures_by: Mapping[str, Figures],
    last_by: Mapping[str, int],
    facts: Mapping[str, tuple[str | None, str | None]],
) -> Conversation | None:
    made = (_tree(child, family, figures_by, last_by, facts) for child in family.children.get(name, ()))
    children = sorted((child for child in made if child), key=lambda child: (-child.last_ms, child.id))
    if name not in figures_by and not children:
        return None
    agent, directory = facts.get(name, (None, None))
    own, last_ms = figures_by.get(name, NO_FIGURES), last_by.get(name, 0)
    return Conversation(name, agent, directory, own, last_ms, tuple(children))


def _figures_of(connection: sqlite3.Connection, names: Sequence[str], span: Span) -> dict[str, Figures]:
    found: dict[str, Figures] = {}
    among = json.dumps(names)
    for start_ms, end_ms, summed in next(pieces_of(connection, [span])):
        if len(names) > _MANY:
            rows = connection.execute(_ALL_FROM_DAYS if summed else _ALL_FROM_MESSAGES, (start_ms, end_ms))
        elif summed:
            rows = connection.execute(_FROM_DAYS, (among, start_ms, end_ms))
        else:
            rows = connection.execute(_FROM_MESSAGES, (start_ms, end_ms, among))
        for name, *sums in rows:
            found[name] = together([found.get(name, NO_FIGURES), Figures(*sums)])
    return found


def _last_of(connection: sqlite3.Connection, names: Sequence[str], span: Span) -> dict[str, int]:
    """When each of them was last active: in the last of its days that is summed, or in the messages that are not.

    Of many of them all messages are read once, the latest last: to look for so many in each day takes their square.
    """
    if len(names) > _MANY:
        return dict(connection.execute(_EACH, (span.start_ms, span.end_ms)))
    found: dict[str, int] = {}
    among = json.dumps(names)
    looked_at = []
    for start_ms, end_ms, summed in next(pieces_of(connection, [span])):
        if summed:
            days = connection.execute(_LAST_DAYS, (among, start_ms, end_ms)).fetchall()
            looked_at += connection.execute(
                f"SELECT start_ms, end_ms FROM summed_days WHERE start_ms {_AMONG}",
                (json.dumps([day for (day,) in days]),),
            ).fetchall()
        else:
            looked_at.append((start_ms, end_ms))
    for start_ms, end_ms in looked_at:
        for name, at_ms in connection.execute(_LAST, (start_ms, end_ms, among)):
            found[name] = max(found.get(name, 0), at_ms)
    return found
