"""*Where* it was used on the day that it is: each workspace's tokens, of which there are no sums by quarter hour.

Asked for at every publishing, so kept up by each message that comes. *When* it was used is ``ledger.recent``'s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from opencode_stats.core.stats import MOST_WORKSPACES, WorkspaceStats
from opencode_stats.ledger.belonging import CONVERSATION, WORKSPACE

if TYPE_CHECKING:
    import sqlite3

    from opencode_stats.core.days import Day

_TOKENS: Final = "{0}input + {0}output + {0}reasoning + {0}cache_read + {0}cache_write"
_OF_DAY: Final = "counted_at_ms >= ? AND counted_at_ms < ? AND standing = 'counted' AND input IS NOT NULL"
_OF_MESSAGES: Final = (
    f"SELECT {WORKSPACE} AS workspace, sum({_TOKENS.format('')}) AS tokens FROM messages AS m {CONVERSATION} "
    f"WHERE {_OF_DAY} GROUP BY 1"
)
# What a conversation's directory is may become known, or another, after its messages came: it is asked for only when
# the workspaces are shown.
_SUMS: Final = (
    f"SELECT directory IS NULL, ifnull(directory, conversation), sum({_TOKENS.format('')}) FROM messages "
    f"WHERE {_OF_DAY} GROUP BY 1, 2"
)
_OF_SUMS: Final = (
    f"SELECT {WORKSPACE} AS workspace, sum(tokens) AS tokens FROM (SELECT iif(of_conversation, NULL, name) AS "
    "directory, iif(of_conversation, name, NULL) AS conversation, tokens FROM todays_workspaces) AS m "
    f"{CONVERSATION} GROUP BY 1"
)
_SHOWN: Final = (
    f"SELECT workspace, tokens FROM ({{}}) WHERE tokens > 0 AND workspace != '' ORDER BY 2 DESC, 1 "
    f"LIMIT {MOST_WORKSPACES}"
)
# One message's share comes or goes with its row. They are this connection's own, and the ledger has one writer, so no
# change goes past them; what is rolled back is rolled back here as well.
_TRIGGER: Final = (
    "CREATE TEMP TRIGGER IF NOT EXISTS todays_{0} AFTER {1} ON messages WHEN {2}.standing = 'counted' "
    "AND {2}.input IS NOT NULL "
    "AND {2}.counted_at_ms >= (SELECT start_ms FROM todays_window) "
    "AND {2}.counted_at_ms < (SELECT end_ms FROM todays_window) "
    "BEGIN INSERT INTO todays_workspaces "
    "VALUES ({2}.directory IS NULL, ifnull({2}.directory, {2}.conversation), {3}({4})) "
    "ON CONFLICT DO UPDATE SET tokens = tokens + excluded.tokens; END"
)
_NOTICE: Final = (
    (
        "CREATE TEMP TABLE IF NOT EXISTS todays_window "
        "(id INTEGER PRIMARY KEY, start_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL)"
    ),
    "INSERT OR IGNORE INTO todays_window VALUES (1, 0, 0)",
    (
        "CREATE TEMP TABLE IF NOT EXISTS todays_workspaces (of_conversation INTEGER NOT NULL, name TEXT NOT NULL, "
        "tokens INTEGER NOT NULL, PRIMARY KEY (of_conversation, name)) WITHOUT ROWID"
    ),
    _TRIGGER.format("added", "INSERT", "NEW", "", _TOKENS.format("NEW.")),
    _TRIGGER.format("left", "UPDATE", "OLD", "-", _TOKENS.format("OLD.")),
    _TRIGGER.format("changed", "UPDATE", "NEW", "", _TOKENS.format("NEW.")),
)


def workspaces_of(connection: sqlite3.Connection, day: Day) -> tuple[WorkspaceStats, ...]:
    """The workspaces in which tokens were used on a day, the most used first; from its messages."""
    rows = connection.execute(_SHOWN.format(_OF_MESSAGES), (day.start_ms, day.end_ms))
    return tuple(WorkspaceStats(*row) for row in rows)


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
        rows = self._connection.execute(_SHOWN.format(_OF_SUMS))
        return tuple(WorkspaceStats(*row) for row in rows)
