"""OpenCode's database is attached to ours: an error says which of the two it means."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.support.clock import NOON_MS
from tests.support.opencode_database import OpenCodeDatabase

from opencode_stats.ingest.opencode_database import take_database
from opencode_stats.ledger.connection import open_ledger
from opencode_stats.ledger.whose_fault import is_ours

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def spoil(path: Path) -> None:
    """Every page but the first becomes garbage."""
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xa5" * (len(content) - 4096))


def theirs_is_damaged(home: Path) -> None:
    spoil(home / "opencode.db")


def theirs_is_none(home: Path) -> None:
    (home / "opencode.db").write_bytes(b"this was never a database" * 1000)


def theirs_is_gone(home: Path) -> None:
    (home / "opencode.db").unlink()


def ours_is_damaged(home: Path) -> None:
    spoil(home / "ledger.db")


@pytest.mark.parametrize(
    ("break_it", "ours"),
    [(theirs_is_damaged, False), (theirs_is_none, False), (theirs_is_gone, False), (ours_is_damaged, True)],
)
def test_damage(tmp_path: Path, break_it: Callable[[Path], None], ours: bool) -> None:
    opencode = OpenCodeDatabase(tmp_path / "opencode.db").session("ses_a")
    for number in range(20):
        opencode.message("ses_a", number)
    open_ledger(tmp_path / "ledger.db", NOON_MS).close()
    with closing(open_ledger(tmp_path / "ledger.db", NOON_MS)) as ledger:
        break_it(tmp_path)
        ledger.execute("PRAGMA shrink_memory")

        with pytest.raises(sqlite3.DatabaseError) as error:
            take_database(ledger, opencode.path, NOON_MS)

        assert is_ours(ledger, error.value) is ours


def test_no_room_for_ours(tmp_path: Path) -> None:
    opencode = OpenCodeDatabase(tmp_path / "opencode.db").session("ses_a")
    for number in range(200):
        opencode.message("ses_a", number)
    with closing(open_ledger(tmp_path / "ledger.db", NOON_MS)) as ledger:
        pages = ledger.execute("PRAGMA page_count").fetchone()[0]
        ledger.execute(f"PRAGMA max_page_count = {pages}")

        with pytest.raises(sqlite3.OperationalError, match="full") as error:
            take_database(ledger, opencode.path, NOON_MS)

        assert is_ours(ledger, error.value)
        assert not is_ours(ledger, sqlite3.OperationalError("no such table"))
