"""Whose database an error is about, when OpenCode's is attached to ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from opencode_stats.ledger.connection import LedgerUnreadable

if TYPE_CHECKING:
    import sqlite3

_WRITING: Final = ("SQLITE_IOERR_WRITE", "SQLITE_IOERR_FSYNC", "SQLITE_IOERR_DIR_FSYNC", "SQLITE_IOERR_TRUNCATE")
_OURS: Final = frozenset({"SQLITE_FULL", "SQLITE_READONLY", "SQLITE_READONLY_DBMOVED", *_WRITING})
"""OpenCode's databases are opened for reading only, so what fails in writing is ours."""
_EITHERS: Final = frozenset({"SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_IOERR_READ", "SQLITE_IOERR_SHORT_READ"})


def is_ours(connection: sqlite3.Connection, error: BaseException) -> bool:
    """Whether the ledger can't be used; False where the attached database is what can't be read.

    Damage can be in either: then the ledger is read through (a second a million messages), which decides it.
    """
    name = _name_of(error)
    if name in _OURS:
        return True
    if name not in _EITHERS and not name.startswith("SQLITE_CORRUPT_"):
        return False
    try:
        return [row[0] for row in connection.execute("PRAGMA main.quick_check(1)")] != ["ok"]
    except LedgerUnreadable:
        return True


def _name_of(error: BaseException) -> str:
    """SQLite's name of it, in the error itself or in the one that it was made of."""
    cause: BaseException | None = error
    while cause is not None:
        name = getattr(cause, "sqlite_errorname", None)
        if isinstance(name, str):
            return name
        cause = cause.__cause__
    return ""
