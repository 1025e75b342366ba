"""*When* it was used: in this day's hours and on the last days, added up from the sums by quarter hour.

Asked for at every publishing; days that are over are remembered. *Where* it was used is ``ledger.today``'s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from opencode_stats.core.days import slot_of
from opencode_stats.core.recent import spent_in
from opencode_stats.ledger.today import TodaysWorkspaces

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from opencode_stats.core.days import Day
    from opencode_stats.core.recent import Calendar, Spent

_BY_SLOT: Final = (
    "SELECT number, sum(input + output + reasoning + cache_read + cache_write), sum(cost_microusd) FROM sums "
    "WHERE scope = 'slot' AND number >= ? AND number < ? GROUP BY number"
)
# `until_ms` is the end of what is remembered, 0 where nothing is. They are this connection's own, and the ledger has
# one writer, so no change goes past them.
_TRIGGER: Final = (
    "CREATE TEMP TRIGGER IF NOT EXISTS {} AFTER {} ON messages WHEN {} < (SELECT until_ms FROM remembered) "
    "BEGIN UPDATE remembered SET until_ms = 0; END"
)
_NOTICE: Final = (
    "CREATE TEMP TABLE IF NOT EXISTS remembered (id INTEGER PRIMARY KEY, until_ms INTEGER NOT NULL)",
    "INSERT OR IGNORE INTO remembered VALUES (1, 0)",
    _TRIGGER.format("message_added", "INSERT", "NEW.counted_at_ms"),
    _TRIGGER.format("message_changed", "UPDATE", "min(OLD.counted_at_ms, NEW.counted_at_ms)"),
)


def spent_by_hour(connection: sqlite3.Connection, calendar: Calendar) -> tuple[Spent, ...]:
    """What was used in each hour of the day."""
    return _spent(connection, calendar.hours, calendar.today.end_ms)


def spent_by_day(connection: sqlite3.Connection, days: Sequence[Day]) -> tuple[Spent, ...]:
    """What was used on each of these days, at least one; they touch, the oldest is first."""
    return _spent(connection, [day.start_ms for day in days], days[-1].end_ms)


class PastDays:
    """``spent_by_day`` for days that are over, added up again only when one of their messages has changed.

    A fortnight of quarter hours is some thousand sums, too many to be read for every event; hardly any of them changes
    any more. ``today`` remembers what was used in each workspace on the day that it is.

    For a connection that no other writes beside, and that is in no transaction yet.

    Raises:
        sqlite3.Error: its notes can't be made.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        for statement in _NOTICE:
            connection.execute(statement)
        self.today = TodaysWorkspaces(connection)
        self._days: tuple[Day, ...] = ()
        self._spent: tuple[Spent, ...] = ()

    def spent(self, days: tuple[Day, ...]) -> tuple[Spent, ...]:
        """What was used on each of these days, at least one."""
        (until_ms,) = self._connection.execute("SELECT until_ms FROM remembered").fetchone()
        if days != self._days or until_ms != days[-1].end_ms:
            self._spent, self._days = spent_by_day(self._connection, days), days
            self._connection.execute("UPDATE remembered SET until_ms = ?", (days[-1].end_ms,))
        return self._spent


def _spent(connection: sqlite3.Connection, starts: Sequence[int], end_ms: int) -> tuple[Spent, ...]:
    return spent_in(starts, connection.execute(_BY_SLOT, (slot_of(starts[0]), slot_of(end_ms))))
