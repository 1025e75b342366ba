"""What a full spool lost is counted from OpenCode's own database, once, and the reports say so."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.support.opencode_database import OpenCodeDatabase
from tests.support.script import Script
from tests.unit.daemon.household import Household, until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.daemon.household import Daemon

pytestmark = pytest.mark.processes

BASE_MS = time.time_ns() // 1_000_000 - 60 * 60 * 1000
"""An hour ago: a loss of last week is no problem any more."""


def doctor_on_losses(household: Household) -> list[str]:
    said = household.call("doctor").stdout.splitlines()
    return [line for line in said if "lost events" in line]


def lossy(lines: int, until_ms: int) -> Script:
    """A process that removed another's file, and says what went with it."""
    script = Script(pid=77, at_ms=until_ms).started()
    return script.line("spool.lost", lines=lines, reason="SpoolFull", first_ms=BASE_MS, last_ms=until_ms)


def test_messages_whose_events_went_are_counted_from_the_database_once(tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    household = Household(tmp_path)
    database = household.paths.opencode_data / "opencode.db"
    database.parent.mkdir(parents=True)
    made = OpenCodeDatabase(database).session("ses_1", time_created=BASE_MS)
    for number in range(10):
        made.message("ses_1", 100, at_ms=BASE_MS + 1_000 * number)
    # Of the last two messages the events were kept, too: they are told twice, and count once.
    script = Script(pid=1, at_ms=BASE_MS).started().conversation("ses_1", change="updated")
    for number in (8, 9):
        at_ms = BASE_MS + 1_000 * number
        script.wait(1_000).answer("ses_1", message_id(database, at_ms), input=100, created_ms=at_ms, cost_usd=0.001)
    household.write(script)
    household.write(lossy(24, BASE_MS + 7_500))

    assert household.call("import").returncode == 0

    assert household.tokens == 1_000
    assert household.stats["total"]["messages"] == 10
    (problem,) = household.stats["exporter"]["health"]["problems"]
    assert problem["code"] == "lost"
    assert "24 events" in problem["message"]
    assert "counted from there" in problem["message"]
    (said,) = doctor_on_losses(household)
    assert "oldest 24 events were removed" in said
    assert "8 messages of that time are counted from OpenCode's own storage instead" in said
    for command in ("verify", "audit"):
        assert household.call(command).returncode == 0


def test_a_daemon_looks_as_soon_as_it_hears_of_a_loss(household: Household) -> None:
    """Not only when its timer comes round."""
    database = household.paths.opencode_data / "opencode.db"
    database.parent.mkdir(parents=True)
    made = OpenCodeDatabase(database).session("ses_1", time_created=BASE_MS)
    with household.daemon("--scan", "1000") as daemon, household.opencode() as opencode:
        made.message("ses_1", 100, at_ms=BASE_MS + 1_000)
        ring_until_read(household, daemon)
        assert household.tokens == 0
        opencode.script.line("spool.lost", lines=3, reason="ENOSPC", first_ms=BASE_MS, last_ms=BASE_MS + 5_000)
        household.tell(opencode)
        household.ring()

        until(lambda: household.tokens == 100, "the message")


def test_a_database_that_cannot_be_read_is_not_said_to_have_made_it_whole(household: Household) -> None:
    household.paths.opencode_data.mkdir(parents=True)
    (household.paths.opencode_data / "opencode.db").write_bytes(b"garbage" * 1000)
    household.write(lossy(3, BASE_MS + 1))

    household.call("import")

    problems = household.stats["exporter"]["health"]["problems"]
    assert [problem["code"] for problem in problems] == ["lost", "opencode-database"]
    assert "counted from there" not in problems[0]["message"]


def ring_until_read(household: Household, daemon: Daemon) -> None:
    """A round of the daemon that finds a new process and nothing else."""
    household.ring()
    until(lambda: household.stats["session"]["live"], f"the run; {daemon.log}")


def message_id(database: Path, at_ms: int) -> str:
    with closing(sqlite3.connect(database)) as connection:
        row: tuple[str] = connection.execute("SELECT id FROM message WHERE time_created = ?", (at_ms,)).fetchone()
    return row[0]
