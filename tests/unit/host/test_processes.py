"""Processes, told by a made-up /proc and by this machine's own."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from opencode_stats.core.process_events import ProcessKey
from opencode_stats.host.processes import Processes

if TYPE_CHECKING:
    from pathlib import Path

BOOT_ID = "0f6f1d0a-5e3c-4b6e-9d2a-111111111111"


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    (tmp_path / "sys/kernel/random").mkdir(parents=True)
    (tmp_path / "sys/kernel/random/boot_id").write_text(BOOT_ID + "\n")
    (tmp_path / "self/ns").mkdir(parents=True)
    (tmp_path / "self/ns/pid").touch()
    return tmp_path


def namespace(proc: Path) -> str:
    return str((proc / "self/ns/pid").stat().st_ino)


def add(
    proc: Path, pid: int, *, state: str = "S", start_ticks: int = 777, name: str = "opencode", parent: int = 0
) -> None:
    (proc / str(pid)).mkdir()
    between = " ".join("0" for _ in range(17))
    (proc / str(pid) / "stat").write_text(f"{pid} ({name}) {state} {parent} {between} {start_ticks} 0 0\n")
    (proc / str(pid) / "comm").write_text(f"{name}\n")


@pytest.mark.parametrize(
    ("changes", "life"),
    [
        ({}, "alive"),
        ({"start_ticks": None}, "alive"),
        ({"pid_ns": None}, "alive"),
        ({"boot_id": BOOT_ID[:8]}, "alive"),
        ({"start_ticks": 778}, "gone"),
        ({"pid": 43}, "gone"),
        ({"boot_id": "another"}, "gone"),
        ({"boot_id": "file 1-1-1.jsonl"}, "gone"),
        ({"pid_ns": "1"}, "unknown"),
        ({"pid_ns": "1", "boot_id": "another"}, "gone"),
    ],
)
def test_whether_a_process_lives(proc: Path, changes: dict[str, object], life: str) -> None:
    add(proc, 42)
    key = replace(ProcessKey(42, BOOT_ID, namespace(proc), 777), **changes)  # type: ignore[arg-type]

    assert Processes(str(proc)).life_of(key) == life


@pytest.mark.parametrize("name", ["a b", "a) (b", ") Z 1", "((((", ")"])
def test_a_process_may_be_called_anything(proc: Path, name: str) -> None:
    add(proc, 42, name=name)

    assert Processes(str(proc)).start_ticks(42) == 777


@pytest.mark.parametrize("state", ["Z", "X"])
def test_a_zombie_is_gone(proc: Path, state: str) -> None:
    add(proc, 42, state=state)

    assert Processes(str(proc)).life_of(ProcessKey(42, BOOT_ID, None, 777)) == "gone"


@pytest.mark.parametrize("content", ["", "42", "42 (x", "42 (x) S 1 2 3"])
def test_a_file_that_says_too_little_is_no_process(proc: Path, content: str) -> None:
    add(proc, 42)
    (proc / "42" / "stat").write_text(content)

    assert Processes(str(proc)).start_ticks(42) is None


def test_without_proc_the_pid_is_all_there_is(tmp_path: Path) -> None:
    processes = Processes(str(tmp_path / "none"))

    assert processes.life_of(ProcessKey(os.getpid())) == "alive"
    assert processes.life_of(ProcessKey(2**31 - 1)) == "gone"


def test_the_ancestors_of_a_process_nearest_first_without_the_first_of_all(proc: Path) -> None:
    for pid, parent in ((1, 0), (20, 1), (30, 20), (42, 30), (50, 0)):
        add(proc, pid, parent=parent, name="a) S 7 (")

    found = {pid: Processes(str(proc)).ancestors(pid) for pid in (42, 20, 1, 50, 99)}

    assert found == {42: (30, 20), 20: (), 1: (), 50: (), 99: ()}


def test_a_ring_of_parents_ends(proc: Path) -> None:
    add(proc, 20, parent=30)
    add(proc, 30, parent=20)

    assert set(Processes(str(proc)).ancestors(20)) == {20, 30}


def test_real_ancestors_with_and_without_proc(tmp_path: Path) -> None:
    found = Processes().ancestors(os.getpid())

    assert found[:1] == ((os.getppid(),) if os.getppid() > 1 else ())
    assert Processes(str(tmp_path / "none")).ancestors(os.getpid()) == found
    assert Processes(str(tmp_path / "none")).ancestors(2**31 - 1) == ()


def test_of_an_environment_only_what_was_asked_for_is_kept(proc: Path) -> None:
    add(proc, 42)
    (proc / "42/environ").write_bytes(b"SECRET=hunter2\0TMUX=/tmp/a=b,7,0\0XTMUX=no\0TMUX_PANE=\xff\0bare\0")
    processes = Processes(str(proc))

    assert processes.environment(42, ("TMUX", "TMUX_PANE")) == {"TMUX": "/tmp/a=b,7,0", "TMUX_PANE": "\udcff"}
    assert processes.environment(42, ("STY",)) == processes.environment(43, ("TMUX",)) == {}


def test_what_a_process_calls_itself(proc: Path) -> None:
    add(proc, 42, name="tmux: server")

    assert [Processes(str(proc)).name(pid) for pid in (42, 43)] == ["tmux: server", ""]
    assert os.path.samefile(Processes().program(os.getpid()), sys.executable)


def own_key(pid: int) -> ProcessKey:
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        boot_id = file.read().strip()
    return ProcessKey(pid, boot_id, str(os.stat("/proc/self/ns/pid").st_ino), Processes().start_ticks(pid))


def test_this_very_process_lives() -> None:
    assert Processes().life_of(own_key(os.getpid())) == "alive"


@pytest.mark.processes
def test_a_real_process_from_its_start_over_its_zombie_to_its_end() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert child.stdin is not None
    processes, key = Processes(), own_key(child.pid)
    end = processes.watch_end(child.pid)
    try:
        assert processes.life_of(key) == "alive"
        child.stdin.close()
        if end is not None:
            assert select.select([end], [], [], 20) == ([end], [], [])
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert processes.life_of(key) == "gone"
    finally:
        child.wait()
        if end is not None:
            os.close(end)
    assert processes.life_of(key) == "gone"
    assert processes.watch_end(child.pid) is None


def test_when_a_process_started(proc: Path) -> None:
    add(proc, 42, start_ticks=500 * os.sysconf("SC_CLK_TCK"))
    (proc / "uptime").write_text("600.25 1000.00\n")

    assert Processes(str(proc)).started_ms(42, 1_000_000) == 1_000_000 - 100_250
    assert Processes(str(proc)).started_ms(43, 1_000_000) is None
    assert Processes(str(proc / "none")).started_ms(42, 1_000_000) is None


@pytest.mark.processes
def test_this_process_started_a_moment_ago() -> None:
    child = subprocess.Popen(["sleep", "60"])
    try:
        now_ms = time.time_ns() // 1_000_000
        started_ms = Processes().started_ms(child.pid, now_ms)
        assert started_ms is not None
        assert 0 <= now_ms - started_ms + 20 < 2_000
    finally:
        child.kill()
        child.wait()
