"""Texts out of foreign databases, made such that they can be kept.

SQLite keeps any bytes as a text, and half a surrogate pair in JSON becomes some that are none: Python could never read
such a row again, nor be handed it by SQL. So SQL hands over bytes.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from opencode_stats.core.bounds import LONGEST_TEXT, fitting

IDS: Final = ("message", "conversation", "parent")
NAMES: Final = ("agent", "provider", "model", "variant", "directory", "root", "finish", "error")

MOST_TOGETHER_BYTES: Final = 16 * 1024 * 1024
"""The names of one kind in a batch take a tenth of it; what is longer is no name, and is looked at one by one."""


def prepare(connection: sqlite3.Connection) -> None:
    """Gives SQL ``as_id`` and ``as_name``, both of bytes."""
    connection.create_function("as_id", 1, _as_id, deterministic=True)
    connection.create_function("as_name", 1, _as_name, deterministic=True)


def make_fit(connection: sqlite3.Connection) -> None:
    """Gives the messages in ``temp.incoming`` names that can be kept; what has no such id makes no sense."""
    if _all_fit(connection):
        return
    fits = ", ".join(f"{name} = as_name(CAST({name} AS BLOB))" for name in NAMES)
    known = " AND ".join(f"as_id(CAST({name} AS BLOB)) IS NOT NULL" for name in ("message", "conversation"))
    connection.execute(f"UPDATE incoming SET {fits}, parent = as_id(CAST(parent AS BLOB)), fit = {known}")


def _all_fit(connection: sqlite3.Connection) -> bool:
    # All at once, 1 µs a message: each by itself would be eleven calls of Python. The comma keeps halves apart.
    every = (*IDS, *NAMES)
    lengths = " + ".join(f"ifnull(length({name}), 0)" for name in every)
    joined = ", ".join(f"CAST(group_concat({name}) AS BLOB)" for name in every)
    allowed_bytes = connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_TOGETHER_BYTES)
    try:
        longest, *together = connection.execute(f"SELECT max({lengths}), {joined} FROM incoming WHERE sound").fetchone()
    except sqlite3.DataError:
        return False
    finally:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, allowed_bytes)
    return (longest or 0) <= LONGEST_TEXT and all(_is_unicode(column or b"") for column in together)


def _as_id(value: bytes | None) -> str | None:
    """The id; None where it can't be one."""
    if value is None or not _is_unicode(value):
        return None
    text = value.decode()
    return text if 0 < len(text) <= LONGEST_TEXT else None


def _as_name(value: bytes | None) -> str | None:
    return fitting(value.decode("utf-8", "replace")) if value else None


def _is_unicode(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True
