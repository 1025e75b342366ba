"""A daemon's life as a real process: it publishes, says that it is ready, works, and stops."""

from __future__ import annotations

import os
import signal
import socket
import time
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import pytest
from tests.unit.daemon.household import Household, until

from opencode_stats.daemon.rest import UNWATCHED_SCAN_S
from opencode_stats.host.control import TAKE_IN, address_of, ask
from opencode_stats.host.lock import exporter_lock

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.processes


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_publishes_then_is_ready_and_ends_well_on_a_signal(household: Household, number: int) -> None:
    with household.daemon(ready=False) as daemon:
        assert not household.paths.stats_file.exists()
        assert daemon.tells() == "READY=1"
        assert household.stats["exporter"]["pid"] == daemon.process.pid

        code = daemon.end(number)

        assert (code, daemon.tells()) == (0, "STOPPING=1")
        assert daemon.log.splitlines() == [
            f"INFO daemon.ready pid={daemon.process.pid}",
            "INFO daemon.stopped",
        ]
        assert not household.paths.control.exists()


def test_what_came_last_is_published_before_it_ends(household: Household) -> None:
    with household.daemon() as daemon, household.opencode() as opencode:
        opencode.script.conversation("ses_a").answer("ses_a", input=7)
        household.tell(opencode)

        assert daemon.end() == 0

        assert household.tokens == 7


def test_a_second_one_says_who_is_at_work_and_leaves(household: Household) -> None:
    with household.daemon() as daemon:
        second = household.call("daemon")

        assert second.returncode == 3
        assert second.stderr == f"opencode-stats: Another opencode-stats is at work (pid {daemon.process.pid}).\n"
        assert daemon.process.poll() is None
        assert ask(household.paths.control, TAKE_IN, 10)


def test_one_that_starts_while_a_command_is_at_work_works_after_it(household: Household) -> None:
    with ExitStack() as command:
        command.enter_context(exporter_lock(household.paths.lock, os.getpid()))
        with household.daemon(ready=False) as daemon:
            until(lambda: f"start.waits holder_pid={os.getpid()}" in daemon.log, "it waits")
            assert not household.paths.stats_file.exists()

            command.close()

            assert daemon.tells() == "READY=1"
            assert household.stats["exporter"]["pid"] == daemon.process.pid


def test_what_a_killed_one_left_behind_is_taken_over(household: Household) -> None:
    with household.daemon() as killed:
        killed.process.kill()
        killed.process.wait()
    assert household.paths.control.is_socket()
    assert household.paths.doorbell.is_fifo()
    assert household.paths.lock.read_text().split() == [str(killed.process.pid)]

    with household.daemon() as daemon:
        assert household.paths.lock.read_text().split() == [str(daemon.process.pid)]
        assert ask(household.paths.control, TAKE_IN, 10)
        household.ring()


def test_a_lingering_one_ends_by_itself_when_the_last_opencode_has_gone(household: Household) -> None:
    with household.opencode() as opencode, household.daemon("--linger", "0.3") as daemon:
        opencode.script.conversation("ses_a").answer("ses_a", input=7)
        household.tell(opencode)
        # Half a second of company is longer than it would stay alone.
        daemon.manager.settimeout(0.5)
        with pytest.raises(TimeoutError):
            daemon.tells()
        daemon.manager.settimeout(20)
        opencode.kill()
        killed_s = time.monotonic()
        took_s = until(lambda: household.stats["session"]["state"] == "ended", "the end of the run")

        assert took_s < UNWATCHED_SCAN_S, "told by the kernel, not found by looking"
        assert daemon.tells() == "STOPPING=1"
        # However quiet the company was: the time alone begins with its end.
        assert time.monotonic() - killed_s >= 0.3
        assert daemon.ends() == 0
        assert household.tokens == 7


def test_a_lingering_one_ends_where_no_opencode_ever_was(household: Household) -> None:
    with household.daemon("--linger", "0") as daemon:
        assert daemon.ends() == 0
        assert "daemon.lingered" in daemon.log


@pytest.mark.parametrize("length", ["nan", "inf", "-1", "soon"])
def test_not_a_length_of_time(household: Household, length: str) -> None:
    done = household.call("daemon", "--linger", length)

    assert done.returncode == 2
    assert "--linger" in done.stderr


def test_a_home_of_any_length_and_any_letters(tmp_path: Path) -> None:
    home = tmp_path / ("long " * 30) / "Grüße 日本"
    home.mkdir(parents=True)
    places = {f"XDG_{name}_HOME": str(home / f"an {name} ö") for name in ("DATA", "STATE", "CONFIG")}
    household = Household(home, places)

    with household.daemon() as daemon, household.opencode() as opencode:
        assert len(os.fsencode(household.paths.control)) > 107
        opencode.script.conversation("ses_a").answer("ses_a", input=7)
        household.tell(opencode)
        assert ask(household.paths.control, TAKE_IN, 10)
        assert household.tokens == 7
        assert household.call().returncode == 0
        assert daemon.end() == 0
    assert not household.paths.control.exists()


@pytest.mark.parametrize("name", ["state", "data"])
def test_a_place_that_cannot_be_used(household: Household, name: str) -> None:
    # As root no mode would keep it out; a file in the folder's place does.
    place = getattr(household.paths, name)
    place.parent.mkdir(parents=True)
    place.write_text("not a folder")

    done = household.call("daemon")

    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert str(place) in done.stderr


@pytest.mark.parametrize("name", ["control", "doorbell", "stats_file"])
def test_a_folder_in_the_place_of_a_file(household: Household, name: str) -> None:
    place = getattr(household.paths, name)
    place.mkdir(parents=True)

    done = household.call("daemon")

    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert str(place) in done.stderr
    assert place.is_dir()


def test_the_state_folder_is_taken_away_under_it(household: Household) -> None:
    with household.daemon() as daemon:
        os.rename(household.paths.state, household.home / "away")
        # Its socket went along, and still wakes it.
        with closing(socket.socket(socket.AF_UNIX)) as channel:
            with address_of(household.home / "away" / "control.sock") as address:
                channel.connect(address)

            assert daemon.ends() == 2
        assert "took" in daemon.log
        assert "Traceback" not in daemon.log
