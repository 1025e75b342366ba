"""What colours the figures, each problem by its code."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.clock import NOON_MS
from tests.support.ledgers import take
from tests.support.script import Script

from opencode_stats.daemon.health import RECENT_MS, health_of
from opencode_stats.host.paths import Paths

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from opencode_stats.core.stats import Health

NOTHING: Mapping[str, str] = {}


def look(ledger: sqlite3.Connection, home: Path, now_ms: int = NOON_MS) -> Health:
    return health_of(ledger, Paths.of({}, home).quarantine, [Paths.of({}, home).losses], {}, NOTHING, now_ms=now_ms)


def codes(health: Health) -> list[str]:
    assert health.status == ("degraded" if health.problems else "ok")
    return [problem.code for problem in health.problems]


def test_all_is_well(ledger: sqlite3.Connection, tmp_path: Path) -> None:
    assert codes(look(ledger, tmp_path)) == []


def test_lines_in_quarantine(ledger: sqlite3.Connection, tmp_path: Path) -> None:
    quarantine = Paths.of({}, tmp_path).quarantine
    quarantine.mkdir(parents=True)
    (quarantine / "a.1.0.bad").touch()
    put = (
        "INSERT INTO quarantine (at_ms, file, device, inode, offset_bytes, length_bytes, lines, reason) "
        "VALUES (?, ?, 1, 1, 0, 1, ?, 'bad')"
    )
    ledger.execute(put, (NOON_MS, "a", 1))
    assert look(ledger, tmp_path).problems[0].message == "1 unreadable spool line came into quarantine."

    ledger.execute(put, (NOON_MS, "b", 2))
    health = look(ledger, tmp_path)

    assert codes(health) == ["quarantine"]
    assert health.problems[0].message == "3 unreadable spool lines came into quarantine."
    assert codes(look(ledger, tmp_path, NOON_MS + RECENT_MS + 1)) == []

    # Looked at and removed.
    (quarantine / "a.1.0.bad").unlink()
    assert codes(look(ledger, tmp_path)) == []


def test_lines_that_a_plugin_lost(ledger: sqlite3.Connection, tmp_path: Path) -> None:
    take(ledger, Script().started().lost(4))

    health = look(ledger, tmp_path)

    assert codes(health) == ["lost"]
    assert health.problems[0].message == (
        "OpenCode's plugin could not keep 4 events. "
        "What OpenCode's own storage still has of them is counted from there."
    )
    assert codes(look(ledger, tmp_path, NOON_MS + RECENT_MS + 1000)) == []


def test_a_process_that_holds_lines_back(ledger: sqlite3.Connection, tmp_path: Path) -> None:
    losses = Paths.of({}, tmp_path).losses
    losses.mkdir(parents=True)
    for pid in (1, 2):
        marker = losses / f"{pid}-1-0.json"
        marker.write_text(json.dumps({"pid": pid, "lines": 5, "reason": "ENOSPC"}))
        os.utime(marker, (NOON_MS / 1000, NOON_MS / 1000))

    health = look(ledger, tmp_path)

    assert codes(health) == ["holding"]
    assert health.problems[0].message == "2 OpenCode processes could not write 10 events to the spool."
    assert codes(look(ledger, tmp_path, NOON_MS + RECENT_MS + 1)) == []


def test_files_that_cannot_be_read(ledger: sqlite3.Connection, tmp_path: Path) -> None:
    unread = {
        Path("/x/opencode.db"): "OpenCode 9 keeps no table message.",
        Path("/x/storage"): "/x/storage/message: Permission denied.",
    }

    paths = Paths.of({}, tmp_path)
    troubles = {"1-1-0.jsonl": "Input/output error"}

    health = health_of(ledger, paths.quarantine, [paths.losses], unread, troubles, now_ms=NOON_MS)

    assert codes(health) == ["spool-file", "opencode-database", "opencode-storage"]
    assert [problem.message for problem in health.problems] == [
        "The spool file 1-1-0.jsonl could not be read: Input/output error.",
        "opencode.db, OpenCode's database, could not be read: OpenCode 9 keeps no table message.",
        "OpenCode's old JSON files could not be read: /x/storage/message: Permission denied.",
    ]


def test_a_disk_that_spoils_ten_thousand_files_is_one_sentence(ledger: sqlite3.Connection, tmp_path: Path) -> None:
    paths = Paths.of({}, tmp_path)
    troubles = {f"{pid}-1-0.jsonl": "Input/output error" for pid in range(1, 10_001)}

    health = health_of(ledger, paths.quarantine, [paths.losses], {}, troubles, now_ms=NOON_MS)

    assert [problem.message for problem in health.problems] == [
        "10000 spool files could not be read; the first, 1-1-0.jsonl: Input/output error."
    ]


def test_rows_of_opencode_that_make_no_sense(ledger: sqlite3.Connection, tmp_path: Path) -> None:
    ledger.execute("INSERT INTO rejected VALUES ('/x', 'msg_1', ?)", (NOON_MS,))

    health = look(ledger, tmp_path)

    assert codes(health) == ["opencode-database"]
    assert health.problems[0].message == "1 message in OpenCode's database makes no sense and is not counted."
    assert codes(look(ledger, tmp_path, NOON_MS + RECENT_MS + 1)) == []
