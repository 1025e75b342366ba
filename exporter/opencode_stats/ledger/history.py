"""Questions about the past: usage by whom, and over which time. The answers are the core's records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from opencode_stats.core.days import SLOT_MS
from opencode_stats.core.history import FORGOTTEN
from opencode_stats.core.tokens import Tokens
from opencode_stats.core.totals import Totals, Usage
from opencode_stats.ledger.belonging import AGENT, CONVERSATION, WORKSPACE
from opencode_stats.ledger.forgotten import forgotten_figures
from opencode_stats.ledger.queries import totals_between

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Sequence

    from opencode_stats.core.history import Dimension, Span
    from opencode_stats.core.totals import ModelId

_SUMS: Final = (
    "sum(input), sum(output), sum(reasoning), sum(cache_read), sum(cache_write), "
    "sum(ifnull(cost_microusd, 0)), count(*)"
)
# Every counted message of the interval with what it belongs to. A sub-agent's conversation has a parent. No event of
# 2.x says the project of a fork: a directory is in one project, so another conversation there says it.
_COUNTED: Final = (
    "SELECT m.conversation, provider, model, input, output, reasoning, cache_read, cache_write, cost_microusd, uid, "
    f"{AGENT} AS who, {WORKSPACE} AS place, coalesce(c.project, w.project, (SELECT min(o.project) "
    f"FROM conversations AS o WHERE o.directory = {WORKSPACE})) AS project FROM messages AS m "
    f"LEFT JOIN runs ON runs.id = m.run {CONVERSATION} "
    "LEFT JOIN workspaces AS w ON w.run = m.run AND w.directory = m.directory "
    "WHERE m.counted_at_ms >= :start AND m.counted_at_ms < :end AND m.standing = 'counted' AND m.input IS NOT NULL"
)
# From each conversation of the interval up its parents. UNION leaves out what was there already, so a ring of parents
# (which OpenCode never makes, but a damaged database may have) ends; of a ring the least id is taken for the root.
# Where the parent itself was never seen, it is the root all the same: its children belong together.
_ROOTS: Final = (
    "WITH RECURSIVE chain (conversation, ancestor) AS ("
    "SELECT DISTINCT conversation, conversation FROM messages WHERE counted_at_ms >= :start AND counted_at_ms < :end "
    "UNION SELECT chain.conversation, c.parent FROM chain JOIN conversations AS c ON c.conversation = chain.ancestor "
    "WHERE c.parent IS NOT NULL), "
    "roots (conversation, root) AS (SELECT chain.conversation, ifnull("
    "min(CASE WHEN c.parent IS NULL THEN ancestor END), min(ancestor)) FROM chain "
    "LEFT JOIN conversations AS c ON c.conversation = chain.ancestor GROUP BY chain.conversation) "
)
_COLUMNS: Final[dict[Dimension, str]] = {
    "run": "uid",
    "conversation": "conversation",
    "agent": "who",
    "directory": "place",
    "project": "project",
}


def usage_by(
    connection: sqlite3.Connection, dimension: Dimension, start_ms: int, end_ms: int
) -> dict[str | None, Totals]:
    """Usage between two instants, split by one thing; ``FORGOTTEN`` stands for what is not kept any more.

    None is what is not known of a message.

    A run is named as in stats.json. What only OpenCode's own database tells of has no run.
    """
    if dimension in ("provider", "model"):
        place = ("provider", "model").index(dimension)
        return _split(usage_between(connection, start_ms, end_ms), lambda model: model[place])
    values = {"start": start_ms, "end": end_ms}
    if dimension == "root":
        rows = connection.execute(
            f"{_ROOTS} SELECT root, provider, model, {_SUMS} FROM ({_COUNTED}) JOIN roots USING (conversation) "
            "GROUP BY 1, 2, 3",
            values,
        )
    else:
        rows = connection.execute(
            f"SELECT {_COLUMNS[dimension]}, provider, model, {_SUMS} FROM ({_COUNTED}) GROUP BY 1, 2, 3", values
        )
    found: dict[str | None, dict[ModelId, Usage]] = {}
    for key, provider, model, *sums in rows:
        found.setdefault(key, {})[provider, model] = _usage(sums)
    forgotten = _forgotten(connection, start_ms, end_ms)
    if forgotten.by_model:
        found[FORGOTTEN] = dict(forgotten.by_model)
    return {key: Totals(by_model) for key, by_model in found.items()}


def usage_between(connection: sqlite3.Connection, start_ms: int, end_ms: int) -> Totals:
    """Usage between two instants: whole quarter hours from their sums, what is left at the ends from the messages."""
    first_ms, last_ms = -(-start_ms // SLOT_MS) * SLOT_MS, end_ms // SLOT_MS * SLOT_MS
    if first_ms >= last_ms:
        return _from_messages(connection, start_ms, end_ms)
    parts = [totals_between(connection, first_ms, last_ms)]
    parts += [
        _from_messages(connection, *ends) for ends in ((start_ms, first_ms), (last_ms, end_ms)) if ends[0] < ends[1]
    ]
    return _together(parts)


def usage_over(connection: sqlite3.Connection, stretches: Iterable[Span]) -> list[tuple[Span, Totals]]:
    """Usage in each of some stretches of time (``core.history.spans``), empty ones included."""
    return [(span, usage_between(connection, span.start_ms, span.end_ms)) for span in stretches]


def root_of(connection: sqlite3.Connection, conversation: str) -> str:
    """The conversation at the top of this one's parents: the one that the user talks to."""
    rows = connection.execute(
        "WITH RECURSIVE chain (ancestor) AS (SELECT ? UNION SELECT c.parent FROM chain "
        "JOIN conversations AS c ON c.conversation = chain.ancestor WHERE c.parent IS NOT NULL) "
        "SELECT ancestor, parent FROM chain LEFT JOIN conversations ON conversation = ancestor",
        (conversation,),
    ).fetchall()
    tops: list[str] = [ancestor for ancestor, parent in rows if parent is None]
    return min(tops or (ancestor for ancestor, _ in rows))


def _from_messages(connection: sqlite3.Connection, start_ms: int, end_ms: int) -> Totals:
    rows = connection.execute(
        f"SELECT provider, model, {_SUMS} FROM messages WHERE counted_at_ms >= ? AND counted_at_ms < ? "
        "AND standing = 'counted' AND input IS NOT NULL GROUP BY provider, model",
        (start_ms, end_ms),
    )
    there = Totals({(provider, model): _usage(sums) for provider, model, *sums in rows})
    return _together([there, _forgotten(connection, start_ms, end_ms)])


def _forgotten(connection: sqlite3.Connection, start_ms: int, end_ms: int) -> Totals:
    """What is forgotten of the quarter hours that begin in the interval."""
    return Totals(
        {
            model: Usage(Tokens(*figures[:5]), figures.cost_microusd, figures.messages)
            for model, figures in forgotten_figures(connection, start_ms, end_ms).items()
        }
    )


def _usage(sums: Sequence[int]) -> Usage:
    return Usage(Tokens(*sums[:5]), sums[5], sums[6])


def _together(parts: Iterable[Totals]) -> Totals:
    by_model: dict[ModelId, Usage] = {}
    for part in parts:
        for model, usage in part.by_model.items():
            by_model[model] = by_model.get(model, Usage()) + usage
    return Totals(by_model)


def _split(totals: Totals, key: Callable[[ModelId], str | None]) -> dict[str | None, Totals]:
    found: dict[str | None, dict[ModelId, Usage]] = {}
    for model, usage in totals.by_model.items():
        found.setdefault(key(model), {})[model] = usage
    return {name: Totals(by_model) for name, by_model in found.items()}
