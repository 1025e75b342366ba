"""Asking OpenCode 1.x's tables what ``core.elsewhere`` needs to know of a message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from opencode_stats.core.elsewhere import brought_in
from opencode_stats.opencode.schema import columns_of

if TYPE_CHECKING:
    import sqlite3

NEEDED: Final = {
    "event": ("aggregate_id", "type"),
    "project": ("worktree",),
    "session": ("id", "directory"),
    "message": ("id", "time_updated"),
}
"""Tables and columns without which nothing can be said; every message is then this user's."""


def prepare(connection: sqlite3.Connection) -> None:
    """Gives SQL the rule."""
    connection.create_function("brought_in", 4, brought_in, deterministic=True)


def condition(connection: sqlite3.Connection, schema: str) -> str | None:
    """SQL that holds for a message that was brought in, None where it can't be asked; ``prepare`` the connection first.

    It asks of a row of ``told_of`` with the columns ``message conversation directory root created_ms completed_ms``.
    What is seldom true is asked first: almost every message was made where its conversation is.
    """
    for table, columns in NEEDED.items():
        if not columns_of(connection, schema, table).issuperset(columns):
            return None
    # Outside of version control the root is "/" for everybody, so it says nothing.
    return f"""(ifnull(directory != (SELECT own.directory FROM {schema}.session AS own WHERE own.id = conversation), 0)
        AND brought_in(
            EXISTS (SELECT 1 FROM {schema}.event AS told WHERE told.aggregate_id = conversation
                    AND told.type >= 'session.created.' AND told.type < 'session.created/'),
            CASE WHEN typeof(ifnull(completed_ms, created_ms)) = 'integer' THEN
                 (SELECT written.time_updated FROM {schema}.message AS written WHERE written.id = message)
                 - ifnull(completed_ms, created_ms) END,
            1,
            EXISTS (SELECT 1 FROM {schema}.session AS other WHERE other.directory = told_of.directory)
            OR EXISTS (SELECT 1 FROM {schema}.project AS there WHERE there.worktree = root
                       AND there.worktree != '/')))"""
