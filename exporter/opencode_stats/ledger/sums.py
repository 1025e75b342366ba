"""The sums of many new rows, added once instead of row by row.

What they are is said in ``m002_sums.sql`` and ``m007_unbilled.sql``; the trigger that adds a row's is in
``m011_triggers.sql``.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

MANY: Final = 100
"""Messages from which on it is faster to add them up together than one by one."""
_TRIGGER: Final = "messages_added"
_KINDS: Final = ("input", "output", "reasoning", "cache_read", "cache_write")
_ALL: Final = (*_KINDS, "cost_microusd", "messages")
# One pass over the rows makes the finest sums, and those make all others; `above` is NULL where a cost was recorded.
_FINE: Final = (
    "CREATE TEMP TABLE added AS SELECT counted_at_ms / 900000 AS number, ifnull(provider, '') AS provider, "
    "ifnull(model, '') AS model, CASE WHEN ifnull(cost_microusd, 0) = 0 "
    f"AND ({', '.join(_KINDS)}) != (0, 0, 0, 0, 0) THEN "
    "ifnull((SELECT max(above) FROM price_steps WHERE above < input + cache_read + cache_write), 0) END AS above, "
    f"{', '.join(f'sum({name}) AS {name}' for name in _KINDS)}, sum(ifnull(cost_microusd, 0)) AS cost_microusd, "
    "count(*) AS messages FROM messages WHERE standing = 'counted' AND input IS NOT NULL AND id > ? GROUP BY 1, 2, 3, 4"
)
# Days are made of whole quarter hours; of one that is summed (m006_day_sums.sql) the sum is old now.
_DAYS_CHANGED: Final = (
    "DELETE FROM summed_days WHERE start_ms IN (SELECT (SELECT max(start_ms) FROM summed_days "
    "WHERE start_ms <= number * 900000) FROM (SELECT DISTINCT number FROM temp.added))"
)


def _addition(table: str, keys: str, names: tuple[str, ...], select: str) -> str:
    return (
        f"INSERT INTO {table} (scope, number, {keys}, {', '.join(names)}) {select} "
        f"ON CONFLICT DO UPDATE SET {', '.join(f'{name} = {name} + excluded.{name}' for name in names)}"
    )


def _additions(table: str, keys: str, names: tuple[str, ...], where: str) -> tuple[str, str]:
    """To the sums of the quarter hours, and to the whole: each row is in one of those."""
    found = keys.replace("directory", "'' AS directory")
    summed = ", ".join(f"sum({name})" for name in names)
    return (
        _addition(table, keys, names, f"SELECT 'slot', number, {found}, {', '.join(names)} FROM temp.added {where}"),
        _addition(table, keys, names, f"SELECT 'all', 0, {found}, {summed} FROM temp.added {where} GROUP BY {keys}"),
    )


_ADDITIONS: Final = (
    *_additions("sums", "directory, provider, model", _ALL, "WHERE true"),
    *_additions("unbilled", "provider, model, above", _KINDS, "WHERE above IS NOT NULL"),
    _DAYS_CHANGED,
)


@contextmanager
def not_added(connection: sqlite3.Connection) -> Iterator[None]:
    """A block in which new messages are added to no sum, which ``add_sums`` has to make good.

    The trigger is gone meanwhile, because one that only looks whether it is wanted takes a tenth of an import's time.
    It comes back within the same transaction, so nobody else ever sees the ledger without it; should the block fail,
    the transaction has to be rolled back.

    Raises:
        ValueError: no transaction is open.
    """
    if not connection.in_transaction:
        raise ValueError("outside of a transaction the trigger would be gone for everybody")
    made = connection.execute(
        "SELECT sql FROM sqlite_schema WHERE type = 'trigger' AND name = ?", (_TRIGGER,)
    ).fetchone()
    # SQLite says that there is none, as of any other damage to the schema.
    connection.execute(f"DROP TRIGGER {_TRIGGER}")
    yield
    connection.execute(made[0])


def add_sums(connection: sqlite3.Connection, after_id: int) -> None:
    """Adds what the rows after that number share in each sum.

    They came in a block of ``not_added``, and belong to no run, like all that was found on a disk.
    """
    connection.execute("DROP TABLE IF EXISTS temp.added")
    connection.execute(_FINE, (after_id,))
    for addition in _ADDITIONS:
        connection.execute(addition)
    connection.execute("DROP TABLE temp.added")
