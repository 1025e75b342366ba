"""Who else could change what is run in the user's name."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from opencode_stats.install.trust import alone_in_group, open_to_others

if TYPE_CHECKING:
    from pathlib import Path

NOBODY = 65534
OWN_GROUP = 4711


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "opt" / "bin" / "opencode-stats"
    path.parent.mkdir(parents=True)
    path.touch(mode=0o755)
    return path


def nobody_else(gid: int) -> bool:
    return gid == OWN_GROUP


def test_what_is_the_user_s_alone(program: Path) -> None:
    assert open_to_others(program) is None
    assert open_to_others(program.parent / "not" / "there" / "yet") is None


@pytest.mark.parametrize("up", [0, 1, 2])
def test_everybody_may_write(program: Path, up: int) -> None:
    place = (program, *program.parents)[up]
    place.chmod(place.stat().st_mode | 0o002)

    assert open_to_others(program) == place


def test_a_sticky_folder_lets_nobody_change_what_is_in_it(program: Path) -> None:
    program.parent.chmod(0o1777)

    assert open_to_others(program) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
@pytest.mark.parametrize("up", [0, 1])
def test_somebody_else_s(program: Path, up: int) -> None:
    place = (program, *program.parents)[up]
    os.chown(place, NOBODY, NOBODY)

    assert open_to_others(program) == place


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
@pytest.mark.parametrize(("gid", "found"), [(OWN_GROUP, False), (0, False), (NOBODY, True)])
def test_a_group_may_write(program: Path, gid: int, found: bool) -> None:
    os.chown(program, os.geteuid(), gid)
    program.chmod(0o775)

    assert open_to_others(program, nobody_else) == (program if found else None)


def test_both_ends_of_a_link_matter(program: Path, tmp_path: Path) -> None:
    shown = tmp_path / "home" / "bin"
    shown.mkdir(parents=True)
    (shown / "opencode-stats").symlink_to(program)
    assert open_to_others(shown / "opencode-stats") is None

    shown.chmod(0o777)
    assert open_to_others(shown / "opencode-stats") == shown
    shown.chmod(0o755)
    program.chmod(0o757)
    assert open_to_others(shown / "opencode-stats") == program


def test_a_group_that_is_none() -> None:
    assert not alone_in_group(2**31 - 2)
    assert not alone_in_group(0)
