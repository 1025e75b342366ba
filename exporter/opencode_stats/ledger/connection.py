"""Opening the ledger, for the one writer and for any number of readers."""

from __future__ import annotations

import os
import shlex
import sqlite3
import urllib.parse
from typing import TYPE_CHECKING, Final

from opencode_stats.errors import LedgerCorrupt, LedgerError, UserError
from opencode_stats.host.files import FILES, own_file, own_folder, told
from opencode_stats.ledger.migrations import STEPS, applied_steps, migrate
from opencode_stats.ledger.transactions import transaction

if TYPE_CHECKING:
    from pathlib import Path

    from opencode_stats.host.files import Files

__all__ = [
    "BUSY_TIMEOUT_MS",
    "Connection",
    "LedgerUnavailable",
    "LedgerUnreadable",
    "open_beside",
    "open_ledger",
    "open_reader",
    "transaction",
    "why_not",
]

BUSY_TIMEOUT_MS = 5_000

Connection = sqlite3.Connection
"""An open ledger; for rooms without SQL."""
LedgerUnavailable = sqlite3.OperationalError
"""The ledger can't be read or written at this moment (locked, full disk, missing rights); for rooms without SQL."""
LedgerUnreadable = sqlite3.DatabaseError
"""The same, or what is there is no sound database."""


_LOCKED: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})


def why_not(error: Exception, path: Path) -> str:
    """Why SQLite can't use the ledger, and what to do about it: the end of a sentence, and another one."""
    # Only the low byte tells what it is; the rest says more of it (sqlite.org/rescode.html).
    if getattr(error, "sqlite_errorcode", 0) & 0xFF in _LOCKED:
        return f"another program keeps it locked. fuser -v {shlex.quote(str(path))} names it; end it, then try again."
    return f"{error}. Check the disk and the folder."


def open_ledger(
    path: Path, now_ms: int, files: Files = FILES, factory: type[Connection] = sqlite3.Connection
) -> sqlite3.Connection:
    """The ledger for its one writer, brought to the current schema; made, mode 0600, if it is missing.

    ``files`` and ``factory`` are the ports through which tests make a call fail: every statement that is run for the
    exporter goes through ``execute`` or ``executemany`` of a connection of that class.

    Raises:
        LedgerNewer: a newer version wrote it.
        LedgerCorrupt: the file is not a sound database.
        LedgerError: SQLite can't work there (a full disk, a lock, a link in the file's place).
        UserError: the place can't be written.
    """
    try:
        own_folder(path.parent, files, linked=True)
        # SQLite follows links that have the names of its own files.
        for name in (path.name, f"{path.name}-wal", f"{path.name}-shm", f"{path.name}-journal"):
            own_file(path.with_name(name), files)
        # SQLite gives -wal and -shm the mode of the main file, so the file is made before SQLite sees it.
        files.close(files.open(path, os.O_RDWR | os.O_CREAT))
    except OSError as error:
        raise UserError(f"The ledger {path} can't be written: {told(error, path)}") from error
    # A URI, so that OpenCode's databases can be attached read-only.
    quoted = urllib.parse.quote(str(path))
    timeout_s = BUSY_TIMEOUT_MS / 1000
    try:
        connection = sqlite3.connect(
            f"file:{quoted}", uri=True, isolation_level=None, timeout=timeout_s, factory=factory
        )
    except sqlite3.OperationalError as error:
        raise LedgerError(f"The ledger {path} can't be used: {why_not(error, path)}") from error
    try:
        connection.execute("PRAGMA journal_mode = WAL")  # readers never block the writer, nor it them
        # In WAL, NORMAL can lose the last commits to a power cut but never damages the file; the spool still holds
        # those lines, because a spool file goes only after a checkpoint (docs/adr/0004-durability.md).
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        # The pages of one batch fit; the default of 2 MB only grows the process.
        connection.execute("PRAGMA cache_size = -1024")
        # What a batch is put together in never needs a disk, nor the folder for temporary files.
        connection.execute("PRAGMA temp_store = MEMORY")
        migrate(connection, now_ms)
    except sqlite3.DatabaseError as error:
        connection.close()
        if isinstance(error, sqlite3.OperationalError):
            raise LedgerError(f"The ledger {path} can't be used: {why_not(error, path)}") from error
        raise LedgerCorrupt(f"The ledger {path} is damaged: {error}.") from error
    except BaseException:
        connection.close()
        raise
    return connection


def open_beside(path: Path, factory: type[Connection] = sqlite3.Connection) -> sqlite3.Connection:
    """The ledger for short writes beside the one writer, if there is one, who waits for each (``BUSY_TIMEOUT_MS``).

    What is written like this must be nothing that the writer's figures hang on: what other hosts told
    (``ledger.foreign``), of which it only makes sums, by day, in transactions of their own (``ledger.host_days``).
    ``factory`` as of ``open_ledger``.

    Raises:
        UserError: its schema is not the one that is known here; its writer is of another version.
        sqlite3.OperationalError: it can't be opened, or there is none.
    """
    uri = f"file:{urllib.parse.quote(str(path))}?mode=rw"
    timeout_s = BUSY_TIMEOUT_MS / 1000
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=timeout_s, factory=factory)
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        # As in ``open_ledger``.
        connection.execute("PRAGMA synchronous = NORMAL")
        known = applied_steps(connection) == set(STEPS)
    except BaseException:
        connection.close()
        raise
    if not known:
        connection.close()
        raise UserError("The exporter at work is of another version. Start it anew, then try again.")
    return connection


def open_reader(path: Path, *, alone: bool = False, patience_ms: int = BUSY_TIMEOUT_MS) -> sqlite3.Connection:
    """The ledger for reading only, while a writer may be at work.

    ``alone`` where none is: then not even the files appear that SQLite makes for readers (-wal, -shm). It has no effect
    where they are there, as a crash leaves them.

    Raises:
        sqlite3.OperationalError: there is no ledger.
    """
    quoted = urllib.parse.quote(str(path))
    left_alone = "&immutable=1" if alone and not path.with_name(f"{path.name}-wal").exists() else ""
    uri = f"file:{quoted}?mode=ro{left_alone}"
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=patience_ms / 1000)
