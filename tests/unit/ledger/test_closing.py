from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.support.clock import NOON_MS

from opencode_stats.host.files import FILES
from opencode_stats.ledger.closing import keep_record, take_record
from opencode_stats.ledger.connection import open_ledger

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    open_ledger(tmp_path / "ledger.db", NOON_MS).close()
    keep_record(tmp_path / "ledger.db", NOON_MS, FILES)
    return tmp_path / "ledger.db"


def test_a_file_that_nobody_touched_is_known_again_once(ledger: Path) -> None:
    record = take_record(ledger, FILES)

    assert record is not None
    assert record.checked_ms == NOON_MS
    assert take_record(ledger, FILES) is None


def test_another_size_another_moment_or_another_file_is_not(ledger: Path) -> None:
    def grow() -> None:
        with open(ledger, "ab") as file:
            file.write(b"x")

    def touch() -> None:
        os.utime(ledger, ns=(0, 0))

    def replace() -> None:
        content, there = ledger.read_bytes(), ledger.stat()
        ledger.rename(ledger.with_name("away"))
        ledger.write_bytes(content)
        os.utime(ledger, ns=(there.st_atime_ns, there.st_mtime_ns))

    for harm in (grow, touch, replace, ledger.unlink):
        if ledger.exists():
            keep_record(ledger, NOON_MS, FILES)
        harm()
        assert take_record(ledger, FILES) is None


def test_while_there_is_a_log_of_changes_there_is_no_record(ledger: Path) -> None:
    take_record(ledger, FILES)
    with closing(open_ledger(ledger, NOON_MS)) as connection:
        connection.execute("INSERT INTO counters VALUES ('x', 1)")
        keep_record(ledger, NOON_MS, FILES)
        assert not (ledger.parent / "closed").exists()
    keep_record(ledger, NOON_MS, FILES)
    (ledger.parent / "ledger.db-wal").write_bytes(b"somebody's")
    assert take_record(ledger, FILES) is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"inode": 1}', b'"x"'])
def test_a_record_that_makes_no_sense_is_none(ledger: Path, content: bytes) -> None:
    (ledger.parent / "closed").write_bytes(content)

    assert take_record(ledger, FILES) is None
