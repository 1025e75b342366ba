"""What only Linux has is taken away, as on macOS: the commands work all the same, and the daemon publishes.

It stands in for a Mac, which no test has: the system calls below are gone, and so is /proc.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Final

import pytest
from tests.support.script import Script
from tests.unit.daemon.household import until

from opencode_stats.core.events import ProcessKey

if TYPE_CHECKING:
    from tests.unit.daemon.household import Household

pytestmark = pytest.mark.processes

ELSEWHERE: Final = """
import os, select, socket, sys
for module, name in (
    (os, "pipe2"), (os, "pidfd_open"), (socket, "SOCK_CLOEXEC"), (socket, "SOCK_NONBLOCK"), (socket, "SO_PEERCRED"),
    (select, "epoll"), (os, "O_PATH"), (os, "posix_fadvise"), (os, "eventfd"), (os, "memfd_create"),
):
    if hasattr(module, name):
        delattr(module, name)
from opencode_stats.host.processes import Processes
Processes.__init__.__defaults__ = ("/there/is/no/proc",)
from opencode_stats.cli.main import main
main()
"""


def elsewhere(household: Household, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", ELSEWHERE, *arguments]
    return subprocess.run(command, env=household.environment, capture_output=True, text=True, timeout=60, check=False)


def one_turn(pid: int) -> Script:
    script = Script(pid=pid, at_ms=1)
    script.key = ProcessKey(pid)
    script.at_ms = Script().at_ms
    script.line("run.started", run={"pid": pid}, api=1, plugin_version="0.1.0")
    return script.conversation("ses_a").prompt("ses_a").answer("ses_a", input=70).idle("ses_a")


@pytest.mark.parametrize("arguments", [(), ("--json",), ("import",), ("statusline",)])
def test_the_figures_are_counted_and_shown(household: Household, arguments: tuple[str, ...]) -> None:
    household.write(one_turn(os.getpid()))
    elsewhere(household, "import")

    done = elsewhere(household, *arguments)

    assert (done.returncode, done.stderr) == (0, "")
    assert household.tokens == 70
    assert "70" in done.stdout or arguments == ("import",)


@pytest.mark.parametrize("arguments", [("verify",), ("doctor",)])
def test_the_checks_end_with_what_they_found(household: Household, arguments: tuple[str, ...]) -> None:
    household.write(one_turn(os.getpid()))
    elsewhere(household, "import")

    done = elsewhere(household, *arguments)

    assert done.returncode in (0, 1)
    assert "Traceback" not in done.stderr
    assert done.stdout


def test_the_daemon_publishes_sees_an_end_and_stops(household: Household) -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as opencode:
        household.write(one_turn(opencode.pid))
        with subprocess.Popen(
            [sys.executable, "-c", ELSEWHERE, "daemon", "--scan", "0.2"],
            env=household.environment,
            stderr=subprocess.PIPE,
            text=True,
        ) as daemon:
            try:
                until(lambda: household.paths.stats_file.exists() and household.tokens == 70, "the figures")
                assert household.stats["session"]["live"]
                opencode.kill()
                opencode.wait()
                until(lambda: household.stats["session"]["state"] == "ended", "the end of the run")
                daemon.send_signal(signal.SIGTERM)
                _, said = daemon.communicate(timeout=20)
            finally:
                daemon.kill()
                opencode.kill()

    assert daemon.returncode == 0, said
    assert "Traceback" not in said
