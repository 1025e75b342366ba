from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from opencode_stats.host.files import Files, own_folder, told


def test_nothing_is_opened_through_a_link_or_left_to_children(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    files = Files()

    with pytest.raises(OSError, match="symbolic"):
        files.open(tmp_path / "link", os.O_RDONLY)
    descriptor = files.open(tmp_path / "file", os.O_RDONLY)
    assert not os.get_inheritable(descriptor)
    assert files.read(descriptor, 3, 4) == b"ent"
    files.close(descriptor)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_new_folders_are_their_owners_alone_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        own_folder(tmp_path / "a" / "b" / "c")
    finally:
        os.umask(before)

    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("a", "a/b", "a/b/c")]
    assert modes == [0o700] * 3


def test_a_folder_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o755)

    own_folder(tmp_path / "shared")

    assert stat.S_IMODE((tmp_path / "shared").stat().st_mode) == 0o755


def test_a_file_in_the_way_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(NotADirectoryError):
        own_folder(tmp_path / "file" / "a")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(errno.EROFS, "Read-only file system", "/a"), "/a: Read-only file system. Mount it for writing"),
        (OSError(errno.EROFS, "Read-only file system", "/b"), "Read-only file system. Mount it for writing"),
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device. Make room there."),
        (OSError(errno.EACCES, "Permission denied", "/a"), "/a: Permission denied. Check the folder's rights."),
        (OSError("odd"), "odd. Check the folder's rights."),
    ],
)
def test_an_error_of_the_system_comes_with_what_mends_it(error: OSError, sentence: str) -> None:
    assert told(error, Path("/b")).startswith(sentence)


def test_a_folder_that_everybody_may_write_to_comes_with_what_mends_it(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)

    with pytest.raises(OSError, match="everybody") as refused:
        own_folder(tmp_path)

    assert told(refused.value, tmp_path) == "everybody may write to it. Take that right away from others (chmod o-w)."
