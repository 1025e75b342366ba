"""Usage that OpenCode recorded at no cost, summed by steps of context (``m007_unbilled.sql``)."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from opencode_stats.core.days import SLOT_MS, slot_of
from opencode_stats.core.tokens import Tokens
from opencode_stats.ledger.transactions import transaction

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator

    from opencode_stats.core.cost import Unbilled
    from opencode_stats.core.totals import ModelId

_COUNTS: Final = ("input", "output", "reasoning", "cache_read", "cache_write")
_SUMMED: Final = ", ".join(f"sum({name}) AS {name}" for name in _COUNTS)
_SPLIT: Final = f"SELECT provider, model, above, {_SUMMED} FROM unbilled WHERE {{}} GROUP BY 1, 2, 3"
# Whatever is compared or kept is made from the finest sums, in one pass over the messages.
_FINE: Final = (
    "CREATE TEMP TABLE fine_unbilled AS SELECT run, slot, provider, model, above, "
    f"{_SUMMED} FROM unbilled_messages GROUP BY 1, 2, 3, 4, 5"
)
_FORGOTTEN: Final = (
    f"INSERT INTO fine_unbilled (slot, provider, model, above, {', '.join(_COUNTS)}) "
    f"SELECT slot, provider, model, above, {', '.join(_COUNTS)} FROM forgotten_unbilled"
)
_MADE: Final = " UNION ALL ".join(
    f"SELECT '{scope}' AS scope, {number} AS number, provider, model, above, {_SUMMED} "
    f"FROM temp.fine_unbilled WHERE {where} GROUP BY 2, 3, 4, 5"
    for scope, number, where in (("all", "0", "true"), ("run", "run", "run IS NOT NULL"), ("slot", "slot", "true"))
)
_KEPT: Final = (
    f"SELECT scope, number, provider, model, above, {', '.join(_COUNTS)} FROM unbilled "
    f"WHERE ({', '.join(_COUNTS)}) != (0, 0, 0, 0, 0)"
)
_AT_ENDS: Final = (
    f"SELECT provider, model, above, {_SUMMED} FROM unbilled_messages WHERE id IN ("
    "SELECT id FROM messages WHERE counted_at_ms >= ? AND counted_at_ms < ? "
    "UNION ALL SELECT id FROM messages WHERE counted_at_ms >= ? AND counted_at_ms < ?) GROUP BY 1, 2, 3"
)

ByModel = dict["ModelId", "Unbilled"]


def unbilled_total(connection: sqlite3.Connection) -> ByModel:
    """All of it."""
    return _by_model(connection, "scope = 'all'", ())


def unbilled_split(connection: sqlite3.Connection, sizes: Iterable[int]) -> ByModel:
    """All of it, split at these sizes, from the messages themselves: for who may not write to the ledger.

    What is forgotten was split when it was forgotten: it is above the sizes that it was known to be above then.
    """

    def steps(context: str, sign: str) -> str:
        whens = " ".join(f"WHEN {context} {sign} {size:d} THEN {size:d}" for size in sorted(sizes)[::-1])
        return f"CASE {whens} ELSE 0 END" if whens else "0"

    sizes = set(sizes)
    counts = ", ".join(_COUNTS)
    rows = connection.execute(
        f"SELECT provider, model, above, {_SUMMED} FROM ("
        f"SELECT provider, model, {steps('input + cache_read + cache_write', '>')} AS above, {counts} "
        f"FROM unbilled_messages UNION ALL SELECT provider, model, {steps('above', '>=')}, {counts} "
        "FROM forgotten_unbilled) GROUP BY 1, 2, 3"
    )
    return _from_rows(rows)


def unbilled_of_run(connection: sqlite3.Connection, run: int) -> ByModel:
    """That of one run, its sub-agents included."""
    return _by_model(connection, "scope = 'run' AND number = ?", (run,))


def unbilled_between(connection: sqlite3.Connection, start_ms: int, end_ms: int) -> ByModel:
    """That of an interval; both ends are whole quarter hours (``core.days``)."""
    return _by_model(connection, "scope = 'slot' AND number >= ? AND number < ?", (slot_of(start_ms), slot_of(end_ms)))


def unbilled_in(connection: sqlite3.Connection, start_ms: int, end_ms: int) -> ByModel:
    """That between two instants: whole quarter hours from their sums, what is left at the ends from the messages."""
    first_ms, last_ms = -(-start_ms // SLOT_MS) * SLOT_MS, end_ms // SLOT_MS * SLOT_MS
    if first_ms > last_ms:
        return _from_rows(connection.execute(_AT_ENDS, (start_ms, end_ms, 0, 0)))
    found = unbilled_between(connection, first_ms, last_ms)
    if (start_ms, end_ms) != (first_ms, last_ms):
        rest = _from_rows(connection.execute(_AT_ENDS, (start_ms, first_ms, last_ms, end_ms)))
        for model, parts in rest.items():
            # Steps may come twice: they are added up as they are.
            found[model] = (*found.get(model, ()), *parts)
    return found


def split_at(connection: sqlite3.Connection, sizes: Iterable[int]) -> bool:
    """Has the sums split at these sizes of context, too; whether that took making them anew."""
    known = {row[0] for row in connection.execute("SELECT above FROM price_steps")}
    missing = sorted(set(sizes) - known)
    if not missing:
        return False
    with transaction(connection):
        connection.executemany("INSERT INTO price_steps VALUES (?)", [(size,) for size in missing])
        remake(connection)
    return True


def remake(connection: sqlite3.Connection) -> list[str]:
    """Makes the sums anew, also of what is forgotten, and gives what was wrong; the caller holds the transaction."""
    wrong = findings(connection, 1_000)
    connection.execute("DELETE FROM unbilled")
    with _fine(connection):
        connection.execute(f"INSERT INTO unbilled {_MADE}")
    return wrong


def findings(connection: sqlite3.Connection, most: int) -> list[str]:
    """Which of the sums are not those of their messages, one sentence each, at most so many."""
    with _fine(connection):
        rows = connection.execute(
            f"SELECT DISTINCT scope, number, provider, model FROM (SELECT * FROM (SELECT * FROM ({_MADE}) EXCEPT "
            f"SELECT * FROM ({_KEPT})) UNION SELECT * FROM (SELECT * FROM ({_KEPT}) EXCEPT SELECT * FROM ({_MADE}))) "
            "ORDER BY 1, 2, 3, 4 LIMIT ?",
            (most,),
        ).fetchall()
    return [
        f"The usage without a cost of {scope} {number} for {provider}/{model} is not that of its messages."
        for scope, number, provider, model in rows
    ]


@contextmanager
def _fine(connection: sqlite3.Connection) -> Iterator[None]:
    """The finest sums of all there is, also of what is forgotten, in ``temp.fine_unbilled``, while the block lasts."""
    connection.execute("DROP TABLE IF EXISTS temp.fine_unbilled")
    connection.execute(_FINE)
    connection.execute(_FORGOTTEN)
    yield
    connection.execute("DROP TABLE temp.fine_unbilled")


def _by_model(connection: sqlite3.Connection, where: str, values: tuple[int, ...]) -> ByModel:
    return _from_rows(connection.execute(_SPLIT.format(where), values))


def _from_rows(rows: Iterable[tuple[Any, ...]]) -> ByModel:
    found: dict[ModelId, list[tuple[int, Tokens]]] = {}
    for provider, model, above, *counts in rows:
        if any(counts):
            found.setdefault((provider or None, model or None), []).append((above, Tokens(*counts)))
    return {model: tuple(parts) for model, parts in found.items()}
