"""What doctor finds of the GNOME panel, from its files and from what gnome-extensions says."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from opencode_stats import __version__
from opencode_stats.cli.gnome_check import gnome_finding
from opencode_stats.install.gnome_panel import UUID
from opencode_stats.install.survey import Machine
from opencode_stats.install.user_services import Outcome, real_runner

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.cli.patient import Patient

SHOWN = """\
{uuid}
  Name: OpenCode Statistics
  Path: /home/u/.local/share/gnome-shell/extensions/{uuid}
  {enabled}State: {state}
"""


def panel(patient: Patient, metadata: object) -> Path:
    folder = patient.paths.data.parent / "gnome-shell" / "extensions" / UUID
    folder.mkdir(parents=True)
    (folder / "metadata.json").write_text(metadata if isinstance(metadata, str) else json.dumps(metadata))
    return folder


def test_none_is_no_fault(patient: Patient) -> None:
    patient.env["XDG_CURRENT_DESKTOP"] = "ubuntu:GNOME"

    assert patient.says("GNOME panel")[0].reason == "not installed."
    assert patient.verdict("GNOME panel") == "ok"


@pytest.mark.parametrize(
    ("state", "enabled", "verdict", "mend"),
    [
        ("ENABLED", "", "ok", ""),
        ("ACTIVE", "Enabled: Yes\n  ", "ok", ""),
        ("INACTIVE", "Enabled: No\n  ", "warn", f"gnome-extensions enable {UUID}"),
        ("DISABLED", "", "warn", f"gnome-extensions enable {UUID}"),
        ("INITIALIZED", "", "warn", f"gnome-extensions enable {UUID}"),
        ("OUT OF DATE", "", "warn", "update opencode-stats"),
        ("OUT_OF_DATE", "Enabled: Yes\n  ", "warn", "update opencode-stats"),
        ("ERROR", "Enabled: Yes\n  ", "fail", f"journalctl --user -b | grep {UUID} says why; report it"),
    ],
)
def test_what_the_shell_says(patient: Patient, state: str, enabled: str, verdict: str, mend: str) -> None:
    panel(patient, {"uuid": UUID, "version-name": __version__})
    patient.says_of["gnome-extensions"] = Outcome(0, SHOWN.format(uuid=UUID, state=state, enabled=enabled))

    (finding,) = patient.says("GNOME panel")

    assert (finding.verdict, finding.mend) == (verdict, mend)


@pytest.mark.processes
def test_the_shell_is_asked_in_the_language_that_is_understood(patient: Patient) -> None:
    panel(patient, {"uuid": UUID, "version-name": __version__})
    told = SHOWN.format(uuid=UUID, state="ERROR", enabled="")
    program = patient.home / "bin" / "gnome-extensions"
    program.parent.mkdir()
    program.write_text(
        '#!/bin/sh\nif [ "$LC_ALL" = C ]; then label=State; else label=Status; fi\n'
        f"/usr/bin/sed s/State:/$label:/ <<'.'\n{told}.\n"
    )
    program.chmod(0o755)
    env = patient.env | {"PATH": str(program.parent), "LANG": "de_DE.UTF-8"}

    assert gnome_finding(Machine(env, patient.home, patient.paths, real_runner(env, os.getuid()))).verdict == "fail"


@pytest.mark.parametrize(
    ("metadata", "verdict"),
    [({"uuid": UUID}, "ok"), ({"version-name": "0.0.9"}, "warn"), ("[]", "warn"), ("{", "warn"), ("[" * 10**5, "warn")],
)
def test_its_version(patient: Patient, metadata: object, verdict: str) -> None:
    panel(patient, metadata)

    assert patient.verdict("GNOME panel") == verdict


@pytest.mark.parametrize(("desktop", "verdict"), [("KDE", "ok"), ("", "ok"), ("GNOME", "warn")])
def test_a_shell_that_does_not_know_it(patient: Patient, desktop: str, verdict: str) -> None:
    panel(patient, {"uuid": UUID})
    patient.env["XDG_CURRENT_DESKTOP"] = desktop
    patient.says_of["gnome-extensions"] = Outcome(2, err=f'Extension "{UUID}" doesn\'t exist')

    assert patient.verdict("GNOME panel") == verdict


def test_the_system_s_own(patient: Patient) -> None:
    folder = patient.home / "usr" / "share" / "gnome-shell" / "extensions" / UUID
    folder.mkdir(parents=True)
    (folder / "metadata.json").write_text("{}")
    patient.env["XDG_DATA_DIRS"] = f"relative:{patient.home / 'usr' / 'share'}"

    assert str(folder) in patient.says("GNOME panel")[0].reason
