"""What was used in each workspace on the day that it is, asked for at every publishing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from opencode_stats.core.stats import MOST_WORKSPACES, WorkspaceStats

if TYPE_CHECKING:
    import sqlite3

    from opencode_stats.core.days import Day

_TOKENS: Final = "{0}input + {0}output + {0}reasoning + {0}cache_read + {0}cache_write"
_SUMS: Final = (
    f"SELECT directory, sum({_TOKENS.format('')}) AS tokens FROM messages WHERE counted_at_ms >= ? "
    "AND counted_at_ms < ? AND standing = 'counted' AND input IS NOT NULL AND directory IS NOT NULL GROUP BY directory"
)
_SHOWN: Final = f"SELECT directory, tokens FROM ({{}}) WHERE tokens > 0 ORDER BY 2 DESC, 1 LIMIT {MOST_WORKSPACES}"
# One message's share comes or goes with its row. They are this connection's own, and the ledger has one writer, so no
# change goes past them; what is rolled back is rolled back here as well.
_TRIGGER: Final = (
    "CREATE TEMP TRIGGER IF NOT EXISTS todays_{0} AFTER {1} ON messages WHEN {2}.standing = 'counted' "
    "AND {2}.input IS NOT NULL AND {2}.directory IS NOT NULL "
    "AND {2}.counted_at_ms >= (SELECT start_ms FROM todays_window) "
    "AND {2}.counted_at_ms < (SELECT end_ms FROM todays_window) "
    "BEGIN INSERT INTO todays_workspaces VALUES ({2}.directory, {3}({4})) "
    "ON CONFLICT DO UPDATE SET tokens = tokens + excluded.tokens; END"
)
_NOTICE: Final = (
    (
        "CREATE TEMP TABLE IF NOT EXISTS todays_window "
        "(id INTEGER PRIMARY KEY, start_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL)"
    ),
    "INSERT OR IGNORE INTO todays_window VALUES (1, 0, 0)",
    (
        "CREATE TEMP TABLE IF NOT EXISTS todays_workspaces (directory TEXT PRIMARY KEY, tokens INTEGER NOT NULL) "
        "WITHOUT ROWID"
    ),
    _TRIGGER.format("added", "INSERT", "NEW", "", _TOKENS.format("NEW.")),
    _TRIGGER.format("left", "UPDATE", "OLD", "-", _TOKENS.format("OLD.")),
    _TRIGGER.format("changed", "UPDATE", "NEW", "", _TOKENS.format("NEW.")),
)


def workspaces_of(connection: sqlite3.Connection, day: Day) -> tuple[WorkspaceStats, ...]:
    """The workspaces in which tokens were used on a day, the most used first; from its messages."""
    return tuple(WorkspaceStats(*row) for row in connection.execute(_SHOWN.format(_SUMS), (day.start_ms, day.end_ms)))


class TodaysWorkspaces:
    """The same for the day that it is, kept up by each message that comes: a day may have thousands.

    For a connection that no other writes beside, and that is in no transaction yet.

    Raises:
        sqlite3.Error: its notes can't be made.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        for statement in _NOTICE:
            connection.execute(statement)

    def workspaces(self, day: Day) -> tuple[WorkspaceStats, ...]:
        """Those of this day."""
        ends = (day.start_ms, day.end_ms)
        if self._connection.execute("SELECT start_ms, end_ms FROM todays_window").fetchone() != ends:
            self._connection.execute("DELETE FROM todays_workspaces")
            self._connection.execute(f"INSERT INTO todays_workspaces {_SUMS}", ends)
            self._connection.execute("UPDATE todays_window SET start_ms = ?, end_ms = ?", ends)
        rows = self._connection.execute(_SHOWN.format("SELECT * FROM todays_workspaces"))
        return tuple(WorkspaceStats(*row) for row in rows)
