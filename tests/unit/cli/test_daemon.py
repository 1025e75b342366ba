"""``opencode-stats daemon``: its options; what it does is in tests/unit/daemon."""

from __future__ import annotations

import errno
import logging
import os
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from opencode_stats.daemon.control_server import ControlServer
from opencode_stats.host.lock import exporter_lock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.cli.conftest import Call
    from tests.unit.daemon.household import Household


@pytest.fixture(autouse=True)
def _log() -> Iterator[None]:
    """The daemon makes the log its own; the next test wants its own again."""
    log = logging.getLogger("opencode_stats")
    before = log.handlers, log.level
    yield
    log.handlers, log.level = before


@pytest.mark.parametrize("verbose", [False, True])
def test_it_works_and_logs_to_stderr(call: Call, household: Household, verbose: bool) -> None:
    done = call("daemon", "--linger", "0", *(["--verbose"] if verbose else []))

    assert (done.returncode, done.stdout) == (0, "")
    # When the day's backup is made is its own affair.
    words = [line.split(" ")[1] for line in done.stderr.splitlines() if "backup.made" not in line]
    assert words == [*(["stats.published"] if verbose else []), "daemon.ready", "daemon.lingered", "daemon.stopped"]
    assert household.stats["exporter"]["pid"] == os.getpid()


@pytest.mark.parametrize("length", ["nan", "inf", "-1", "soon"])
def test_not_a_length_of_time(call: Call, household: Household, length: str) -> None:
    done = call("daemon", "--linger", length)

    assert done.returncode == 2
    assert "--linger" in done.stderr
    assert not household.paths.state.exists()


def test_another_one_is_at_work(call: Call, household: Household) -> None:
    with exporter_lock(household.paths.lock, os.getpid()), closing(ControlServer(household.paths.control)):
        done = call("daemon")

    assert (done.returncode, done.stderr) == (
        3,
        f"opencode-stats: Another opencode-stats is at work (pid {os.getpid()}).\n",
    )


def test_settings_that_make_no_sense(call: Call, household: Household) -> None:
    household.paths.config.mkdir(parents=True)
    household.paths.settings_file.write_text("day_start_hour = 'noon'\n")

    done = call("daemon", "--linger", "0")

    assert done.returncode == 0
    (problem,) = household.stats["exporter"]["health"]["problems"]
    assert problem["code"] == "settings"
    assert "line 1: day_start_hour: it is 'noon', and wants a whole number from 0 to 23." in problem["message"]


@pytest.mark.parametrize("folder", ["data", "state"])
def test_a_read_only_file_system(
    call: Call, household: Household, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    # Root may write anywhere and a test can't mount: the kernel's answer is made up, what is made of it is not.
    place, mkdir = getattr(household.paths, folder), os.mkdir

    def refuse(path: str | Path, mode: int = 0o777) -> None:
        if place in (Path(path), *Path(path).parents):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
        mkdir(path, mode)

    monkeypatch.setattr("os.mkdir", refuse)

    done = call("daemon")

    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert str(place) in done.stderr
    assert "Read-only file system" in done.stderr
