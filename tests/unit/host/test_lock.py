from __future__ import annotations

import errno
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from opencode_stats.errors import LockHeld, UserError
from opencode_stats.host import lock
from opencode_stats.host.lock import exporter_lock, holder_of, is_held

if TYPE_CHECKING:
    from pathlib import Path

HOLD = """
import sys
from pathlib import Path
from opencode_stats.host.lock import exporter_lock
with exporter_lock(Path(sys.argv[1]), 4242):
    print("held", flush=True)
    input()
"""


def test_the_lock_is_held_for_the_block_and_names_its_holder(tmp_path: Path) -> None:
    path = tmp_path / "state" / "lock"
    assert (is_held(path), holder_of(path)) == (False, 0)

    with exporter_lock(path, 77):
        assert (is_held(path), holder_of(path)) == (True, 77)
        assert path.stat().st_mode & 0o777 == 0o600

    assert not is_held(path)


@pytest.mark.processes
def test_a_second_exporter_is_told_who_is_at_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "PROBE_PATIENCE_S", 0.05)
    path = tmp_path / "lock"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    with holder:
        assert holder.stdout.readline() == b"held\n"
        assert is_held(path)
        with pytest.raises(LockHeld, match="4242") as held, exporter_lock(path, 1):
            pytest.fail("two exporters at once")
        assert held.value.holder_pid == 4242
        holder.kill()
        holder.wait()

        # The kernel gave it up; the file still names the dead one.
        assert (is_held(path), holder_of(path)) == (False, 4242)
        with exporter_lock(path, 5):
            assert holder_of(path) == 5


@pytest.mark.parametrize("content", [b"", b"not a pid", b"\xff", b"9" * 1000])
def test_a_lock_file_that_names_nobody(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "lock").write_bytes(content)

    assert not is_held(tmp_path / "lock")
    with exporter_lock(tmp_path / "lock", 7):
        assert holder_of(tmp_path / "lock") == 7


FULL = """
import resource, sys
from pathlib import Path
from opencode_stats.host.lock import exporter_lock, holder_of, is_held
path = Path(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
with exporter_lock(path, 4242):
    print(is_held(path), holder_of(path), path.stat().st_size)
"""


@pytest.mark.processes
@pytest.mark.parametrize("before", [b"", b"17\n"])
def test_an_exporter_that_can_not_sign_is_at_work_all_the_same(tmp_path: Path, before: bytes) -> None:
    """Nor does the file go on to name who held it before."""
    (tmp_path / "lock").write_bytes(before)

    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path / "lock")],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )

    assert (done.returncode, done.stdout) == (0, "True 0 0\n"), done.stderr
    assert "lock.unsigned" in done.stderr


def test_looking_makes_no_file(tmp_path: Path) -> None:
    assert not is_held(tmp_path / "lock")
    assert os.listdir(tmp_path) == []


def test_looking_at_the_lock_does_not_keep_an_exporter_out(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.touch()
    for _ in range(20):
        assert not is_held(path)
        with exporter_lock(path, 1):
            assert is_held(path)


def test_a_place_that_cannot_be_used_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(UserError, match="it is not a folder"), exporter_lock(tmp_path / "file" / "lock", 1):
        pytest.fail("a lock on nothing")


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    # Such a server can't be had in a test: the kernel's answer is made up, what is made of it is not.
    def refuse(descriptor: int, operation: int) -> None:
        del descriptor, operation
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("fcntl.flock", refuse)

    with pytest.raises(UserError, match="XDG_STATE_HOME to a folder on a local disk"), exporter_lock(tmp_path / "l", 1):
        pytest.fail("a lock that nobody keeps")
    assert not is_held(tmp_path / "l")


@pytest.mark.processes
def test_exporters_that_start_at_once_are_one(tmp_path: Path) -> None:
    """Whatever the order: one works, and each of the others says so."""
    starters = [
        subprocess.Popen(
            [sys.executable, "-c", HOLD, str(tmp_path / "lock")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        for _ in range(6)
    ]
    losers = [starter for starter in starters if starter.poll() is not None or not _holds(starter)]
    (winner,) = [starter for starter in starters if starter not in losers]
    said = [loser.communicate(timeout=20)[1] for loser in losers]
    assert winner.communicate(b"\n", timeout=20)[1] == b""

    assert [b"LockHeld" in words for words in said] == [True] * 5


def _holds(starter: subprocess.Popen[bytes]) -> bool:
    assert starter.stdout is not None
    return starter.stdout.readline() == b"held\n"
