from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.clock import NOON_MS

from opencode_stats.ledger.sources import SourceCursor, keep_source, read_source, rejected_rows

if TYPE_CHECKING:
    import sqlite3


def test_a_cursor_is_read_as_it_was_kept_last(ledger: sqlite3.Connection) -> None:
    assert read_source(ledger, "/a.db") is None
    keep_source(ledger, SourceCursor("/a.db", 1, "msg_1", 2, "evt_2", 3, "msg_3"), NOON_MS)
    keep_source(ledger, SourceCursor("/a.db", 4, "msg_4", 5, "evt_5", 6, "msg_6"), NOON_MS)
    keep_source(ledger, SourceCursor("/b.db"), NOON_MS)

    assert read_source(ledger, "/a.db") == SourceCursor("/a.db", 4, "msg_4", 5, "evt_5", 6, "msg_6")
    assert read_source(ledger, "/b.db") == SourceCursor("/b.db", 0, "", 0, "", 0, "")


def test_rejected_rows_are_counted_from_a_moment_on(ledger: sqlite3.Connection) -> None:
    ledger.executemany("INSERT INTO rejected VALUES ('/a.db', ?, ?)", [("msg_1", 100), ("msg_2", 200)])

    assert (rejected_rows(ledger), rejected_rows(ledger, 101), rejected_rows(ledger, 201)) == (2, 1, 0)
