"""Conversations, runs and processes that nothing belongs to any more, once their messages were forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from opencode_stats.ledger.transactions import transaction

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

SHOWN: Final = (
    "SELECT id FROM runs WHERE ended_ms IS NULL UNION SELECT id FROM "
    "(SELECT id FROM runs ORDER BY last_prompt_ms DESC, started_ms DESC, uid DESC LIMIT 1)"
)
"""The runs that readers see (``ledger.queries``): what is in their totals stays there."""
_LOOKED_AT_ONCE: Final = 10_000
"""Messages whose conversations and runs are noted at once."""
_AT_ONCE: Final = 500
_NOTED: Final = (
    "INSERT OR IGNORE INTO temp.still_conversations SELECT conversation FROM messages WHERE id > ? AND id <= ?",
    "INSERT OR IGNORE INTO temp.still_runs SELECT run FROM messages WHERE id > ? AND id <= ? AND run IS NOT NULL",
)
# A message that was noted may be told of again, and only then have a run. It is this connection's own trigger, and the
# ledger has one writer, so no change goes past it.
_CHANGED: Final = (
    "CREATE TEMP TRIGGER still_belongs AFTER UPDATE OF conversation, run ON messages BEGIN "
    "INSERT OR IGNORE INTO still_conversations VALUES (NEW.conversation); "
    "INSERT OR IGNORE INTO still_runs SELECT NEW.run WHERE NEW.run IS NOT NULL; END"
)
_LAST: Final = (
    "SELECT ifnull(max(id), :first) FROM (SELECT id FROM messages WHERE id > :first ORDER BY id "
    f"LIMIT {_LOOKED_AT_ONCE})"
)
# OpenCode 2.x's running totals go on: what is new in one is only known beside what it was.
_CONVERSATIONS: Final = (
    "SELECT conversation FROM conversations AS c WHERE usage_input IS NULL AND busy = 0 "
    "AND ifnull(created_ms, 0) < :until_ms "
    f"AND (run IS NULL OR run NOT IN ({SHOWN})) AND conversation NOT IN (SELECT name FROM temp.still_conversations) "
    "AND NOT EXISTS (SELECT 1 FROM prompts WHERE prompts.conversation = c.conversation) "
    "AND NOT EXISTS (SELECT 1 FROM title_requests AS t WHERE t.conversation = c.conversation) "
    "AND NOT EXISTS (SELECT 1 FROM conversations AS child WHERE child.parent = c.conversation) "
    f"LIMIT {_AT_ONCE}"
)
_RUNS: Final = (
    "SELECT id FROM runs WHERE ended_ms < :until_ms AND last_activity_ms < :until_ms "
    f"AND id NOT IN ({SHOWN}) AND id NOT IN (SELECT id FROM temp.still_runs) "
    "AND NOT EXISTS (SELECT 1 FROM sums WHERE scope = 'run' AND number = runs.id AND messages != 0) "
    "AND id NOT IN (SELECT run FROM prompts WHERE run IS NOT NULL) "
    "AND NOT EXISTS (SELECT 1 FROM title_requests WHERE run = runs.id) "
    "AND id NOT IN (SELECT run FROM conversations WHERE run IS NOT NULL) "
    "AND id NOT IN (SELECT run FROM requests WHERE run IS NOT NULL) "
    f"AND id NOT IN (SELECT run FROM attention) LIMIT {_AT_ONCE}"
)
_PROCESSES: Final = (
    "DELETE FROM processes WHERE ended_ms < :until_ms AND last_event_ms < :until_ms "
    "AND NOT EXISTS (SELECT 1 FROM runs WHERE process = processes.key) "
    "AND key NOT IN (SELECT process FROM cursors WHERE process IS NOT NULL)"
)


def sweep(connection: sqlite3.Connection, until_ms: int) -> Iterator[None]:
    """Deletes them, a batch at each step; before them what was asked in runs that readers don't see any more.

    Raises:
        sqlite3.Error: the ledger can't be written; what is left goes another time.
    """
    values = {"until_ms": until_ms}
    with transaction(connection):
        # A run that lives may still be answered; and what it asked before is not to be asked again.
        for table, at_ms in (("requests", "ifnull(closed_ms, opened_ms)"), ("attention", "at_ms")):
            connection.execute(
                f"DELETE FROM {table} WHERE {at_ms} < :until_ms AND (run IS NULL OR run NOT IN ({SHOWN}))", values
            )
    yield
    _note_nothing(connection)
    for table, column in (("still_conversations", "name TEXT"), ("still_runs", "id INTEGER")):
        connection.execute(f"CREATE TEMP TABLE {table} ({column} PRIMARY KEY) WITHOUT ROWID")
    connection.execute(_CHANGED)
    noted = 0
    while (last := _note(connection, noted)) > noted:
        noted = last
        yield
    # Sub-agents first, then who called them.
    while True:
        with transaction(connection):
            noted = _note_all(connection, noted)
            gone = connection.execute(
                f"DELETE FROM conversations WHERE conversation IN ({_CONVERSATIONS})", values
            ).rowcount
        if not gone:
            break
        yield
    yield from _sweep_runs(connection, values, noted)
    _note_nothing(connection)


def _sweep_runs(connection: sqlite3.Connection, values: dict[str, int], noted: int) -> Iterator[None]:
    more = True
    while more:
        # SQLite would look for each run's messages, one by one; that there are none was seen here.
        connection.execute("PRAGMA foreign_keys = OFF")
        try:
            with transaction(connection):
                noted = _note_all(connection, noted)
                connection.execute("DROP TABLE IF EXISTS temp.leaving")
                connection.execute(f"CREATE TEMP TABLE leaving AS {_RUNS}", values)
                connection.execute("DELETE FROM workspaces WHERE run IN (SELECT id FROM temp.leaving)")
                more = bool(connection.execute("DELETE FROM runs WHERE id IN (SELECT id FROM temp.leaving)").rowcount)
                if not more:
                    connection.execute(_PROCESSES, values)
                    connection.execute("UPDATE kept_from SET swept = 1")
        finally:
            connection.execute("PRAGMA foreign_keys = ON")
        yield


def _note_nothing(connection: sqlite3.Connection) -> None:
    """Takes the notes away, also those of a pass that was broken off; the trigger can't be without its tables."""
    connection.execute("DROP TRIGGER IF EXISTS temp.still_belongs")
    for table in ("still_conversations", "still_runs"):
        connection.execute(f"DROP TABLE IF EXISTS temp.{table}")


def _note(connection: sqlite3.Connection, noted: int) -> int:
    """Notes what the next messages belong to, and gives the number of the last of them."""
    (last,) = connection.execute(_LAST, {"first": noted}).fetchone()
    for statement in _NOTED:
        connection.execute(statement, (noted, last))
    return int(last)


def _note_all(connection: sqlite3.Connection, noted: int) -> int:
    """The same to the end: what came since the last look, which is not much."""
    while (last := _note(connection, noted)) > noted:
        noted = last
    return noted
