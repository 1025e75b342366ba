"""What other hosts used on days that are over (``m013_host_days.sql``): making the sums, proving and using them.

A day holds what other hosts told of it, by host and model, and what is put right for messages that this host has, too:
those that both have on that day. What they have on different days is noted as apart, and put right in every answer.
Made of the messages themselves, so nothing but speed depends on what is noted anywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from opencode_stats.core.days import SLOT_MS
from opencode_stats.ledger.foreign import own_host
from opencode_stats.ledger.shared import COUNTS, SUMMED, HostSums, both_of

if TYPE_CHECKING:
    import sqlite3

_FROM_SUMS: Final = (
    f"SELECT host, provider, model, {SUMMED} FROM foreign_sums WHERE host IN (SELECT host FROM hosts) "
    "AND slot >= ? AND slot < ? GROUP BY 1, 2, 3"
)
_FROM_MESSAGES: Final = (
    f"SELECT host, provider, model, {SUMMED} FROM (SELECT host, ifnull(provider, '') AS provider, "
    "ifnull(model, '') AS model, input, output, reasoning, cache_read, cache_write, "
    "ifnull(cost_microusd, 0) AS cost_microusd, counts AS messages FROM foreign_messages "
    "WHERE counted_at_ms >= ? AND counted_at_ms < ?) GROUP BY 1, 2, 3"
)
_FROM_DAYS: Final = (
    f"SELECT host, provider, model, {SUMMED} FROM host_day_sums WHERE start_ms >= ? AND start_ms < ? GROUP BY 1, 2, 3"
)
SHARED_WITHIN: Final = (
    "SELECT message FROM messages AS here WHERE counted_at_ms >= :start AND counted_at_ms < :end "
    "AND EXISTS (SELECT 1 FROM foreign_messages AS there WHERE there.message = here.message) "
    "UNION SELECT message FROM foreign_messages AS there WHERE counted_at_ms >= :start AND counted_at_ms < :end "
    "AND EXISTS (SELECT 1 FROM messages AS here WHERE here.message = there.message)"
)
"""The messages of an interval that both have, here or there within it."""
_COVERED: Final = (
    "SELECT start_ms, end_ms FROM host_days JOIN summed_days USING (start_ms) "
    "WHERE made AND start_ms >= ? AND end_ms <= ? ORDER BY start_ms"
)
_ORPHANS: Final = "SELECT EXISTS (SELECT 1 FROM host_day_sums WHERE start_ms NOT IN (SELECT start_ms FROM host_days))"
_INSERT: Final = f"INSERT INTO host_day_sums VALUES ({', '.join('?' * (4 + len(COUNTS)))})"
_LARGEST: Final = 2**63 - 1
_LEAST_WORK: Final = 20
"""Messages that a day counts as at least: one of 1970 makes twenty thousand empty days."""


def any_foreign(connection: sqlite3.Connection) -> bool:
    """Whether any other host told of anything."""
    return connection.execute("SELECT 1 FROM foreign_messages LIMIT 1").fetchone() is not None


def add_up_day(connection: sqlite3.Connection, start_ms: int, end_ms: int) -> int:
    """Makes the sums of a day that is summed, and gives how many messages were looked at for it."""
    connection.execute("DELETE FROM host_days WHERE start_ms = ?", (start_ms,))
    sums, more = _made(connection, start_ms, end_ms, _apart(connection))
    connection.executemany("INSERT OR IGNORE INTO shared_apart VALUES (?)", ((name,) for name in more))
    rows = list(sums.rows())
    holds = all(abs(number) <= _LARGEST for _, numbers in rows for number in numbers)
    if holds:
        connection.executemany(_INSERT, ((start_ms, *names, *numbers) for names, numbers in rows))
    connection.execute("INSERT INTO host_days VALUES (?, ?)", (start_ms, holds))
    return max(_LEAST_WORK, sum(abs(numbers[-1]) for _, numbers in rows))


def host_day_findings(connection: sqlite3.Connection, most: int) -> list[str]:
    """Which of the days are not those of their messages, at most so many, one sentence each."""
    found: list[str] = []
    apart = _apart(connection)
    days = connection.execute("SELECT start_ms, end_ms, made FROM host_days LEFT JOIN summed_days USING (start_ms)")
    for start_ms, end_ms, made in days.fetchall():
        kept = set(connection.execute("SELECT * FROM host_day_sums WHERE start_ms = ?", (start_ms,)))
        right = set()
        if made and end_ms is not None:
            rows = _made(connection, start_ms, end_ms, apart)[0].rows()
            right = {(start_ms, *names, *numbers) for names, numbers in rows}
        if end_ms is None or kept != right:
            found.append(f"What hosts used on the day that begins at {start_ms} is not that of their messages.")
        if len(found) >= most:
            break
    if connection.execute(_ORPHANS).fetchone() != (0,):
        found.append("There are sums of hosts of what is no day of theirs.")
    return found[:most]


def covered(connection: sqlite3.Connection, start_ms: int, end_ms: int) -> list[tuple[int, int]]:
    """Beginning and end of each day within two instants that has sums, in order."""
    return connection.execute(_COVERED, (start_ms, end_ms)).fetchall()


def add_days(connection: sqlite3.Connection, sums: HostSums, days: list[tuple[int, int]]) -> None:
    """Adds those of these days."""
    place = 0
    while place < len(days):
        first = place
        while place + 1 < len(days) and days[place][1] == days[place + 1][0]:
            place += 1
        sums.add_halves(connection.execute(_FROM_DAYS, (days[first][0], days[place][1])))
        place += 1


def add_told(connection: sqlite3.Connection, sums: HostSums, start_ms: int, end_ms: int) -> None:
    """Adds what other hosts told of the time between two instants, whether this one has it or not."""
    first_ms, last_ms = -(-start_ms // SLOT_MS) * SLOT_MS, end_ms // SLOT_MS * SLOT_MS
    if first_ms >= last_ms:
        sums.add_halves(connection.execute(_FROM_MESSAGES, (start_ms, end_ms)))
        return
    sums.add_halves(connection.execute(_FROM_SUMS, (first_ms // SLOT_MS, last_ms // SLOT_MS)))
    for ends in ((start_ms, first_ms), (last_ms, end_ms)):
        if ends[0] < ends[1]:
            sums.add_halves(connection.execute(_FROM_MESSAGES, ends))


def _made(connection: sqlite3.Connection, start_ms: int, end_ms: int, apart: set[str]) -> tuple[HostSums, list[str]]:
    """The sums of a day without what is apart, and what is found to be apart besides."""
    ends, sums = (start_ms, end_ms), HostSums()
    more: list[str] = []
    add_told(connection, sums, *ends)
    for one in both_of(connection, own_host(connection) or "", SHARED_WITHIN, {"start": start_ms, "end": end_ms}):
        if one.message in apart:
            continue
        if one.besides or not all(start_ms <= at_ms < end_ms for at_ms in one.instants):
            more.append(one.message)
        else:
            one.put_right(sums, ends)
    return sums, more


def _apart(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT message FROM shared_apart")}
