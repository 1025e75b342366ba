"""The running sums of many new rows, added once instead of row by row (``m002_sums.sql`` says what they are)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

_COUNTS = ("input", "output", "reasoning", "cache_read", "cache_write", "cost_microusd")
_ALL = (*_COUNTS, "messages")
_SUMMED = ", ".join(f"sum({name})" for name in _COUNTS)
_ADD = (
    f"INSERT INTO sums (scope, number, directory, provider, model, {', '.join(_ALL)}) SELECT {{}} "
    f"ON CONFLICT DO UPDATE SET {', '.join(f'{name} = {name} + excluded.{name}' for name in _ALL)}"
)
_OF_SLOTS = (
    "CREATE TEMP TABLE added AS SELECT number, provider, model, "
    f"{', '.join(f'sum({name}) AS {name}' for name in _COUNTS)}, count(*) AS messages "
    "FROM shares WHERE scope = 'slot' AND id > ? GROUP BY number, provider, model"
)
_SLOTS = _ADD.format(f"'slot', number, '', provider, model, {', '.join(_ALL)} FROM temp.added WHERE true")
# Each row is in one quarter hour, so all of them together are the whole.
_WHOLE = _ADD.format(
    f"'all', 0, '', provider, model, {_SUMMED}, sum(messages) FROM temp.added GROUP BY provider, model"
)
# Days are made of whole quarter hours; of one that is summed (m006_day_sums.sql) the sum is old now.
_DAYS_CHANGED = (
    "DELETE FROM summed_days WHERE start_ms IN (SELECT (SELECT max(start_ms) FROM summed_days "
    "WHERE start_ms <= number * 900000) FROM (SELECT DISTINCT number FROM temp.added))"
)
_RUNS = _ADD.format(
    f"scope, number, directory, provider, model, {_SUMMED}, count(*) FROM shares WHERE scope = 'run' AND id > ? "
    "GROUP BY 1, 2, 3, 4, 5"
)


def add_sums(connection: sqlite3.Connection, after_id: int) -> None:
    """Adds what the rows after that number share in each sum; they came while the triggers stood still (``bulk``)."""
    connection.execute("DROP TABLE IF EXISTS temp.added")
    connection.execute(_OF_SLOTS, (after_id,))
    connection.execute(_SLOTS)
    connection.execute(_WHOLE)
    connection.execute(_DAYS_CHANGED)
    connection.execute("DROP TABLE temp.added")
    connection.execute(_RUNS, (after_id,))
