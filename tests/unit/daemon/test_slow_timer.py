"""What a real daemon finds by itself, with nobody to tell it: OpenCode's own storage, and another version of itself."""

from __future__ import annotations

import json
import os
import shutil
import time
from functools import partial
from typing import TYPE_CHECKING

import pytest
from tests.support.opencode_database import SAMPLE, OpenCodeDatabase
from tests.unit.daemon.household import SOURCES, Household, until

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.processes

NEVER_S = "1000"


def add_message(path: Path, number: int) -> None:
    """One more answer of a thousand tokens in a database that is there, as OpenCode writes it."""
    database = OpenCodeDatabase.__new__(OpenCodeDatabase)  # its tables are there
    database.path, database._number = path, 100 * number
    database.session(f"ses_{number}").message(f"ses_{number}", 1000)


def has_counted(household: Household, tokens: int) -> bool:
    return household.tokens == tokens


def test_messages_that_no_event_tells_of_are_counted(household: Household) -> None:
    """Nothing rings, no process ends, nobody asks: only the timer is left."""
    database = household.paths.opencode_data / "opencode.db"
    database.parent.mkdir(parents=True)
    shutil.copy(SAMPLE, database)
    with household.daemon("--scan", "0.2") as daemon:
        before = household.tokens
        assert before > 0
        for number in range(1, 4):
            add_message(database, number)
            until(partial(has_counted, household, before + 1000 * number), f"message {number}")
        assert daemon.end() == 0
        # It is the timer that found each of them: nothing else is told in its log.
        assert daemon.log.count("databases.taken new=1 ") == 3


def test_without_the_timer_nothing_would_find_them(household: Household) -> None:
    database = household.paths.opencode_data / "opencode.db"
    database.parent.mkdir(parents=True)
    OpenCodeDatabase(database)
    with household.daemon("--scan", NEVER_S):
        add_message(database, 1)
        time.sleep(0.5)
        assert household.tokens == 0


@pytest.fixture
def installed(tmp_path: Path) -> Household:
    """A household whose program is a copy that can be upgraded."""
    package = tmp_path / "installed" / "opencode_stats"
    shutil.copytree(SOURCES / "opencode_stats", package, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "tmp").mkdir()
    return Household(tmp_path, {"PYTHONPATH": str(package.parent)})


def upgrade(household: Household) -> None:
    """Puts another version in place, as pip does: new files under the old names."""
    package = household.home / "installed" / "opencode_stats"
    for name in ("__init__.py", "core/days.py"):
        draft = package / "draft"
        draft.write_text((package / name).read_text().replace('"0.1.0"', '"0.1.1"'))
        os.replace(draft, package / name)


def test_a_supervised_one_ends_for_the_version_that_was_installed_meanwhile(installed: Household) -> None:
    with installed.daemon("--supervised", "--scan", "0.2") as daemon, installed.opencode() as opencode:
        opencode.script.conversation("ses_a").answer("ses_a", input=7)
        installed.tell(opencode)
        upgrade(installed)

        assert daemon.tells() == "STOPPING=1"
        assert daemon.ends() == 75
        assert "daemon.outdated" in daemon.log
        # What came last is in, and everything is given back for the one that follows.
        assert installed.tokens == 7
        assert not installed.paths.control.exists()

    with installed.daemon("--supervised", "--scan", "0.2") as daemon:
        assert installed.stats["exporter"]["version"] == "0.1.1"
        time.sleep(1)
        assert daemon.process.poll() is None


def test_one_that_nobody_would_start_again_goes_on_and_doctor_says_so(installed: Household) -> None:
    with installed.daemon("--scan", "0.2") as daemon:
        (fine,) = exporter_findings(installed)
        assert fine["verdict"] == "ok"
        # A process's start is known to a tick, and the check leaves the clocks a second.
        time.sleep(1.1)
        upgrade(installed)

        until(lambda: "daemon.outdated" in daemon.log, "its notice")

        (old,) = exporter_findings(installed)
        assert (old["verdict"], "older than what is installed" in old["reason"]) == ("warn", True)
        assert f"kill {daemon.process.pid}" in old["mend"]
        assert daemon.end() == 0
        assert daemon.log.count("daemon.outdated") == 1


def exporter_findings(household: Household) -> list[dict[str, str]]:
    findings = json.loads(household.call("doctor", "--json").stdout)["findings"]
    return [found for found in findings if found["about"] == "exporter"]
