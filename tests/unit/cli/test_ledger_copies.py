from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING

from tests.support.clock import NOON_MS

from opencode_stats.cli import ledger_copies
from opencode_stats.cli.ledger_copies import OLD_MS
from opencode_stats.daemon.health import RECENT_MS
from opencode_stats.ledger.backup import back_up

if TYPE_CHECKING:
    import pytest
    from tests.unit.cli.patient import Patient


def test_how_old_the_newest_backup_is(patient: Patient) -> None:
    patient.ledger().close()
    assert patient.says("backups")[0].reason == "none yet; the first is made at the next use."
    back_up(patient.paths.ledger, patient.paths.backups, NOON_MS)

    os.utime(patient.paths.ledger, ns=(0, NOON_MS * 1_000_000))
    patient.clock.advance(OLD_MS / 1000 + 1)
    # Nothing has changed since, so there is nothing to save.
    (finding,) = patient.says("backups")
    assert (finding.verdict, finding.reason[:26]) == ("ok", "1, the newest 3 days old; ")

    os.utime(patient.paths.ledger, ns=(0, patient.clock.now_ms() * 1_000_000))
    assert patient.verdict("backups") == "warn"


def test_a_ledger_that_was_made_again_is_told_of_for_a_week(patient: Patient) -> None:
    with closing(patient.ledger()) as ledger:
        ledger.execute(
            "INSERT INTO recoveries VALUES (?, 'folder', 'cause', NULL, '{}', ?, 0, 7, 2, 1)", (NOON_MS, NOON_MS)
        )
        (patient.paths.damaged / "folder").mkdir(parents=True)
        warned = patient.says("ledger")
        assert [finding.verdict for finding in warned] == ["ok", "warn"]
        assert "at least 7 tokens, 2 messages and 1 title requests" in warned[1].reason
        assert str(patient.paths.damaged / "folder") in warned[1].mend

        patient.clock.advance(RECENT_MS / 1000 + 1)
        assert [finding.verdict for finding in patient.says("ledger")] == ["ok", "ok"]


def test_one_that_cost_nothing_or_was_looked_at_is_history(patient: Patient) -> None:
    with closing(patient.ledger()) as ledger:
        row = "INSERT OR REPLACE INTO recoveries VALUES (?, 'folder', 'cause', NULL, '{}', ?, 0, ?, 0, 0)"
        (patient.paths.damaged / "folder").mkdir(parents=True)
        ledger.execute(row, (NOON_MS, NOON_MS, 0))
        assert [finding.verdict for finding in patient.says("ledger")] == ["ok", "ok"]
        ledger.execute(row, (NOON_MS, NOON_MS, 7))
        assert [finding.verdict for finding in patient.says("ledger")] == ["ok", "warn"]
        (patient.paths.damaged / "folder").rmdir()
        assert [finding.verdict for finding in patient.says("ledger")] == ["ok", "ok"]


def test_who_reads_for_hours_is_told_of(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(patient.ledger()) as ledger:
        assert patient.says("ledger reader") == []
        ledger.execute("INSERT INTO counters VALUES ('x', 1)")
        monkeypatch.setattr(ledger_copies, "LONG_LOG_BYTES", 100)
        assert patient.verdict("ledger reader") == "warn"
