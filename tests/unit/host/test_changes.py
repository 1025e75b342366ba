"""Being told of a file that was replaced, by the real kernel; and what happens where it can't tell."""

from __future__ import annotations

import ctypes
import os
import select
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from opencode_stats.host import changes
from opencode_stats.host.changes import FALLBACK_S, NET_S, Changes, changes_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE_MS = 10_000
"""Only a test that fails waits so long."""


def replace(file: Path, text: str = "new") -> None:
    temporary = file.with_name("temporary")
    temporary.write_text(text)
    temporary.replace(file)


def told(watch: Changes, patience_ms: int = PATIENCE_MS) -> bool:
    """Whether something was told; takes it."""
    assert watch.descriptor is not None
    poll = select.poll()
    poll.register(watch.descriptor, select.POLLIN)
    readable = bool(poll.poll(patience_ms))
    watch.settle()
    return readable


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "a" / "b" / "stats.json"


@pytest.fixture
def watch(file: Path) -> Iterator[Changes]:
    watch = changes_of(file)
    yield watch
    watch.close()


def test_every_replacing_is_told(file: Path, watch: Changes) -> None:
    file.parent.mkdir(parents=True)
    watch.settle()

    for number in range(3):
        assert not told(watch, 0)
        replace(file, str(number))
        assert told(watch)
    assert watch.patience_s == NET_S


def test_a_folder_that_comes_later_is_followed(file: Path, watch: Changes) -> None:
    for folder in (file.parent.parent, file.parent):
        folder.mkdir()
        assert told(watch)
    replace(file)

    assert told(watch)


def test_a_folder_that_goes_and_comes_again_is_followed(file: Path, watch: Changes) -> None:
    file.parent.mkdir(parents=True)
    watch.settle()
    file.parent.rmdir()
    assert told(watch)
    file.parent.mkdir()
    assert told(watch)
    replace(file)

    assert told(watch)


def test_a_folder_that_is_moved_away_is_followed_no_more(file: Path, watch: Changes) -> None:
    file.parent.mkdir(parents=True)
    watch.settle()
    file.parent.rename(file.parent.with_name("away"))
    assert told(watch)
    file.parent.mkdir()
    assert told(watch)
    replace(file)

    assert told(watch)


def test_a_folder_made_while_the_one_above_it_is_looked_for_is_followed(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real: Any = ctypes.CDLL(None, use_errno=True)

    class Late:
        """The C library; the folder is made just before one above it comes to be watched, so nothing tells of it."""

        inotify_init1, inotify_rm_watch = real.inotify_init1, real.inotify_rm_watch

        def inotify_add_watch(self, queue: int, folder: bytes, mask: int) -> int:
            if folder == os.fsencode(tmp_path):
                file.parent.mkdir(parents=True, exist_ok=True)
            number: int = real.inotify_add_watch(queue, folder, mask)
            return number

    monkeypatch.setattr("ctypes.CDLL", lambda *_, **__: Late())
    watch = changes_of(file)
    replace(file)

    assert told(watch)
    watch.close()


@pytest.mark.processes
def test_a_folder_made_at_the_same_moment_is_not_missed(file: Path) -> None:
    for _ in range(50):
        maker = subprocess.Popen(["mkdir", "-p", str(file.parent)])
        watch = changes_of(file)
        maker.wait()
        while told(watch, 0):
            pass
        replace(file)

        assert told(watch)

        watch.close()
        file.unlink()
        file.parent.rmdir()
        file.parent.parent.rmdir()


def test_what_a_neighbour_writes_wakes_nobody(file: Path, watch: Changes) -> None:
    file.parent.mkdir(parents=True)
    busy = file.with_name("opencode.db-wal")
    busy.touch()
    watch.settle()
    assert not told(watch, 0)

    with busy.open("ab", buffering=0) as written:
        for _ in range(100):
            written.write(b"x")
    os.utime(busy)

    assert not told(watch, 50)


def test_nothing_stays_open(file: Path) -> None:
    before = sorted(os.listdir("/proc/self/fd"))
    for _ in range(3):
        changes_of(file).close()

    assert sorted(os.listdir("/proc/self/fd")) == before


def test_where_the_kernel_has_none_left_it_is_looked_every_second(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path) -> Changes:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(changes, "_Inotify", refused)
    watch = changes_of(file)
    watch.settle()
    watch.close()

    assert (watch.descriptor, watch.patience_s) == (None, FALLBACK_S)


def test_a_watch_that_is_refused_later_is_made_up_for_by_looking(file: Path, watch: Changes) -> None:
    watch._libc = type("Full", (), {"inotify_add_watch": lambda *_: -1, "inotify_rm_watch": lambda *_: 0})  # type: ignore[attr-defined]
    watch._errno = lambda: 28  # type: ignore[attr-defined]
    watch.settle()

    assert watch.patience_s == FALLBACK_S


class Kernel:
    """A kqueue that notes what it is asked; the real one is on macOS and the BSDs only."""

    KQ_NOTE_WRITE, KQ_NOTE_DELETE, KQ_NOTE_RENAME = 1, 2, 4
    KQ_FILTER_VNODE, KQ_EV_ADD, KQ_EV_CLEAR = 8, 16, 32

    def __init__(self) -> None:
        self.watched: list[str] = []
        self.closed = False

    def kqueue(self) -> Kernel:
        return self

    def fileno(self) -> int:
        return 1234

    def kevent(self, descriptor: int, which: int, flags: int, notes: int) -> str:
        assert (which, flags, notes) == (8, 48, 7)
        return os.readlink(f"/proc/self/fd/{descriptor}")

    def control(self, events: list[str], most: int, timeout_s: float | None = None) -> list[str]:
        assert timeout_s == 0 or events
        self.watched += events
        return []

    def close(self) -> None:
        self.closed = True


def test_kqueue_watches_the_nearest_folder_that_is_there(file: Path, tmp_path: Path) -> None:
    before = sorted(os.listdir("/proc/self/fd"))
    kernel = Kernel()
    watch = changes._Kqueue(file, kernel)
    watch.settle()
    file.parent.mkdir(parents=True)
    watch.settle()
    watch.settle()
    file.parent.rmdir()
    watch.settle()
    watch.close()

    assert kernel.watched == [str(tmp_path), str(file.parent), str(file.parent.parent)]
    assert (watch.descriptor, kernel.closed) == (1234, True)
    assert sorted(os.listdir("/proc/self/fd")) == before


@pytest.mark.processes
def test_waiting_brings_no_library(tmp_path: Path) -> None:
    code = "import sys; from opencode_stats.host.changes import changes_of; from pathlib import Path; "
    code += f"changes_of(Path({str(tmp_path)!r}, 'x')); print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()

    assert "ctypes" in modules
    assert {"watchfiles", "anyio", "asyncio"} & set(modules) == set()
