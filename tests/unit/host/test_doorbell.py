from __future__ import annotations

import os
import select
import stat
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from opencode_stats.errors import UserError
from opencode_stats.host.doorbell import Doorbell

if TYPE_CHECKING:
    from pathlib import Path


def rings(bell: Doorbell) -> bool:
    return bool(select.select([bell.descriptor], [], [], 0)[0])


def ring(path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    os.write(descriptor, b"r")
    os.close(descriptor)


def test_many_rings_are_heard_once(tmp_path: Path) -> None:
    path = tmp_path / "doorbell"
    with closing(Doorbell(path)) as bell:
        assert not rings(bell)
        for _ in range(5):
            ring(path)
        assert rings(bell)

        bell.quiet()

        # Nobody holds the pipe open for writing now, and still it does not read as ended.
        assert not rings(bell)
        bell.quiet()
        ring(path)
        assert rings(bell)


def test_a_full_pipe_is_emptied_at_once(tmp_path: Path) -> None:
    path = tmp_path / "doorbell"
    with closing(Doorbell(path)) as bell:
        descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        with closing(os.fdopen(descriptor, "wb", buffering=0)) as ringer:
            while ringer.write(b"r" * 4096) is not None:
                assert rings(bell)
        bell.quiet()

        assert not rings(bell)


def test_the_pipe_is_its_owners_and_is_used_again(tmp_path: Path) -> None:
    path = tmp_path / "doorbell"
    for _ in range(2):
        with closing(Doorbell(path)):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_ISFIFO(path.stat().st_mode)


@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_what_is_no_pipe_is_left_alone_and_named(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "doorbell"
    if kind == "file":
        path.write_bytes(b"mine")
    elif kind == "folder":
        path.mkdir()
    else:
        os.mkfifo(tmp_path / "elsewhere")
        path.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(UserError, match="doorbell"):
        Doorbell(path)
    assert path.is_symlink() is (kind == "link")
    if kind == "file":
        assert path.read_bytes() == b"mine"


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="doorbell"):
        Doorbell(tmp_path / "none" / "doorbell")
