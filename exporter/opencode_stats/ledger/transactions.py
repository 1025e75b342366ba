"""All or nothing: the one way in which anything is written to the ledger."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of the block or nothing of it; the write lock is taken at once, so the block can't fail half-way for it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        # Inside the try: a COMMIT that fails (a full disk) leaves the transaction open, and no other could ever begin.
        connection.execute("COMMIT")
    except BaseException:
        # SQLite may already have rolled back by itself; saying so again would hide the first error.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
