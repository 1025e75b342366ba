"""What doctor finds of rights: nothing of ours is anybody else's, and nobody else can change what is run."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from opencode_stats.install.plugin_files import record

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.cli.patient import Patient

pytestmark = pytest.mark.processes

NOBODY = 65534


def filled(patient: Patient) -> dict[str, Path]:
    """Every file and folder of ours, by a short name."""
    paths = patient.paths
    patient.ledger().close()
    plugin = patient.plugin(paths.opencode_config / "plugins")
    own = {
        "spool file": paths.spool / "1-1-00000000.jsonl",
        "bad line": paths.quarantine / "a.1.0.bad",
        "marker": paths.losses / "1-1-0.json",
        "stamp": paths.stamp,
        "lock": paths.lock,
        "backup": paths.backups / "ledger.1.db",
        "stats": paths.stats_file,
        "notes": paths.data / "setup.json",
    }
    for path in own.values():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
    for folder in (paths.state, paths.data, *paths.state.iterdir(), paths.backups):
        if folder.is_dir():
            folder.chmod(0o700)
    plugin.with_suffix(".json").write_bytes(record(paths.state, None))
    folders = {"state folder": paths.state, "data folder": paths.data, "quarantine": paths.quarantine}
    return own | folders | {"ledger": paths.ledger}


KINDS = [
    *("spool file", "bad line", "marker", "stamp", "lock", "backup", "stats", "notes", "ledger"),
    *("state folder", "data folder", "quarantine"),
]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_open_to_others_is_told_and_its_mend_mends(patient: Patient, kind: str) -> None:
    path = filled(patient)[kind]
    assert patient.verdict("rights") == "ok"
    path.chmod(path.stat().st_mode | 0o044)

    (finding,) = patient.says("rights")
    assert (finding.verdict, finding.reason) == ("warn", f"{path} is open to other users.")
    subprocess.run(finding.mend, shell=True, check=True)

    assert patient.verdict("rights") == "ok"


def test_what_is_somebody_elses(patient: Patient) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may give a file away")
    path = filled(patient)["ledger"]
    os.chown(path, NOBODY, NOBODY)

    (finding,) = patient.says("rights")

    assert (finding.verdict, finding.reason) == ("fail", f"{path} belongs to somebody else.")
    subprocess.run(finding.mend.removeprefix("sudo "), shell=True, check=True)
    assert patient.verdict("rights") == "ok"


@pytest.mark.parametrize("name", ["opencode-stats.ts", "opencode-stats.json", ".", ".."])
def test_what_others_could_have_run(patient: Patient, name: str) -> None:
    filled(patient)
    path = patient.paths.opencode_config / "plugins" / name
    path.chmod(path.stat().st_mode | 0o002)

    (finding,) = patient.says("rights")

    assert finding.verdict == "fail"
    assert "can be changed by other users, who could have you run what they like." in finding.reason
    subprocess.run(finding.mend, shell=True, check=True)
    assert patient.verdict("rights") == "ok"


def test_several_are_said_at_once_and_a_name_is_no_command(patient: Patient) -> None:
    own = filled(patient)
    hostile = patient.paths.quarantine / "a; touch hacked $(touch hacked).bad"
    hostile.touch()
    hostile.chmod(0o644)
    own["lock"].chmod(0o666)

    (finding,) = patient.says("rights")

    assert finding.reason.endswith("and 1 more are open to other users.")
    subprocess.run(finding.mend, shell=True, check=True, cwd=patient.home)
    assert patient.verdict("rights") == "ok"
    assert not (patient.home / "hacked").exists()
