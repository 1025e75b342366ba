"""What doctor finds in the ledger, with its verdict and what mends it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.support.clock import NOON_MS
from tests.support.ledgers import take
from tests.support.script import Script

from opencode_stats.cli import ledger_checks
from opencode_stats.daemon.health import RECENT_MS

if TYPE_CHECKING:
    from tests.unit.cli.patient import Patient


def test_a_sound_ledger_and_one_that_lies(patient: Patient) -> None:
    assert patient.says("ledger")[0].reason.startswith("not there yet")
    with closing(patient.ledger()) as ledger:
        take(ledger, Script().started().conversation("ses_a").answer("ses_a", input=7))
        assert (patient.verdict("ledger"), patient.verdict("quarantine")) == ("ok", "ok")

        ledger.execute("UPDATE sums SET input = 9 WHERE scope = 'all'")
        (finding,) = patient.says("ledger")

    assert finding.verdict == "fail"
    assert finding.mend.startswith("opencode-stats import")


def test_a_newer_ledger_is_no_damaged_one(patient: Patient) -> None:
    with closing(patient.ledger()) as ledger:
        ledger.execute("INSERT INTO migrations VALUES ('m999_future.sql', 1)")
    (finding,) = patient.says("ledger")

    assert (finding.verdict, finding.mend) == ("fail", "update opencode-stats")
    assert "newer version" in finding.reason


def test_an_older_ledger_is_brought_up_to_date_later(patient: Patient) -> None:
    with closing(patient.ledger()) as ledger:
        ledger.execute("DELETE FROM migrations WHERE step = 'm004_cursors.sql'")

    assert patient.says("ledger")[0].reason == "of an older version; it is brought up to date at the next use."


@pytest.mark.parametrize("content", [b"garbage" * 1000, b"SQLite format 3\0" + b"\xff" * 8000])
def test_a_ledger_of_garbage(patient: Patient, content: bytes) -> None:
    patient.paths.data.mkdir(parents=True)
    patient.paths.ledger.write_bytes(content)

    (finding,) = patient.says("ledger")

    assert finding.verdict == "fail"
    assert "damaged" in finding.reason
    assert finding.mend.startswith("opencode-stats import")


@pytest.mark.parametrize("kind", ["empty", "folder", "another database"])
def test_something_else_in_the_ledgers_place(patient: Patient, kind: str) -> None:
    patient.paths.data.mkdir(parents=True)
    if kind == "folder":
        patient.paths.ledger.mkdir()
    elif kind == "empty":
        patient.paths.ledger.touch()
    else:
        with closing(sqlite3.connect(patient.paths.ledger)) as other, other:
            other.execute("CREATE TABLE mine (x)")

    assert patient.verdict("ledger") == "fail"


def test_a_ledger_that_somebody_holds(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_checks, "PATIENCE_MS", 20)
    patient.ledger().close()
    with closing(sqlite3.connect(patient.paths.ledger, isolation_level=None)) as holder:
        holder.execute("PRAGMA locking_mode = EXCLUSIVE")
        holder.execute("BEGIN EXCLUSIVE")
        holder.execute("UPDATE sums SET input = 1")
        (finding,) = patient.says("ledger")

    assert finding.verdict == "fail"
    assert "locked" in finding.reason
    assert "move" not in finding.mend


def test_bad_lines_and_lost_events_are_history_after_a_week(patient: Patient) -> None:
    with closing(patient.ledger()) as ledger:
        take(ledger, Script().started().lost(4))
        ledger.execute(
            "INSERT INTO quarantine (at_ms, file, device, inode, offset_bytes, length_bytes, lines, reason) "
            "VALUES (?, 'a', 1, 1, 0, 1, 2, 'not JSON')",
            (NOON_MS,),
        )
        patient.paths.quarantine.mkdir(parents=True, mode=0o700)
        (patient.paths.quarantine / "a.1.0.bad").touch()
        (bad,) = patient.says("quarantine")
        lost = patient.says("lost events")[-1]
        assert (bad.verdict, bad.reason) == ("warn", "2 lines: not JSON.")
        assert (lost.verdict, lost.reason[:26]) == ("warn", "plugins reported that 4 ev")

        patient.clock.advance(RECENT_MS / 1000 + 60)
        (bad,) = patient.says("quarantine")
        assert (bad.verdict, bad.reason) == ("ok", "nothing new (2 lines before).")
        assert patient.verdict("lost events") == "ok"


def test_a_spool_that_is_not_taken_in(patient: Patient) -> None:
    patient.ledger().close()
    patient.paths.spool.mkdir(parents=True, mode=0o700)
    assert patient.says("spool")[0].reason == "0 bytes are not taken in."
    with open(patient.paths.spool / "1-1-00000000.jsonl", "wb") as file:
        file.truncate(ledger_checks.BACKLOG_BYTES + 2**20)

    (finding,) = patient.says("spool")

    assert (finding.verdict, finding.reason) == ("warn", "17 MiB are not taken in.")


def test_messages_from_the_future(patient: Patient) -> None:
    with closing(patient.ledger()) as ledger:
        take(
            ledger, Script(at_ms=NOON_MS + 3 * 60 * 60 * 1000).started().conversation("ses_a").answer("ses_a", input=7)
        )
    (finding,) = patient.says("clock")
    assert finding.verdict == "warn"
    assert finding.reason.startswith("the last message was completed 3h from now")

    patient.clock.advance(3 * 60 * 60)
    assert patient.verdict("clock") == "ok"
