"""What wakes a real daemon, how fast, and what it owes to those who ask."""

from __future__ import annotations

import socket
import statistics
import threading
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support.script import Script
from tests.unit.daemon.household import Household, until

from opencode_stats.daemon.control_server import MOST_SILENT
from opencode_stats.daemon.rest import UNWATCHED_SCAN_S
from opencode_stats.host.control import DONE, TAKE_IN, address_of, ask

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.daemon.household import Daemon

pytestmark = pytest.mark.processes


@pytest.fixture
def daemon(household: Household) -> Iterator[Daemon]:
    with household.daemon() as one:
        yield one


def connected(stack: ExitStack, household: Household) -> socket.socket:
    channel = stack.enter_context(socket.socket(socket.AF_UNIX))
    channel.settimeout(20)
    with address_of(household.paths.control) as address:
        channel.connect(address)
    return channel


def shows(household: Household, tokens: int) -> bool:
    return household.tokens == tokens


def test_a_ring_makes_a_line_visible(household: Household, daemon: Daemon) -> None:
    took_s = []
    with household.opencode() as opencode:
        opencode.script.conversation("ses_a")
        for number in range(1, 6):
            opencode.script.answer("ses_a", input=1)
            household.tell(opencode)
            household.ring()
            took_s.append(until(partial(shows, household, number), f"answer {number}"))

    assert statistics.median(took_s) < 0.2


def test_a_line_without_a_ring_is_seen_while_a_process_lives(household: Household, daemon: Daemon) -> None:
    with household.opencode() as opencode:
        household.ring()
        until(lambda: household.stats["session"]["live"], "the run")
        # The watch begins in a thread of its own; what was written before it began is not seen by it.
        until(lambda: watches(daemon) > 0, "the watch on the spool")
        opencode.script.conversation("ses_a").answer("ses_a", input=7)
        household.tell(opencode)

        took_s = until(lambda: household.tokens == 7, "the line")

    assert took_s < 2.5


def watches(daemon: Daemon) -> int:
    """The inotify watches of the daemon (proc(5), fdinfo)."""
    found = 0
    for info in Path(f"/proc/{daemon.process.pid}/fdinfo").iterdir():
        try:
            found += info.read_text().count("inotify wd:")
        except FileNotFoundError:
            continue
    return found


def test_a_killed_process_ends_its_run_without_a_look(household: Household, daemon: Daemon) -> None:
    with household.opencode() as opencode:
        opencode.script.conversation("ses_a").prompt("ses_a").busy("ses_a")
        household.tell(opencode)
        household.ring()
        until(lambda: household.stats["session"]["state"] == "working", "the run")

        opencode.kill()
        took_s = until(lambda: household.stats["session"]["state"] == "ended", "its end")

    assert took_s < UNWATCHED_SCAN_S, "told by the kernel, not found by looking"
    until(lambda: not list(household.paths.spool.iterdir()), "the removal of its spool file")


def test_who_asks_is_answered_when_the_spool_of_that_moment_is_published(household: Household, daemon: Daemon) -> None:
    for number in range(1, 11):
        household.write(Script(pid=number).started().conversation("ses_a").answer("ses_a", f"msg_{number}", input=1))
        assert ask(household.paths.control, TAKE_IN, 10)
        assert household.tokens == number


def test_many_ask_at_once(household: Household, daemon: Daemon) -> None:
    answers: list[bool] = []
    household.write(Script().started().conversation("ses_a").answer("ses_a", input=7))
    askers = [
        threading.Thread(target=lambda: answers.append(ask(household.paths.control, TAKE_IN, 20))) for _ in range(300)
    ]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()

    assert answers == [True] * 300
    assert household.tokens == 7


def test_bad_company_keeps_nobody_waiting(household: Household, daemon: Daemon) -> None:
    with ExitStack() as stack:
        silent = [connected(stack, household) for _ in range(MOST_SILENT + 10)]
        for channel in (connected(stack, household) for _ in range(20)):
            channel.sendall(b"GET / HTTP/1.1\r\n" * 1000)
        for channel in (connected(stack, household) for _ in range(20)):
            channel.sendall(TAKE_IN)
            channel.close()
        began_s = time.monotonic()

        assert ask(household.paths.control, TAKE_IN, 10)

        assert time.monotonic() - began_s < 2
        # The youngest of the silent ones may still find its words.
        silent[-1].sendall(TAKE_IN)
        assert silent[-1].recv(100) == DONE
    assert daemon.process.poll() is None


def test_at_rest_it_sleeps(household: Household, daemon: Daemon) -> None:
    with ExitStack() as stack:
        for _ in range(5):
            connected(stack, household).sendall(TAKE_IN)
        assert ask(household.paths.control, TAKE_IN, 10)
        before = daemon.cpu_ticks
        time.sleep(0.5)

        # A loop that spins would use about fifty.
        assert daemon.cpu_ticks - before <= 2
