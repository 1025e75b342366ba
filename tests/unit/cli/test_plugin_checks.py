"""What doctor finds of plugin, records, markers, service and exporter, with what mends it."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from opencode_stats.install.plugin_files import record

if TYPE_CHECKING:
    from tests.unit.cli.patient import Patient


def test_no_plugin(patient: Patient) -> None:
    (finding,) = patient.says("plugin")

    assert (finding.verdict, finding.reason) == ("warn", "not installed.")
    assert finding.mend.startswith("opencode-stats setup")


@pytest.mark.parametrize("folder", ["plugin", "plugins"])
def test_one_plugin(patient: Patient, folder: str) -> None:
    path = patient.plugin(patient.paths.opencode_config / folder)

    (finding,) = patient.says("plugin")

    assert (finding.verdict, finding.reason) == ("ok", f"installed as {path}.")


def test_two_plugins(patient: Patient) -> None:
    for folder in ("plugin", "plugins"):
        path = patient.plugin(patient.paths.opencode_config / folder)
    (finding,) = patient.says("plugin")

    assert (finding.verdict, finding.reason) == ("warn", "installed twice; it counts once all the same.")
    assert finding.mend == f"rm {path.parents[1] / 'plugin' / path.name}"


def test_a_project_has_its_own(patient: Patient) -> None:
    path = patient.plugin(patient.project.parent / ".opencode" / "plugin")
    (alone,) = patient.says("plugin")
    patient.plugin(patient.paths.opencode_config / "plugins")
    (both,) = patient.says("plugin")

    assert (alone.verdict, alone.reason) == ("ok", f"installed for this project, as {path}.")
    assert both.verdict == "ok"
    assert f"and for this project as {path}" in both.reason


def test_a_plugin_of_another_version(patient: Patient) -> None:
    path = patient.plugin(patient.paths.opencode_config / "plugins", b"// opencode-stats 0.0.1\n")

    installed, other = patient.says("plugin")

    assert (installed.verdict, other.verdict, other.mend) == ("ok", "warn", "opencode-stats setup")
    assert other.reason == f"{path} is not the one of this version."


def test_the_one_of_this_repository_passes_ours_on(patient: Patient) -> None:
    content = b'export { default } from "../../exporter/opencode_stats/install/opencode-stats.ts";\n'
    patient.plugin(patient.paths.opencode_config / "plugins", content)

    assert patient.verdict("plugin") == "ok"


@pytest.mark.parametrize(
    ("content", "verdict", "reason"),
    [
        (b"{", "fail", "is not as setup writes it"),
        (b"[]", "fail", "is not as setup writes it"),
        (b'{"stateDir": "relative", "autostart": null}', "fail", "is not as setup writes it"),
        (b'{"stateDir": "/elsewhere", "autostart": null}', "fail", "OpenCode writes to /elsewhere"),
    ],
)
def test_a_record_that_leads_elsewhere(patient: Patient, content: bytes, verdict: str, reason: str) -> None:
    path = patient.plugin(patient.paths.opencode_config / "plugins")
    path.with_suffix(".json").write_bytes(content)

    (finding,) = patient.says("plugin's record")

    assert finding.verdict == verdict
    assert reason in finding.reason


def test_a_record_that_agrees(patient: Patient) -> None:
    path = patient.plugin(patient.paths.opencode_config / "plugins")
    path.with_suffix(".json").write_bytes(record(patient.paths.state, None))

    assert patient.verdict("plugin's record") == "ok"


@pytest.mark.parametrize("place", ["losses", "run", "tmp"])
def test_a_marker_in_each_of_its_folders(patient: Patient, place: str) -> None:
    folder = {
        "losses": patient.paths.losses,
        "run": patient.home / "run" / "opencode-stats-losses",
        "tmp": patient.home / "tmp" / f"opencode-stats-losses-{os.geteuid()}",
    }[place]
    assert patient.verdict("events held back") == "ok"
    folder.mkdir(parents=True, mode=0o700)
    (folder / "12-1-abc.json").write_text(json.dumps({"pid": 12, "lines": 1, "reason": "EROFS"}))

    (finding,) = patient.says("events held back")

    assert finding.verdict == "fail"
    assert finding.reason == "OpenCode process 12 could not write 1 event to the spool (EROFS)."
    assert str(folder / "12-1-abc.json") in finding.mend
