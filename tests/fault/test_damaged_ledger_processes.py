"""A damaged ledger under the real command and the real daemon: each mends it by itself, or says why it can't."""

from __future__ import annotations

import os
import signal
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.fault.damage import (
    another_database,
    emptied,
    header_overwritten,
    index_of_ids_lost,
    no_database,
    page_zeroed_in_the_middle,
    truncated,
)
from tests.support.script import Script
from tests.unit.daemon.household import Household, until

from opencode_stats.ledger.backup import backups

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HARMS = (
    header_overwritten,
    page_zeroed_in_the_middle,
    truncated,
    index_of_ids_lost,
    emptied,
    no_database,
    another_database,
)
TOKENS = sum(100 + pid for pid in range(1, 41))


@pytest.fixture
def household(tmp_path: Path) -> Household:
    """Forty OpenCodes that are gone, in a ledger that was closed in order."""
    (tmp_path / "tmp").mkdir()
    one = Household(tmp_path)
    for pid in range(1, 41):
        name = f"ses_{pid}"
        one.write(Script(pid=pid).started().conversation(name).answer(name, f"msg_{pid:024}", input=100 + pid))
    assert one.call("import").returncode == 0
    assert one.tokens == TOKENS
    return one


def told(household: Household) -> list[str]:
    return [one["message"] for one in household.stats["exporter"]["health"]["problems"] if one["code"] == "ledger"]


@pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.__name__)
def test_the_command_mends_it(household: Household, harm: Callable[[Path], None]) -> None:
    harm(household.paths.ledger)

    done = household.call("import")

    assert (done.returncode, household.tokens) == (0, TOKENS)
    assert "What could be had again of the damaged ledger is there" in done.stderr
    assert told(household)[0].endswith("everything that had been published is there.")
    assert household.call("verify").returncode == 0
    (folder,) = household.paths.damaged.iterdir()
    assert {"ledger.db", "stats.json", "report.json"} <= set(os.listdir(folder))
    # Nobody is at work: no file of SQLite's stays behind, whoever looked.
    for command in ("verify", "audit", "doctor"):
        household.call(command)
    assert sorted(path.name for path in household.paths.data.glob("ledger*")) == ["ledger.db"]


@pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.__name__)
def test_the_daemon_mends_it_before_it_is_ready(household: Household, harm: Callable[[Path], None]) -> None:
    harm(household.paths.ledger)

    with household.daemon() as daemon:
        assert household.tokens == TOKENS
        assert told(household)
        with household.opencode() as opencode:
            opencode.script.conversation("ses_new").answer("ses_new", input=5)
            household.tell(opencode)
            household.ring()
            until(lambda: household.tokens == TOKENS + 5, "what comes next")
        assert daemon.end() == 0
    assert household.call("verify").returncode == 0


def test_a_daemon_under_which_it_comes_to_harm_goes_on(household: Household) -> None:
    with household.daemon() as daemon, household.opencode() as opencode:
        until(lambda: backups(household.paths.backups), "the first backup")
        content = bytearray(household.paths.ledger.read_bytes())
        content[4096:] = os.urandom(len(content) - 4096)
        with open(household.paths.ledger, "r+b") as file:
            file.write(content)
        opencode.script.conversation("ses_new").answer("ses_new", input=5)
        household.tell(opencode)
        household.ring()

        until(lambda: household.tokens == TOKENS + 5, "the figures")
        until(lambda: told(household), "the report")
        assert daemon.process.poll() is None
        assert "ledger.made_again" in daemon.log
        assert daemon.end() == 0
    assert household.call("verify").returncode == 0


@pytest.mark.parametrize("what", ["garbage", "missing", "half"])
def test_the_log_of_a_killed_daemon_is_harmed(household: Household, what: str) -> None:
    log = household.paths.ledger.with_name("ledger.db-wal")
    with household.daemon() as daemon, household.opencode() as opencode:
        opencode.script.conversation("ses_new").answer("ses_new", input=5)
        household.tell(opencode)
        household.ring()
        until(lambda: household.tokens == TOKENS + 5, "the new one")
        daemon.end(signal.SIGKILL)
        assert log.stat().st_size > 0
        if what == "garbage":
            log.write_bytes(os.urandom(50_000))
        elif what == "half":
            os.truncate(log, log.stat().st_size // 2)
        else:
            log.unlink()

        assert household.call("import").returncode == 0
    assert household.tokens == TOKENS + 5
    assert household.call("verify").returncode == 0


def test_a_newer_ledger_is_refused_and_nothing_is_touched(household: Household) -> None:
    with closing(sqlite3.connect(household.paths.ledger)) as ledger, ledger:
        ledger.execute("INSERT INTO migrations VALUES ('m999_future.sql', 1)")
    before = {path.name: path.read_bytes() for path in household.paths.data.iterdir() if path.is_file()}

    for command in ("import", "daemon", "rebuild"):
        done = household.call(command)
        assert done.returncode == 4
        assert "written by a newer version of opencode-stats" in done.stderr
        assert done.stderr.count("\n") == 1
    assert {path.name: path.read_bytes() for path in household.paths.data.iterdir() if path.is_file()} == before
    assert household.tokens == TOKENS


def test_where_it_cannot_be_made_again_that_is_said(household: Household) -> None:
    no_database(household.paths.ledger)
    harmed = household.paths.ledger.read_bytes()
    # As root no mode bits keep us out; a folder in the place of the new file does.
    (household.paths.data / "ledger.recovering").mkdir()

    for command in ("import", "daemon"):
        done = household.call(command)
        assert done.returncode == 4
        assert "is damaged" in done.stderr
        assert "could not be made again" in done.stderr
        assert "Traceback" not in done.stderr
    assert household.paths.ledger.read_bytes() == harmed
    assert household.tokens == TOKENS


def test_purging_leaves_nothing_to_make_it_again_from(household: Household) -> None:
    header_overwritten(household.paths.ledger)
    household.call("import")

    done = household.call("uninstall", "--purge", "--yes")

    assert done.returncode == 0, done.stderr
    assert not household.paths.data.exists() or list(household.paths.data.iterdir()) == []
    assert not household.paths.state.exists() or list(household.paths.state.iterdir()) == []
