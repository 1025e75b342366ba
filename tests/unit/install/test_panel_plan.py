"""What setup and uninstall decide about the GNOME panel."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.install.test_plan import PATHS, SHIPPED, WANTED

from opencode_stats.install.gnome_panel import PanelThere, archive_digest, folder_below
from opencode_stats.install.manifest import Manifest
from opencode_stats.install.plan import Found, plan_setup
from opencode_stats.install.removal import plan_uninstall
from opencode_stats.install.steps import RemovePanel, SetUpPanel


def packed(content: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("metadata.json", content)
    return made.getvalue()


ARCHIVE = packed("this version")
DIGEST = archive_digest(ARCHIVE)
OLDER = archive_digest(packed("an older version"))
FOLDER = folder_below(Path("/home/u/.local/share"))
WITH_PANEL = replace(WANTED, panel=ARCHIVE)


def decided(there: PanelThere | None, manifest: Manifest | None = None) -> tuple[list[SetUpPanel], list[str]]:
    plan = plan_setup(WITH_PANEL, Found(panel=there, manifest=manifest or Manifest()))
    return [s for s in plan.steps if isinstance(s, SetUpPanel)], [note for note in plan.notes if "GNOME" in note]


def test_it_is_installed_and_enabled_as_the_last_step() -> None:
    plan = plan_setup(WITH_PANEL, Found(panel=PanelThere(FOLDER)))

    assert plan.steps[-1] == SetUpPanel(FOLDER, ARCHIVE, replaces=False, enable=True)
    assert str(plan.steps[-1]) == f"install the GNOME panel into {FOLDER} and enable it"


@pytest.mark.parametrize(
    "manifest", [Manifest(panel=DIGEST, panel_enabled=True), Manifest()], ids=["by setup", "by hand"]
)
def test_the_very_same_is_left_alone_whether_the_user_keeps_it_enabled_or_not(manifest: Manifest) -> None:
    assert decided(PanelThere(FOLDER, content=DIGEST), manifest) == ([], [])
    assert decided(PanelThere(FOLDER, content=DIGEST, installable=False), manifest) == ([], [])


@pytest.mark.parametrize("manifest", [Manifest(panel=OLDER, panel_enabled=True), Manifest()])
def test_another_is_replaced_and_stays_enabled_or_not(manifest: Manifest) -> None:
    expected = SetUpPanel(FOLDER, ARCHIVE, replaces=True, enable=False)

    assert decided(PanelThere(FOLDER, content=OLDER), manifest) == ([expected], [])
    assert str(expected) == f"replace the GNOME panel in {FOLDER}"


def test_what_could_not_be_enabled_is_enabled_the_next_time() -> None:
    expected = SetUpPanel(FOLDER, None, replaces=True, enable=True)

    assert decided(PanelThere(FOLDER, content=DIGEST), Manifest(panel=DIGEST)) == ([expected], [])
    assert str(expected) == "enable the GNOME panel"


def test_without_gnome_or_when_it_is_not_wanted_nothing_is_shown() -> None:
    assert decided(None) == ([], [])
    plan = plan_setup(WANTED, Found(panel=PanelThere(FOLDER)))
    assert not any(isinstance(step, SetUpPanel) for step in plan.steps)


def test_without_gnome_s_own_program_and_over_a_link_it_is_one_note() -> None:
    assert decided(PanelThere(FOLDER, installable=False)) == (
        [],
        ["GNOME is here, but not its program gnome-extensions: the GNOME panel is left out."],
    )
    assert decided(PanelThere(FOLDER, content=OLDER, linked=True)) == (
        [],
        [f"{FOLDER} is a link: the GNOME panel is left as it is."],
    )


@pytest.mark.parametrize(("installed", "expected"), [("", []), (DIGEST, [RemovePanel(FOLDER)])])
def test_uninstall_takes_out_only_what_setup_installed(installed: str, expected: list[RemovePanel]) -> None:
    found = Found(manifest=Manifest(panel=installed, panel_enabled=True))

    plan = plan_uninstall(PATHS, found, SHIPPED, frozenset(), purge=False)

    assert [step for step in plan.steps if isinstance(step, RemovePanel)] == expected
