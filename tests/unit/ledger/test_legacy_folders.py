"""How far OpenCode's JSON files have been read, and where they are laid out meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.ledgers import rows

from opencode_stats.ledger.legacy_folders import SCHEMA, keep_folders, lay_out, read_folders, tables

if TYPE_CHECKING:
    import sqlite3


def test_folders_are_kept_and_replaced(ledger: sqlite3.Connection) -> None:
    keep_folders(ledger, [("/a", 1, 2, 3), ("/b", 4, 5, 0)])
    keep_folders(ledger, [("/a", 6, 7, 0)])

    assert read_folders(ledger) == {"/a": (6, 7, 0), "/b": (4, 5, 0)}


def test_what_is_laid_out_replaces_what_was_and_goes_with_the_block(ledger: sqlite3.Connection) -> None:
    with tables(ledger):
        lay_out(ledger, [("m", "s", 1, 2, "{}")], [("s", None, None, "/w", "1.1", 3)], [("bad",)])
        lay_out(ledger, [("n", "s", 1, 2, "{}"), ("n", "s", 3, 4, "{}")], [], [])
        found = [rows(ledger, f"SELECT * FROM {SCHEMA}.{table}") for table in ("message", "session", "senseless")]

    assert found == [[("n", "s", 3, 4, "{}")], [], []]
    assert SCHEMA not in [row[1] for row in rows(ledger, "PRAGMA database_list")]
