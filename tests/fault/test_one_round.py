"""The whole way from the spool to stats.json, with every file call failing once, and with a kill at every one."""

from __future__ import annotations

import errno
import json
from datetime import UTC
from typing import TYPE_CHECKING

from tests.support.clock import FakeClock
from tests.support.files import FaultyFiles, Killed, fault_at, killed_at, no_fault
from tests.support.script import Script

from opencode_stats.daemon.exporter import Exporter, refresh
from opencode_stats.errors import UserError
from opencode_stats.host.paths import Paths
from opencode_stats.host.processes import Processes

if TYPE_CHECKING:
    from pathlib import Path

    from opencode_stats.host.files import Files

MOST_CALLS = 120


def exporter(home: Path, files: Files) -> Exporter:
    # Another boot's processes are gone, so the round also finishes their files.
    paths = Paths.of({}, home)
    return Exporter(
        paths,
        version="0.1.0",
        clock=FakeClock(),
        zone=lambda: UTC,
        processes=Processes(str(home / "no-proc")),
        databases=list,
        daemon_pid=None,
        files=files,
    )


def fill(home: Path) -> Paths:
    paths = Paths.of({}, home)
    paths.spool.mkdir(parents=True)
    for pid in (2**31 - 2, 2**31 - 1):
        script = Script(pid=pid).started().conversation(f"ses_{pid}").prompt(f"ses_{pid}")
        script.answer(f"ses_{pid}", f"msg_{pid}", input=100).idle(f"ses_{pid}")
        (paths.spool / script.file_name).write_bytes(script.content + b"garbage\n" + b"half a li")
    return paths


def work(home: Path, files: Files) -> None:
    one = exporter(home, files)
    try:
        refresh(one)
    finally:
        one.close()


def check(paths: Paths) -> None:
    """Whoever comes after a fault puts everything right."""
    for _ in range(2):
        work(paths.state.parents[2], FaultyFiles(no_fault))
    document = json.loads(paths.stats_file.read_bytes())
    assert document["total"]["totalTokens"] == 200
    assert document["session"]["state"] == "ended"
    assert list(paths.spool.iterdir()) == []
    assert sorted(path.name for path in paths.stats_file.parent.iterdir()) == ["stats.json"]
    assert list((paths.data / "tmp").iterdir()) == []


def calls_of_a_round(home: Path) -> int:
    files = FaultyFiles(no_fault)
    fill(home)
    work(home, files)
    return len(files.calls)


def test_a_round_without_a_fault(tmp_path: Path) -> None:
    assert 20 < calls_of_a_round(tmp_path) < MOST_CALLS
    check(Paths.of({}, tmp_path))


def test_any_call_may_fail_once(tmp_path: Path) -> None:
    for number in range(1, MOST_CALLS):
        code = (errno.ENOSPC, errno.EIO)[number % 2]
        home = tmp_path / str(number)
        paths = fill(home)
        files = FaultyFiles(fault_at(number, code))
        try:
            work(home, files)
        except (OSError, UserError):
            assert number <= len(files.calls)
        assert files.descriptors == {}
        if paths.stats_file.exists():
            assert json.loads(paths.stats_file.read_bytes())["total"]["totalTokens"] in (0, 100, 200)
        check(paths)


def test_the_process_may_be_killed_at_any_call(tmp_path: Path) -> None:
    killed = 0
    for number in range(1, MOST_CALLS):
        home = tmp_path / str(number)
        paths = fill(home)
        try:
            work(home, FaultyFiles(killed_at(number)))
        except Killed:
            killed += 1
        if paths.stats_file.exists():
            assert json.loads(paths.stats_file.read_bytes())["schemaVersion"] == 1
        check(paths)
    assert killed > 20
