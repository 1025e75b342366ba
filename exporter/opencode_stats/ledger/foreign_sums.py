"""The sums of what other hosts told (``m009_hosts.sql``): proving them, and making them anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3

_COUNTS: Final = ("input", "output", "reasoning", "cache_read", "cache_write", "cost_microusd", "messages")
_DERIVED: Final = (
    "SELECT host, counted_at_ms / 900000 AS slot, ifnull(provider, '') AS provider, ifnull(model, '') AS model, "
    "sum(input) AS input, sum(output) AS output, sum(reasoning) AS reasoning, sum(cache_read) AS cache_read, "
    "sum(cache_write) AS cache_write, sum(ifnull(cost_microusd, 0)) AS cost_microusd, sum(counts) AS messages "
    "FROM foreign_messages GROUP BY 1, 2, 3, 4 HAVING sum(counts) > 0"
)
# How many sums the messages make, and how many of those are not what is kept: one pass over the messages.
_COMPARED: Final = (
    f"SELECT count(*), ifnull(sum(({', '.join('made.' + name for name in _COUNTS)}) IS NOT "
    f"({', '.join('kept.' + name for name in _COUNTS)})), 0) "
    f"FROM ({_DERIVED}) AS made LEFT JOIN foreign_sums AS kept USING (host, slot, provider, model)"
)
# One that its last message left is a row of zeros.
_NUMBER: Final = (
    f"SELECT count(*) FROM foreign_sums WHERE ({', '.join(_COUNTS)}) != ({', '.join('0' for _ in _COUNTS)})"
)
_UNNOTED: Final = (
    "SELECT EXISTS (SELECT 1 FROM foreign_messages JOIN messages AS own USING (message) "
    "WHERE own.id <= (SELECT message_id FROM shared_until) AND message NOT IN (SELECT message FROM shared_messages))"
)


def findings(connection: sqlite3.Connection) -> list[str]:
    """What is wrong with the sums of other hosts, and with the notes of shared messages, one sentence a finding."""
    made, wrong = connection.execute(_COMPARED).fetchone()
    # A sum that is kept and that no message makes is found by the number.
    (kept,) = connection.execute(_NUMBER).fetchone()
    found = ["The sums of other hosts are not those of their messages."] if wrong or made != kept else []
    if connection.execute(_UNNOTED).fetchone() != (0,):
        found.append("A message that another host has as well is not noted as such.")
    return found


def remake(connection: sqlite3.Connection) -> list[str]:
    """Makes them anew, and the notes of shared messages; gives what that changed. The caller holds the transaction."""
    changes = [f"{one[:-1]}; they were made anew." for one in findings(connection)]
    connection.execute("DELETE FROM foreign_sums")
    connection.execute(f"INSERT INTO foreign_sums {_DERIVED}")
    connection.execute("DELETE FROM shared_messages")
    connection.execute("INSERT INTO shared_messages SELECT message FROM foreign_messages JOIN messages USING (message)")
    return changes
