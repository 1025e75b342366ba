"""The GNOME panel in a user's GNOME: with programs that stand in for GNOME's own, run for real."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.unit.install.gnome_in_place import Gnome, gnome_in

from opencode_stats.install.gnome_panel import (
    AT_LOGIN,
    UUID,
    GnomePanel,
    archive_digest,
    bundled_panel,
    folder_digest,
)
from opencode_stats.install.steps import RemovePanel
from opencode_stats.install.user_services import real_runner

pytestmark = pytest.mark.processes


@pytest.fixture
def gnome(tmp_path: Path) -> Gnome:
    return gnome_in(tmp_path)


@pytest.fixture(scope="module")
def archive() -> bytes:
    packed = bundled_panel()
    assert packed is not None
    return packed


def test_a_new_extension_is_enabled_for_the_next_login_and_the_user_told_so(gnome: Gnome, archive: bytes) -> None:
    gnome.lists("enabled-extensions", "other@example.org")
    gnome.lists("disabled-extensions", UUID, "third@example.org")

    assert gnome.work.do(gnome.step(archive)) == ""

    assert folder_digest(gnome.panel.folder) == archive_digest(archive) == gnome.work.manifest.panel
    assert gnome.listed("enabled-extensions") == ["other@example.org", UUID]
    assert gnome.listed("disabled-extensions") == ["third@example.org"]
    assert gnome.work.manifest.panel_enabled
    assert gnome.work.left == [AT_LOGIN]
    name, *arguments = gnome.calls[0]
    assert (name, arguments[:2]) == ("gnome-extensions", ["install", "--force"])
    assert arguments[2].endswith(f"{UUID}.shell-extension.zip")
    assert not Path(arguments[2]).exists()


def test_a_shell_that_knows_it_enables_it_at_once(gnome: Gnome, archive: bytes) -> None:
    gnome.behaves(shell="knows it", state="ACTIVE")

    assert gnome.work.do(gnome.step(archive)) == ""

    assert gnome.work.left == []
    assert [call[:2] for call in gnome.calls] == [
        ["gnome-extensions", "install"],
        ["gnome-extensions", "enable"],
        ["gnome-extensions", "info"],
    ]


def test_one_that_knows_it_and_does_not_run_it_is_not_taken_for_one_that_does(gnome: Gnome, archive: bytes) -> None:
    gnome.behaves(shell="knows it", state="INACTIVE")

    assert gnome.work.do(gnome.step(archive)) == ""

    assert gnome.work.left == [AT_LOGIN]
    assert gnome.listed("enabled-extensions") == [UUID]


def test_a_new_version_is_not_enabled_again_and_takes_a_login(gnome: Gnome, archive: bytes) -> None:
    assert gnome.work.do(gnome.step(archive, replaces=True, enable=False)) == ""

    assert gnome.listed("enabled-extensions") == []
    assert gnome.work.manifest.panel_enabled
    assert gnome.work.left == [AT_LOGIN]


def test_a_shell_that_runs_the_old_version_needs_a_login_for_the_new_one(gnome: Gnome, archive: bytes) -> None:
    gnome.behaves(shell="knows it", state="ACTIVE")

    assert gnome.work.do(gnome.step(archive, replaces=True)) == ""

    assert gnome.work.left == [AT_LOGIN]


def test_an_installation_that_fails_is_a_sentence_and_not_written_down(gnome: Gnome, archive: bytes) -> None:
    gnome.behaves(broken=True)

    told = gnome.work.do(gnome.step(archive))

    assert told.startswith("The GNOME panel was not installed: Failed to do that. Run opencode-stats setup again")
    assert gnome.work.manifest.panel == ""
    assert [call[1] for call in gnome.calls] == ["install"]


def test_a_tool_that_hangs_is_a_sentence(tmp_path: Path, archive: bytes) -> None:
    gnome = gnome_in(tmp_path, most_s=0.3)
    gnome.behaves(hangs="install")

    assert "not installed: no answer within 0.3 s" in gnome.work.do(gnome.step(archive))


def test_a_folder_that_can_not_be_made_is_a_sentence(gnome: Gnome, archive: bytes) -> None:
    (gnome.home / ".local").write_text("no folder")

    assert "The GNOME panel was not installed: " in gnome.work.do(gnome.step(archive))
    assert gnome.calls == []


@pytest.mark.parametrize("shell", ["absent", "surprised"])
def test_without_a_session_bus_it_is_said_and_the_next_setup_enables_it(
    gnome: Gnome, archive: bytes, shell: str
) -> None:
    gnome.behaves(shell=shell, bus=False)

    told = gnome.work.do(gnome.step(archive))

    assert told == (
        "The GNOME panel is installed, but not enabled: the setting was not kept, as without a session bus. "
        "Run opencode-stats setup again in a terminal of your GNOME session."
    )
    assert gnome.work.manifest.panel == archive_digest(archive)
    assert not gnome.work.manifest.panel_enabled
    gnome.behaves(shell=shell)
    assert gnome.work.do(gnome.step(None, replaces=True)) == ""
    assert gnome.work.manifest.panel_enabled
    assert gnome.work.left == [AT_LOGIN]
    assert gnome.listed("enabled-extensions") == [UUID]


def test_settings_that_are_no_list_of_names_are_not_touched(gnome: Gnome, archive: bytes) -> None:
    (gnome.home / "gnome" / "enabled-extensions").write_text("[5]")

    assert "enabled-extensions is not a list of names" in gnome.work.do(gnome.step(archive))
    assert (gnome.home / "gnome" / "enabled-extensions").read_text() == "[5]"


@pytest.mark.parametrize("shell", ["absent", "surprised", "knows it"])
def test_it_is_taken_out_and_its_name_out_of_the_settings(gnome: Gnome, archive: bytes, shell: str) -> None:
    gnome.lists("enabled-extensions", "other@example.org")
    gnome.work.do(gnome.step(archive))
    gnome.behaves(shell=shell, state="ACTIVE")

    assert gnome.work.do(RemovePanel(gnome.panel.folder)) == ""

    assert not gnome.panel.folder.exists()
    assert ["gnome-extensions", "uninstall", UUID] in gnome.calls
    assert gnome.listed("enabled-extensions") == ["other@example.org"]
    assert str(gnome.home / ".local/share/gnome-shell") in gnome.work.manifest.folders


def test_what_was_changed_since_stays(gnome: Gnome, archive: bytes) -> None:
    gnome.work.do(gnome.step(archive))
    (gnome.panel.folder / "stylesheet.css").write_text("mine")

    told = gnome.work.do(RemovePanel(gnome.panel.folder))

    assert "was changed since setup, and stays" in told
    assert (gnome.panel.folder / "stylesheet.css").read_text() == "mine"
    assert "uninstall" not in [call[1] for call in gnome.calls]


@pytest.mark.parametrize(
    ("programs", "desktop", "found", "installable"),
    [
        ((), "", False, False),
        (("gsettings",), "KDE", False, False),
        ((), "ubuntu:GNOME", True, False),
        (("gnome-shell",), "", True, False),
        (("gnome-extensions",), "", True, True),
    ],
)
def test_where_gnome_is(tmp_path: Path, programs: list[str], desktop: str, *, found: bool, installable: bool) -> None:
    gnome_in(tmp_path, programs)
    env = {"PATH": str(tmp_path / "bin"), "XDG_CURRENT_DESKTOP": desktop}

    there = GnomePanel(env, tmp_path, real_runner(env, os.getuid())).there()

    assert (there is not None) == found
    if there is not None:
        assert (there.installable, there.content, there.linked) == (installable, "", False)


def test_a_program_of_the_folder_where_one_happens_to_be_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gnome_in(tmp_path)
    monkeypatch.chdir(tmp_path)
    env = {"PATH": "bin"}

    assert GnomePanel(env, tmp_path, real_runner(env, os.getuid())).there() is None


def test_what_is_no_file_is_another_content_and_is_not_waited_for(gnome: Gnome, archive: bytes) -> None:
    gnome.work.do(gnome.step(archive))
    os.mkfifo(gnome.panel.folder / "pipe")

    there = gnome.panel.there()

    assert there is not None
    assert there.content not in ("", archive_digest(archive))
