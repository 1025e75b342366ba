"""The sums of what other hosts told (``m009_hosts.sql``): proving them, and making them anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3

_DERIVED: Final = (
    "SELECT host, counted_at_ms / 900000, ifnull(provider, ''), ifnull(model, ''), sum(input), sum(output), "
    "sum(reasoning), sum(cache_read), sum(cache_write), sum(ifnull(cost_microusd, 0)), count(*) "
    "FROM foreign_messages GROUP BY 1, 2, 3, 4"
)
_KEPT: Final = (
    "SELECT host, slot, provider, model, input, output, reasoning, cache_read, cache_write, cost_microusd, messages "
    "FROM foreign_sums "
    "WHERE (input, output, reasoning, cache_read, cache_write, cost_microusd, messages) != (0, 0, 0, 0, 0, 0, 0)"
)


def findings(connection: sqlite3.Connection) -> list[str]:
    """What is wrong with the sums of other hosts, one sentence a finding."""
    (wrong,) = connection.execute(
        f"SELECT (SELECT count(*) FROM (SELECT * FROM ({_DERIVED}) EXCEPT SELECT * FROM ({_KEPT}))) "
        f"+ (SELECT count(*) FROM (SELECT * FROM ({_KEPT}) EXCEPT SELECT * FROM ({_DERIVED})))"
    ).fetchone()
    return ["The sums of other hosts are not those of their messages."] if wrong else []


def remake(connection: sqlite3.Connection) -> list[str]:
    """Makes them anew, and the notes of shared messages; gives what that changed. The caller holds the transaction."""
    changes = [f"{one[:-1]}; they were made anew." for one in findings(connection)]
    connection.execute("DELETE FROM foreign_sums")
    connection.execute(f"INSERT INTO foreign_sums {_DERIVED}")
    connection.execute("DELETE FROM shared_messages")
    connection.execute("INSERT INTO shared_messages SELECT message FROM foreign_messages JOIN messages USING (message)")
    return changes
