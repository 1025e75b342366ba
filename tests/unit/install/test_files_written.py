"""What setup and uninstall do to files: at once, whole, written down, and never to what is not theirs."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from opencode_stats.errors import UserError
from opencode_stats.host.paths import Paths
from opencode_stats.install.files_written import write_file
from opencode_stats.install.gnome_panel import GnomePanel
from opencode_stats.install.manifest import FILE_NAME, Manifest, digest, parse_manifest, read_manifest
from opencode_stats.install.opencode_dependencies import Waiting
from opencode_stats.install.settings_file import BLOCK, with_autostart, without_autostart
from opencode_stats.install.steps import (
    AllowAutostart,
    BringDependencies,
    ForbidAutostart,
    Forget,
    Remove,
    RemoveBrought,
    RemoveOwn,
    StopExporter,
    TakeInSpool,
    Write,
)
from opencode_stats.install.user_services import Outcome, UserServices
from opencode_stats.install.work import Work
from opencode_stats.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass
class Calls:
    """A runner that only notes what it was asked to run."""

    made: list[tuple[str, ...]] = field(default_factory=list)

    def __call__(self, command: Sequence[str], *, timeout_s: float) -> Outcome:
        self.made.append(tuple(command))
        return Outcome(1)


def no_time() -> Waiting:
    ticks = iter(range(10**6))
    return Waiting(elapsed_s=lambda: float(next(ticks)), sleep_s=lambda _s: None)


def work_in(home: Path, manifest: Manifest | None = None) -> Work:
    paths = Paths.of({}, home)
    return Work(
        manifest or Manifest(),
        paths,
        services=UserServices(Calls()),
        panel=GnomePanel({}, paths.data.parent, Calls()),
        env={},
        waiting=no_time(),
        take_in=lambda: None,
    )


def test_a_written_file_is_undone_to_the_last_folder(tmp_path: Path) -> None:
    work = work_in(tmp_path)
    target = tmp_path / ".config" / "opencode" / "plugins" / "opencode-stats.ts"
    manifest = Paths.of({}, tmp_path).data / FILE_NAME

    assert work.do(Write(target, b"one", "the plugin")) == ""

    assert target.read_bytes() == b"one"
    assert target.stat().st_mode & 0o777 == 0o600
    assert read_manifest(manifest) == work.manifest
    assert work.manifest.files == {str(target): digest(b"one")}
    assert str(tmp_path / ".config") in work.manifest.folders

    work.do(Remove(target, "the plugin"))
    work.do(Forget(manifest))

    assert not (tmp_path / ".config").exists()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def _umask() -> int:
    found = os.umask(0)
    os.umask(found)
    return found


def test_a_folder_of_the_user_s_stays(tmp_path: Path) -> None:
    work = work_in(tmp_path)
    folder = tmp_path / ".config" / "opencode" / "plugins"
    folder.mkdir(parents=True)
    (folder / "mine.ts").write_text("mine")

    work.do(Write(folder / "opencode-stats.ts", b"one", "the plugin"))
    work.do(Remove(folder / "opencode-stats.ts", "the plugin"))
    work.do(Forget(Paths.of({}, tmp_path).data / FILE_NAME))

    assert [path.name for path in folder.iterdir()] == ["mine.ts"]


def test_what_was_changed_is_kept_aside_and_never_over_another(tmp_path: Path) -> None:
    work = work_in(tmp_path)
    target = tmp_path / "opencode-stats.ts"
    for content in ("first", "second", "third"):
        target.write_text(content)
        work.do(Write(target, b"ours", "the plugin", aside=True))

    told = work.do(Remove(target, "the plugin", aside=True))

    kept = {path.name: path.read_text() for path in tmp_path.glob("*.orig*")}
    assert kept == {
        "opencode-stats.ts.orig": "first",
        "opencode-stats.ts.orig.2": "second",
        "opencode-stats.ts.orig.3": "third",
        "opencode-stats.ts.orig.4": "ours",
    }
    assert "opencode-stats.ts.orig.4" in told
    assert str(target) not in work.manifest.files


def test_a_file_that_can_not_be_replaced_keeps_its_content_and_leaves_no_other(tmp_path: Path) -> None:
    target = tmp_path / "there"
    target.mkdir()

    with pytest.raises(IsADirectoryError):
        write_file(target, b"new")

    assert [path.name for path in tmp_path.iterdir()] == ["there"]


def test_a_linked_settings_file_stays_a_link(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.toml"
    real.write_text("linger_s = 5\n")
    link = tmp_path / "settings.toml"
    link.symlink_to(real)

    work_in(tmp_path).do(AllowAutostart(link, new=False))

    assert link.is_symlink()
    assert real.read_text() == BLOCK + "linger_s = 5\n"


SETTINGS = "# mine\nlinger_s = 5\n\n[table]\nx = 1\n"


def test_the_line_in_the_user_s_settings_comes_and_goes(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(SETTINGS)
    work = work_in(tmp_path)

    work.do(AllowAutostart(file, new=False))
    assert read_settings(file).autostart
    assert read_settings(file).linger_s == 5

    work.do(ForbidAutostart(file))
    assert file.read_text() == SETTINGS


def test_a_settings_file_of_setup_s_own_goes_unless_the_user_wrote_into_it(tmp_path: Path) -> None:
    file = tmp_path / "new" / "settings.toml"
    work = work_in(tmp_path)
    work.do(AllowAutostart(file, new=True))
    work.do(ForbidAutostart(file))
    assert not file.exists()

    work.do(AllowAutostart(file, new=True))
    file.write_text(file.read_text() + "linger_s = 7\n")
    work.do(ForbidAutostart(file))
    assert file.read_text() == "linger_s = 7\n"


def test_a_line_that_the_user_changed_is_the_user_s() -> None:
    changed = with_autostart("").replace("true", "false")

    assert without_autostart(changed) == changed


def brought(folder: Path) -> Manifest:
    (folder / "node_modules" / "x").mkdir(parents=True)
    (folder / "package.json").write_text("{}")
    return Manifest(brought={str(folder): {"node_modules": "", "package.json": digest(b"{}")}})


def test_what_opencode_brought_goes_where_nothing_came_since(tmp_path: Path) -> None:
    folder = tmp_path / ".opencode"
    work = work_in(tmp_path, brought(folder))

    assert work.do(RemoveBrought(folder)) == ""
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("name", ["opencode.json", "package.json"])
def test_what_opencode_brought_stays_where_somebody_uses_it(tmp_path: Path, name: str) -> None:
    folder = tmp_path / ".opencode"
    work = work_in(tmp_path, brought(folder))
    (folder / name).write_text('{"dependencies": {"mine": "1"}}')

    assert "stays as it is" in work.do(RemoveBrought(folder))
    assert (folder / "node_modules" / "x").is_dir()


def test_own_files_and_folders_go_and_links_are_not_followed(tmp_path: Path) -> None:
    treasure = tmp_path / "treasure"
    treasure.mkdir()
    (treasure / "gold").touch()
    folder = tmp_path / "state"
    (folder / "spool").mkdir(parents=True)
    (folder / "spool" / "1.jsonl").touch()
    (folder / "losses").symlink_to(treasure)

    work_in(tmp_path).do(RemoveOwn((folder / "spool", folder / "losses", folder / "absent"), "all"))

    assert list(folder.iterdir()) == []
    assert (treasure / "gold").exists()


def test_taking_in_that_fails_ends_it(tmp_path: Path) -> None:
    work = work_in(tmp_path)
    work._take_in = _refuse

    with pytest.raises(UserError, match="no room"):
        work.do(TakeInSpool())


def _refuse() -> None:
    raise UserError("no room")


def test_an_exporter_that_is_gone_already_is_no_problem(tmp_path: Path) -> None:
    assert work_in(tmp_path).do(StopExporter(2**22 + 1, "")) == ""


@pytest.mark.processes
def test_opencode_that_can_not_be_started_is_said_and_survived(tmp_path: Path) -> None:
    folder = tmp_path / ".config" / "opencode"
    step = BringDependencies(tmp_path / "absent", (folder,), None, (folder,))

    told = work_in(tmp_path).do(step)

    assert "OpenCode could not be started (No such file or directory)" in told
    assert "it finishes this" in told


GOOD = Manifest(
    files={"/a/b": "sha256:00"},
    folders=("/a",),
    brought={"/a": {"node_modules": ""}},
    settings="line",
    package="0.1.0+aa",
    panel="sha256:11",
    panel_enabled=True,
)


def test_a_manifest_is_read_as_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / FILE_NAME
    file.write_text(GOOD.text)

    assert read_manifest(file) == GOOD
    assert read_manifest(tmp_path / "absent") == Manifest()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"schemaVersion": 1', '"schemaVersion": 2'),
        ('"/a/b"', '"a/b"'),
        ('"node_modules"', '"../../home"'),
        ('"sha256:00"', "5"),
        ('"line"', '"lines"'),
        ('"0.1.0+aa"', "null"),
        ('"sha256:11"', "null"),
        ("true", "1"),
        ("{", "["),
    ],
)
def test_a_manifest_that_is_not_one_is_refused_before_anything_is_removed(tmp_path: Path, old: str, new: str) -> None:
    text = GOOD.text.replace(old, new, 1)
    file = tmp_path / FILE_NAME
    file.write_text(text)

    with pytest.raises(ValueError, match=r"."):
        parse_manifest(text.encode())
    with pytest.raises(UserError, match=r"is damaged .*Move it away"):
        read_manifest(file)
