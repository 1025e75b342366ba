"""Old bytes or new bytes: whatever fails, and whenever the process is killed."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

import pytest
from tests.support.files import FaultyFiles, Killed, fault_at, fault_for, fault_from, killed_at, no_fault

from opencode_stats.host.files import Files
from opencode_stats.publish.atomic_file import TEMP_PREFIX, replace_file, sweep

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

OLD, NEW = b"old" * 100, b"new" * 1000
CALLS_OF_ONE = 13
"""open write fsync close replace, and open fsync close for each of the two folders; some more to be sure."""
BEFORE_READERS_SEE_IT = 5


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "tmp").mkdir()
    path = tmp_path / "data" / "stats.json"
    path.write_bytes(OLD)
    return path


def temp_folder(target: Path) -> Path:
    return target.parent.parent / "tmp"


def leftovers(target: Path) -> list[str]:
    return [
        name for folder in (target.parent, temp_folder(target)) for name in os.listdir(folder) if name != target.name
    ]


def test_new_bytes_take_the_place_of_old_ones(target: Path) -> None:
    files = FaultyFiles(no_fault)

    assert replace_file(files, target, NEW, temp_folder(target)) == "published"

    assert (target.read_bytes(), leftovers(target), files.descriptors) == (NEW, [], {})
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert files.calls == ["open", "write", "fsync", "close", "replace", *["open", "fsync", "close"] * 2]


def test_a_write_may_take_fewer_bytes_than_it_is_given(target: Path) -> None:
    files = FaultyFiles(no_fault, most_bytes=7)

    replace_file(files, target, NEW, temp_folder(target))

    assert (target.read_bytes(), files.calls.count("write")) == (NEW, len(NEW) // 7 + 1)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EACCES])
@pytest.mark.parametrize("number", range(1, CALLS_OF_ONE + 1))
@pytest.mark.parametrize("fault", [fault_at, fault_from])
def test_a_call_that_fails(target: Path, number: int, code: int, fault: Callable[..., Callable[..., None]]) -> None:
    files = FaultyFiles(fault(number, code))

    if number <= BEFORE_READERS_SEE_IT:
        with pytest.raises(OSError, match=os.strerror(code)):
            replace_file(files, target, NEW, temp_folder(target))
        assert target.read_bytes() == OLD
    else:
        outcome = replace_file(files, target, NEW, temp_folder(target))
        assert target.read_bytes() == NEW
        assert outcome == ("published" if number > len(files.calls) else "published, durability unknown")
    assert files.descriptors == {}
    if fault is fault_at or number > BEFORE_READERS_SEE_IT:
        assert leftovers(target) == []
    sweep(Files(), target.parent, temp_folder(target))
    assert leftovers(target) == []


@pytest.mark.parametrize("call", ["write", "fsync"])
def test_a_full_disk_is_told_with_its_folder_though_the_call_knows_no_name(target: Path, call: str) -> None:
    def fault(_number: int, name: str, _path: Path | None) -> None:
        if name == call:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(OSError, match="space") as caught:
        replace_file(FaultyFiles(fault), target, NEW, temp_folder(target))

    assert caught.value.filename == str(temp_folder(target))


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (errno.EINVAL, "published"),
        (errno.ENOTSUP, "published"),
        (errno.EIO, "published, durability unknown"),
    ],
)
def test_a_folder_that_can_not_be_synced(target: Path, code: int, outcome: str) -> None:
    """A file system that has no such thing did all that it can do."""
    files = FaultyFiles(fault_for(target.parent.name, "fsync", code))

    assert replace_file(files, target, NEW, temp_folder(target)) == outcome

    assert (target.read_bytes(), leftovers(target), files.descriptors) == (NEW, [], {})


@pytest.mark.parametrize("number", range(1, CALLS_OF_ONE))
def test_a_kill_leaves_old_or_new_bytes_and_at_most_one_file_to_sweep(target: Path, number: int) -> None:
    files = FaultyFiles(killed_at(number))

    if number <= 11:
        with pytest.raises(Killed):
            replace_file(files, target, NEW, temp_folder(target))
    else:
        replace_file(files, target, NEW, temp_folder(target))

    assert target.read_bytes() == (OLD if number <= 5 else NEW)
    assert leftovers(target) == ([] if number == 1 or number > 5 else [f"{TEMP_PREFIX}stats.json.{os.getpid()}.tmp"])
    assert sweep(Files(), target.parent, temp_folder(target)) == len(leftovers(target)) + (1 < number <= 5)
    assert leftovers(target) == []
    for descriptor in files.descriptors:
        os.close(descriptor)


def test_where_a_rename_between_folders_is_refused_the_temp_file_is_made_beside(target: Path) -> None:
    seen: list[Path] = []

    def other_mount(at: int, name: str, path: Path | None) -> None:
        if name == "open" and path is not None and path.name.endswith(".tmp"):
            seen.append(path.parent)
        if name == "replace" and seen[-1] != target.parent:
            raise OSError(errno.EXDEV, "Invalid cross-device link")

    files = FaultyFiles(other_mount)

    assert replace_file(files, target, NEW, temp_folder(target)) == "published"
    assert seen == [temp_folder(target), target.parent]
    assert (target.read_bytes(), leftovers(target), files.descriptors) == (NEW, [], {})


@pytest.mark.parametrize("number", range(1, 20))
def test_a_call_that_fails_where_renames_are_refused(target: Path, number: int) -> None:
    def other_mount(at: int, name: str, path: Path | None) -> None:
        if at == number:
            raise OSError(errno.EIO, "Input/output error")
        if name == "replace" and files.calls.count("replace") == 1:
            raise OSError(errno.EXDEV, "Invalid cross-device link")

    files = FaultyFiles(other_mount)
    try:
        replace_file(files, target, NEW, temp_folder(target))
    except OSError:
        assert target.read_bytes() == OLD
    else:
        assert target.read_bytes() == NEW
    assert files.descriptors == {}
    sweep(Files(), target.parent, temp_folder(target))
    assert leftovers(target) == []


@pytest.mark.parametrize("lay", [os.symlink, os.link])
def test_what_was_laid_in_the_temp_files_place_is_not_written_through(
    target: Path, tmp_path: Path, lay: Callable[[Path, Path], None]
) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    lay(victim, temp_folder(target) / f"{TEMP_PREFIX}{target.name}.{os.getpid()}.tmp")

    assert replace_file(Files(), target, b"new", temp_folder(target)) == "published"

    assert (victim.read_bytes(), target.read_bytes(), target.is_symlink()) == (b"precious", b"new", False)


def test_a_sweep_leaves_what_it_cannot_remove_and_what_is_no_file(tmp_path: Path) -> None:
    stuck, ours = f"{TEMP_PREFIX}a.1.tmp", f"{TEMP_PREFIX}b.1.tmp"
    for name in (stuck, ours):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / f"{TEMP_PREFIX}folder.tmp").mkdir()

    assert sweep(FaultyFiles(fault_for(stuck, "unlink", errno.EPERM)), tmp_path) == 1

    assert sorted(os.listdir(tmp_path)) == [stuck, f"{TEMP_PREFIX}folder.tmp"]


def test_a_sweep_takes_only_what_is_ours(tmp_path: Path) -> None:
    for name in (f"{TEMP_PREFIX}a.1.tmp", "a.tmp", f"{TEMP_PREFIX}notes", "stats.json"):
        (tmp_path / name).write_bytes(b"")

    assert sweep(Files(), tmp_path, tmp_path / "none") == 1
    assert sorted(os.listdir(tmp_path)) == [f"{TEMP_PREFIX}notes", "a.tmp", "stats.json"]
