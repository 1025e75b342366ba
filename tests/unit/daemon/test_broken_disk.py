"""A disk that fails under a real daemon: the kernel refuses its writes (RLIMIT_FSIZE), and takes them again."""

from __future__ import annotations

import resource
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from tests.unit.daemon.household import Household, until

from opencode_stats.host.control import TAKE_IN, ask

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.daemon.household import Daemon

pytestmark = pytest.mark.processes


@contextmanager
def no_room(daemon: Daemon, largest_bytes: int = 0) -> Iterator[None]:
    """No file of the daemon may grow beyond this: every write fails with EFBIG, in SQLite as well."""
    _, hard = resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (largest_bytes, hard))
    yield
    resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (hard, hard))


def failures(daemon: Daemon) -> list[str]:
    return [line for line in daemon.log.splitlines() if "round.failed" in line]


def test_the_last_good_file_stays_and_all_is_made_up_for_when_there_is_room(household: Household) -> None:
    with household.opencode() as opencode, household.daemon() as daemon:
        opencode.script.conversation("ses_a").prompt("ses_a").busy("ses_a").answer("ses_a", input=5)
        household.tell(opencode)
        household.ring()
        until(lambda: household.tokens == 5, "the first answer")
        good = household.paths.stats_file.read_bytes()

        with no_room(daemon):
            opencode.script.answer("ses_a", input=7)
            household.tell(opencode)
            household.ring()
            until(lambda: failures(daemon), "the first failure")
            assert not ask(household.paths.control, TAKE_IN, 0.3)
            assert household.paths.stats_file.read_bytes() == good
            assert daemon.process.poll() is None

        until(lambda: household.tokens == 12, "the second answer")
        assert ask(household.paths.control, TAKE_IN, 10)
        assert daemon.end() == 0


def test_it_backs_off_although_a_process_has_ended_and_everybody_rings(household: Household) -> None:
    with household.opencode() as opencode, household.daemon() as daemon:
        household.ring()
        until(lambda: household.stats["session"]["live"], "the run")

        with no_room(daemon):
            opencode.script.conversation("ses_a").answer("ses_a", input=7)
            household.tell(opencode)
            opencode.kill()
            until(lambda: failures(daemon), "the first failure")
            before = daemon.cpu_ticks
            for _ in range(50):
                household.ring()
                time.sleep(0.01)
            used = daemon.cpu_ticks - before

        assert len(failures(daemon)) <= 4
        assert used <= 10
        until(lambda: household.stats["session"]["state"] == "ended", "the end of the run")
        assert household.tokens == 7
