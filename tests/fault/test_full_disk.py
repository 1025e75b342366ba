"""A disk that is really full, under a real daemon: a small file system of its own, mounted for one test."""

from __future__ import annotations

import errno
import signal
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from tests.support.mounts import mounted
from tests.unit.daemon.household import Household, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.unit.daemon.household import Daemon

SIZE = "4m"
PIECE = bytes(4096)


@contextmanager
def small_disk(folder: Path) -> Iterator[Household]:
    """A home on a file system of four megabytes."""
    folder.mkdir()
    with mounted(f'mount -t tmpfs -o size={SIZE},mode=700 tmpfs "$1"', folder) as mounts:
        yield Household(mounts.seen(folder), extra={"HOME": str(folder), "TMPDIR": "/tmp"}, prefix=mounts.prefix)


def fill(household: Household) -> Path:
    """Takes every block that is left, and gives the file that does."""
    ballast = household.home / "ballast"
    with ballast.open("ab", buffering=0) as file:
        try:
            while True:
                file.write(PIECE)
        except OSError as error:
            assert error.errno == errno.ENOSPC  # noqa: PT017 - it is what ends the loop
    return ballast


def failures(daemon: Daemon) -> int:
    return sum(".failed" in line for line in daemon.log.splitlines())


def strays(household: Household) -> list[str]:
    return [str(path) for path in household.home.rglob("*.tmp")]


@pytest.mark.timeout(120)
def test_the_last_good_file_stays_the_daemon_keeps_trying_and_nothing_is_lost(tmp_path: Path) -> None:
    with small_disk(tmp_path / "home") as household, household.opencode() as opencode, household.daemon() as daemon:
        opencode.script.conversation("ses_a").prompt("ses_a").busy("ses_a").answer("ses_a", input=5)
        household.tell(opencode)
        household.ring()
        until(lambda: household.tokens == 5, "the first answer")
        good = household.paths.stats_file.read_bytes()

        # Stopped while the disk fills up, so that the lines are in the spool and it has not seen them.
        daemon.process.send_signal(signal.SIGSTOP)
        opencode.script.answer("ses_a", input=7)
        household.tell(opencode)
        ballast = fill(household)
        household.ring()
        daemon.process.send_signal(signal.SIGCONT)

        until(lambda: failures(daemon) >= 3, "the third failure")
        began_s, before = time.monotonic(), failures(daemon)
        assert household.paths.stats_file.read_bytes() == good
        assert strays(household) == []
        found = household.call("doctor")
        assert found.returncode == 1
        assert "full" in found.stdout
        time.sleep(max(0.0, 2.5 - (time.monotonic() - began_s)))
        assert failures(daemon) <= before + 2
        assert daemon.process.poll() is None

        ballast.unlink()
        until(lambda: household.tokens == 12, "the second answer", 40)
        problems = household.stats["exporter"]["health"]["problems"]
        assert [problem["code"] for problem in problems] == ["stalled"], problems
        assert "nothing could be taken in or written" in problems[0]["message"]
        assert problems[0]["message"] in household.call("doctor").stdout
        assert daemon.end() == 0
        assert household.call("verify").returncode == 0
        assert strays(household) == []


@pytest.mark.timeout(120)
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_a_daemon_that_starts_on_a_full_disk_waits_for_room(tmp_path: Path, end: signal.Signals) -> None:
    """After a kill SQLite's own files are there; after an end in order it has to make them, and can't."""
    with small_disk(tmp_path / "home") as household, household.opencode() as opencode:
        opencode.script.conversation("ses_a").prompt("ses_a").busy("ses_a").answer("ses_a", input=5)
        household.tell(opencode)
        with household.daemon() as daemon:
            until(lambda: household.tokens == 5, "the first answer")
            opencode.script.answer("ses_a", input=7)
            daemon.end(end)
        good = household.paths.stats_file.read_bytes()
        household.tell(opencode)
        ballast = fill(household)

        with household.daemon(ready=False) as daemon:
            until(lambda: failures(daemon) >= 2, "the second failure")
            assert household.paths.stats_file.read_bytes() == good
            ballast.unlink()
            until(lambda: household.tokens == 12, "the second answer", 40)
            assert daemon.end() == 0
        assert household.call("verify").returncode == 0
