from __future__ import annotations

import errno
import json
import os
import stat
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.files import FaultyFiles, fault_for, no_fault

from opencode_stats.contract.stats_document import document_of
from opencode_stats.core.recent import HistoryStats
from opencode_stats.core.stats import DayStats, ExporterStats, Health, RunStats, Stats, TotalStats
from opencode_stats.errors import UserError
from opencode_stats.publish.atomic_file import TEMP_PREFIX
from opencode_stats.publish.stats_file import StatsFile

if TYPE_CHECKING:
    from pathlib import Path

    from opencode_stats.host.files import Files

STATS = Stats(
    session=RunStats(),
    daily=DayStats(date="2026-11-21"),
    total=TotalStats(),
    sessions=(),
    attention=(),
    history=HistoryStats((), ()),
    exporter=ExporterStats("0.1.0", 1, 1000, Health()),
)
MORE = replace(STATS, total=TotalStats(total_tokens=5))


def at(stats: Stats, generated_at: int) -> Stats:
    return replace(stats, exporter=replace(stats.exporter, generated_at=generated_at))


class Published:
    """The file, its folders, and a publisher that can be started anew."""

    def __init__(self, home: Path) -> None:
        self.target = home / "data" / "opencode" / "stats.json"
        self.temp = home / "own" / "tmp"
        self.stamp = home / "state" / "stamp" / "published"
        self.files: Files = FaultyFiles(no_fault)

    def prepared(self) -> StatsFile:
        file = StatsFile(self.files, self.target, self.temp, self.stamp)
        file.prepare()
        return file

    @property
    def digest(self) -> Any:  # noqa: ANN401 - whatever is in the stamp
        return json.loads(self.stamp.read_bytes())

    @property
    def stamped_at(self) -> Any:  # noqa: ANN401 - whatever is in the stamp
        return self.digest["stats"]["exporter"]["generatedAt"]

    @property
    def document(self) -> Any:  # noqa: ANN401 - whatever is in the file
        return json.loads(self.target.read_bytes())


@pytest.fixture
def home(tmp_path: Path) -> Published:
    return Published(tmp_path)


def test_the_first_publishing_makes_everything_for_its_owner_alone(home: Published) -> None:
    assert home.prepared().publish(STATS) == "published"

    assert home.document == document_of(STATS)
    assert stat.S_IMODE(home.target.stat().st_mode) == 0o600
    assert home.stamped_at == 1000
    for folder in (home.target.parent, home.temp, home.stamp.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_same_figures_are_not_written_again(home: Published) -> None:
    file = home.prepared()
    file.publish(STATS)
    before = home.target.stat()

    assert file.publish(at(STATS, 2000)) is None
    assert (home.target.stat().st_ino, home.stamped_at) == (before.st_ino, 1000)
    assert file.publish(at(MORE, 3000)) == "published"
    assert (home.document["exporter"]["generatedAt"], home.stamped_at) == (3000, 3000)


def test_a_start_with_nothing_new_leaves_the_file_alone(home: Published) -> None:
    home.prepared().publish(STATS)

    assert home.prepared().publish(at(STATS, 2000)) is None
    assert home.document["exporter"]["generatedAt"] == 1000
    assert home.prepared().publish(MORE) == "published"


@pytest.mark.parametrize(
    "content", [b"", b"not json", b"[]", b'{"exporter": []}', b"\xff", b"[" * 100_000, b'{"exporter": {}}']
)
def test_whatever_stands_in_the_file_is_replaced(home: Published, content: bytes) -> None:
    home.target.parent.mkdir(parents=True)
    home.target.write_bytes(content)
    home.target.chmod(0o600)

    assert home.prepared().publish(STATS) == "published"
    assert home.document == document_of(STATS)


def test_a_file_that_others_can_read_is_made_anew(home: Published) -> None:
    home.prepared().publish(STATS)
    home.target.chmod(0o644)

    assert home.prepared().publish(STATS) == "published"
    assert stat.S_IMODE(home.target.stat().st_mode) == 0o600


def test_a_file_that_was_removed_is_written_again(home: Published) -> None:
    file = home.prepared()
    file.publish(STATS)
    home.target.unlink()

    assert file.publish(STATS) == "published"
    assert home.document == document_of(STATS)


@pytest.mark.parametrize("how", ["written over", "replaced"])
def test_a_file_that_somebody_else_wrote_meanwhile_is_written_again(home: Published, tmp_path: Path, how: str) -> None:
    file = home.prepared()
    file.publish(STATS)
    place = home.target if how == "written over" else tmp_path / "other"
    place.write_bytes(b'{"schemaVersion": 1}')
    if how == "replaced":
        os.replace(place, home.target)

    assert file.publish(at(STATS, 2000)) == "published"
    assert home.document["exporter"]["generatedAt"] == 2000
    assert file.publish(at(STATS, 3000)) is None


@pytest.mark.parametrize("gone", ["target", "temp", "stamp"])
def test_a_folder_that_was_removed_is_made_again(home: Published, gone: str) -> None:
    file = home.prepared()
    file.publish(STATS)
    folder: Path = {"target": home.target.parent, "temp": home.temp, "stamp": home.stamp.parent}[gone]
    for name in os.listdir(folder):
        (folder / name).unlink()
    folder.rmdir()

    assert file.publish(at(MORE, 2000)) == "published"
    assert (home.document["total"]["totalTokens"], home.stamped_at) == (5, 2000)


def test_what_a_crash_left_is_swept_at_the_next_start(home: Published) -> None:
    home.prepared()
    for folder in (home.target.parent, home.temp, home.stamp.parent):
        (folder / f"{TEMP_PREFIX}stats.json.1.tmp").write_bytes(b"half")

    home.prepared()

    assert [os.listdir(folder) for folder in (home.target.parent, home.temp, home.stamp.parent)] == [[], [], []]


@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
def test_what_is_not_ours_is_left_alone_and_named(home: Published, kind: str, tmp_path: Path) -> None:
    home.target.parent.mkdir(parents=True)
    precious = tmp_path / "precious"
    precious.write_bytes(b"mine")
    if kind == "link":
        home.target.symlink_to(precious)
    elif kind == "folder":
        home.target.mkdir()
    else:
        os.mkfifo(home.target)

    with pytest.raises(UserError, match=r"stats\.json is not a file of yours"):
        home.prepared()
    assert precious.read_bytes() == b"mine"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_foreigners_file_is_left_alone(home: Published) -> None:
    home.target.parent.mkdir(parents=True)
    home.target.write_bytes(b"theirs")
    os.chown(home.target, 12345, 12345)

    with pytest.raises(UserError, match="not a file of yours"):
        home.prepared()


def test_a_link_that_is_put_in_the_files_place_later_is_left_alone_too(home: Published, tmp_path: Path) -> None:
    file = home.prepared()
    file.publish(STATS)
    home.target.unlink()
    home.target.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(UserError, match=r"stats\.json is not a file of yours"):
        file.publish(MORE)
    assert home.target.is_symlink()
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give folders away")
@pytest.mark.parametrize("kind", ["folder", "link", "link to a folder"])
def test_another_users_folder_is_not_written_to(home: Published, tmp_path: Path, kind: str) -> None:
    stranger, elsewhere = 12345, tmp_path / "elsewhere"
    elsewhere.mkdir()
    home.target.parent.parent.mkdir(parents=True)
    if kind == "folder":
        home.target.parent.mkdir()
        os.chown(home.target.parent, stranger, stranger)
    else:
        home.target.parent.symlink_to(elsewhere)
        os.chown(
            home.target.parent if kind == "link" else elsewhere, stranger, stranger, follow_symlinks=kind != "link"
        )

    with pytest.raises(UserError, match=rf"{home.target.parent} belongs to another user.*chown -h"):
        home.prepared()
    assert list(elsewhere.iterdir()) == []


def test_a_users_own_link_to_opencodes_folder_elsewhere_is_followed(home: Published, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    home.target.parent.parent.mkdir(parents=True)
    home.target.parent.symlink_to(tmp_path / "elsewhere")

    assert home.prepared().publish(STATS) == "published"

    assert os.listdir(tmp_path / "elsewhere") == ["stats.json"]
    assert home.target.parent.is_symlink()


def test_a_link_to_nowhere_in_the_folders_place_is_a_sentence(home: Published, tmp_path: Path) -> None:
    home.target.parent.parent.mkdir(parents=True)
    home.target.parent.symlink_to(tmp_path / "nowhere")

    with pytest.raises(UserError, match="a link to nowhere"):
        home.prepared()
    assert not (tmp_path / "nowhere").exists()


def test_a_file_in_a_folders_place_is_a_sentence(home: Published) -> None:
    home.target.parent.parent.mkdir(parents=True)
    home.target.parent.write_bytes(b"")

    with pytest.raises(UserError, match="opencode"):
        home.prepared()


def test_a_failed_publishing_is_tried_again_with_the_same_figures(home: Published) -> None:
    home.files = FaultyFiles(no_fault)
    file = home.prepared()
    file.publish(STATS)
    broken = StatsFile(
        FaultyFiles(fault_for("stats.json", "replace", errno.ENOSPC)), home.target, home.temp, home.stamp
    )
    broken.prepare()

    for _ in range(2):
        with pytest.raises(OSError, match="space"):
            broken.publish(MORE)
        assert home.document == document_of(STATS)
    assert file.publish(MORE) == "published"


def test_the_stamp_says_what_the_file_says_but_for_the_models_and_of_which_file_it_is(home: Published) -> None:
    spent = RunStats(total_tokens=7, tokens_by_model={"m\x9b": 7}, costs_by_model={"m\x9b": 0.5})
    file = home.prepared()
    file.publish(replace(STATS, session=spent, sessions=(spent,)))

    by_model = {"tokensByModel", "costsByModel", "models"}
    kept = home.document
    for section in (kept["session"], kept["daily"], kept["total"], *kept["sessions"]):
        assert by_model <= section.keys()
        for key in by_model:
            del section[key]
    found = home.target.stat()
    version = {"inode": str(found.st_ino), "bytes": found.st_size, "modifiedUs": found.st_mtime_ns // 1000}
    assert home.digest == {"of": version, "stats": kept}
    assert home.digest["stats"]["session"]["totalTokens"] == 7

    file.publish(at(MORE, 2000))
    assert home.digest["of"] != version


def test_nothing_but_the_stamp_is_ever_made_in_its_folder(home: Published) -> None:
    calls: list[tuple[str, Path | None]] = []
    home.files = FaultyFiles(lambda _number, name, path: calls.append((name, path)))
    file = home.prepared()
    calls.clear()

    file.publish(STATS)

    made = {path for name, path in calls if name == "open" and path and path.is_relative_to(home.stamp.parent)}
    assert made <= {home.stamp.parent}, "opened to sync it; what else is made there holds up GLib's file monitors"


def test_a_stamp_that_cannot_be_written_does_not_hold_up_the_figures(home: Published) -> None:
    home.files = FaultyFiles(fault_for("published", "replace", errno.EIO))

    assert home.prepared().publish(STATS) == "published"
    assert home.document == document_of(STATS)
    assert not home.stamp.exists()
