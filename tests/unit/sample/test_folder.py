"""Samples are made in no folder that holds anything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from opencode_stats.errors import UserError
from opencode_stats.host.lock import exporter_lock
from opencode_stats.host.paths import Paths
from opencode_stats.sample.folder import LIVE, NOTE, prepare

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def real(tmp_path: Path) -> Paths:
    return Paths.of({}, tmp_path / "home")


def test_a_new_folder_is_made_and_an_old_sample_is_made_anew(tmp_path: Path, real: Paths) -> None:
    folder = tmp_path / "a" / "b"
    prepare(folder, real)
    (folder / "working").mkdir()
    (folder / "working" / "x").write_text("old")

    prepare(folder, real)

    assert [path.name for path in folder.iterdir()] == [NOTE]
    assert "working      OpenCode works" in (folder / NOTE).read_text("utf-8")


@pytest.mark.parametrize("strange", ["mine.txt", "README.txt", "working"])
def test_what_is_somebody_elses_stays(tmp_path: Path, real: Paths, strange: str) -> None:
    folder = tmp_path / "s"
    folder.mkdir()
    (folder / strange).write_text("mine")

    with pytest.raises(UserError, match="is not empty"):
        prepare(folder, real)

    assert (folder / strange).read_text() == "mine"


def test_a_stray_file_among_samples_keeps_all_of_them(tmp_path: Path, real: Paths) -> None:
    folder = tmp_path / "s"
    prepare(folder, real)
    (folder / "thesis.txt").write_text("mine")

    with pytest.raises(UserError, match="is not empty"):
        prepare(folder, real)

    assert (folder / "thesis.txt").read_text() == "mine"


@pytest.mark.parametrize(
    "place", ["", ".local/share/opencode", ".local/share/opencode/x", ".local/state/opencode-stats/spool", ".config"]
)
def test_real_figures_are_not_touched(tmp_path: Path, real: Paths, place: str) -> None:
    with pytest.raises(UserError, match="your real figures"):
        prepare(tmp_path / "home" / place, real)

    assert not (tmp_path / "home").exists()


def test_a_link_to_real_figures_is_seen_through(tmp_path: Path, real: Paths) -> None:
    real.data.mkdir(parents=True)
    (tmp_path / "link").symlink_to(real.data)

    with pytest.raises(UserError, match="your real figures"):
        prepare(tmp_path / "link", real)


def test_a_link_among_samples_is_not_followed(tmp_path: Path, real: Paths) -> None:
    folder, mine = tmp_path / "s", tmp_path / "mine"
    prepare(folder, real)
    mine.mkdir()
    (mine / "thesis.txt").write_text("mine")
    (folder / "working").symlink_to(mine)

    with pytest.raises(UserError, match="can't be used"):
        prepare(folder, real)

    assert (mine / "thesis.txt").read_text() == "mine"


def test_one_that_still_changes_is_left_alone(tmp_path: Path, real: Paths) -> None:
    prepare(tmp_path / "s", real)
    lock = Paths.of({}, tmp_path / "s" / LIVE).lock

    with exporter_lock(lock, 1), pytest.raises(UserError, match="is at work"):
        prepare(tmp_path / "s", real)

    assert lock.exists()


def test_a_folder_that_cannot_be(tmp_path: Path, real: Paths) -> None:
    (tmp_path / "file").write_text("x")

    with pytest.raises(UserError, match="Name a folder that you may write to"):
        prepare(tmp_path / "file" / "s", real)
