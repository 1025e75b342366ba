"""All or nothing: the one way in which anything is written to the ledger, and how it gets to the disk for good."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator


LOG_BYTES: Final = 24 * 1024 * 1024
"""What an import writes before it is checkpointed, and half of that again."""
LOG_PATIENCE_MS: Final = 100


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of the block or nothing of it; the write lock is taken at once, so the block can't fail half-way for it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        # Inside the try: a COMMIT that fails (a full disk) leaves the transaction open, and no other could ever begin.
        connection.execute("COMMIT")
    except BaseException:
        _give_up(connection)
        raise


@contextmanager
def one_moment(connection: sqlite3.Connection) -> Iterator[None]:
    """All questions of the block see the ledger as it is at the first of them, whatever a writer does meanwhile."""
    connection.execute("BEGIN")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        # Whatever failed, and be it the COMMIT: a transaction that stays open is one in which no other can begin.
        _give_up(connection)


def _give_up(connection: sqlite3.Connection) -> None:
    """Ends a transaction that is still open.

    SQLite may already have rolled back by itself; saying so again would hide the first error.
    """
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def log_bytes(connection: sqlite3.Connection) -> int:
    """How long SQLite's log of changes (-wal) is; 0 where there is none, as in memory."""
    (_, _, file), *_ = connection.execute("PRAGMA database_list").fetchall()
    try:
        return os.stat(f"{file}-wal").st_size if file else 0
    except OSError:
        return 0


def shorten_log(connection: sqlite3.Connection) -> None:
    """Gives back a log that readers kept from being used again; waits for those of this moment, but not for long.

    Readers that always overlap keep SQLite from ever beginning the log anew, however short each of them is. One that
    stays for hours can't be helped: the log grows until it goes, which ``exporter.health`` tells.
    """
    if log_bytes(connection) <= LOG_BYTES:
        return
    (patience_ms,) = connection.execute("PRAGMA busy_timeout").fetchone()
    connection.execute(f"PRAGMA busy_timeout = {LOG_PATIENCE_MS}")
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.execute(f"PRAGMA busy_timeout = {patience_ms}")


def checkpointed(connection: sqlite3.Connection) -> bool:
    """Brings everything committed into the database file and onto the disk; False where a reader stood in the way.

    PASSIVE waits for nobody, and syncs the file once it holds all (sqlite.org/c3ref/wal_checkpoint_v2.html).
    """
    busy, logged_pages, moved_pages = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    return not busy and logged_pages == moved_pages
