"""In CI a test that is left out is a failure: what was not run was not shown to work.

And ``make check`` stays quick: in it a test that starts a process, and does not say so, fails.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

SKIPPED: list[str] = []
NOT_MARKED: Final = "not processes"


PROCESS_EVENTS: Final = {"subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.exec", "os.system"}
RUNNING: list[str] = []


def pytest_configure(config: pytest.Config) -> None:
    # A shell starts what it puts in the background with Ctrl-C ignored, and every process of a test would inherit that.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)

    # CI runs both halves: a test in the wrong one is no defect there.
    if NOT_MARKED in str(config.option.markexpr) and not os.environ.get("CI"):
        sys.addaudithook(_refuse_processes)


def _refuse_processes(event: str, _: object) -> None:
    if RUNNING and event in PROCESS_EVENTS:
        raise RuntimeError(f"{RUNNING[-1]} starts a process: put @pytest.mark.processes before it")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    RUNNING.append(item.nodeid)
    try:
        return (yield)
    finally:
        RUNNING.pop()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    # Here and not where the report is made: that is another process where several run tests.
    if report.skipped and not hasattr(report, "wasxfail"):
        SKIPPED.append(report.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if os.environ.get("CI") and SKIPPED and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if os.environ.get("CI"):
        for name in SKIPPED:
            terminalreporter.write_line(f"left out, which CI does not allow: {name}", red=True)
