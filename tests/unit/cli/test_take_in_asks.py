"""``opencode-stats import``: with a daemon at work and without one, once and again."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from tests.support.script import Script

from opencode_stats.cli import now
from opencode_stats.host import lock
from opencode_stats.host.lock import exporter_lock

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Call
    from tests.unit.daemon.household import Household


def turn(pid: int = 1, tokens: int = 7) -> Script:
    return Script(pid=pid).started().conversation("ses_a").answer("ses_a", f"msg_{pid}", input=tokens)


def test_without_a_daemon_as_often_as_one_likes(call: Call, household: Household) -> None:
    household.write(turn())
    for _ in range(3):
        done = call("import")

        assert (done.returncode, done.stderr) == (0, "")
        assert str(household.paths.stats_file) in done.stdout
        assert household.tokens == 7


@pytest.mark.processes
def test_a_daemon_is_asked_and_waited_for(call: Call, household: Household) -> None:
    with household.daemon() as daemon:
        for pid in range(1, 4):
            household.write(turn(pid))

            assert call("import").returncode == 0
            assert household.tokens == 7 * pid
        assert household.stats["exporter"]["pid"] == daemon.process.pid


def test_who_holds_the_lock_does_not_answer(call: Call, household: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(now, "PATIENCE_S", 0.2)
    with exporter_lock(household.paths.lock, os.getpid()):
        done = call("import")

    assert (done.returncode, done.stdout) == (3, "")
    assert f"Another opencode-stats (pid {os.getpid()}) has been at work for" in done.stderr


@pytest.mark.parametrize("named", [True, False])
def test_who_holds_the_lock_is_named_to_be_ended_where_that_is_known(
    call: Call, household: Household, monkeypatch: pytest.MonkeyPatch, named: bool
) -> None:
    """``kill 0`` would end the caller."""
    monkeypatch.setattr(lock, "PROBE_PATIENCE_S", 0.05)
    with exporter_lock(household.paths.lock, os.getpid()):
        if not named:
            household.paths.lock.write_bytes(b"")
        done = call("rebuild")

    kill = f", or kill {os.getpid()}" if named else ""
    assert (done.returncode, f"(systemctl --user stop opencode-stats{kill})" in done.stderr) == (3, True)
