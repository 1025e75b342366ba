"""What doctor finds of the exporter, the service that starts it, and the command with which the plugin does."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import opencode_stats
from opencode_stats.host.lock import exporter_lock
from opencode_stats.install.command import SERVICE_ARGUMENTS, recorded_environment, this_program
from opencode_stats.install.plugin_files import record
from opencode_stats.install.service import UNIT, unit_text
from opencode_stats.install.user_services import Outcome

if TYPE_CHECKING:
    from tests.unit.cli.patient import Patient

RUNNING = {
    "LoadState": "loaded",
    "ActiveState": "active",
    "UnitFileState": "enabled",
    "Result": "success",
    "NeedDaemonReload": "no",
}


def installed(patient: Patient, **state: str) -> Path:
    """The unit that setup would write, and a manager that says this of it."""
    program = this_program(sys.executable, Path(opencode_stats.__file__).parent, opencode_stats.__version__)
    environment = recorded_environment(patient.env, patient.paths)
    unit = patient.paths.systemd_user / UNIT
    unit.parent.mkdir(parents=True, exist_ok=True)
    unit.write_text(unit_text((*program.command, *SERVICE_ARGUMENTS), environment, program.fingerprint))
    shown = "".join(f"{name}={value}\n" for name, value in (RUNNING | state).items())
    patient.says_of["systemctl"] = Outcome(0, shown)
    return unit


def autostarting(patient: Patient, *command: str) -> None:
    path = patient.plugin(patient.paths.opencode_config / "plugins")
    path.with_suffix(".json").write_bytes(record(patient.paths.state, command))


def test_nobody_starts_it(patient: Patient) -> None:
    (exporter,) = patient.says("exporter")

    assert (exporter.verdict, exporter.reason) == (
        "ok",
        "not at work; figures are brought up to date when they are asked for.",
    )
    assert patient.says("service") == patient.says("autostart") == []


def test_the_plugin_starts_it(patient: Patient) -> None:
    program = patient.home / "bin" / "opencode-stats"
    autostarting(patient, "/usr/bin/env", f"XDG_STATE_HOME={patient.home}", str(program), "daemon")
    (gone,) = patient.says("autostart")
    assert (gone.verdict, gone.mend) == ("fail", "opencode-stats setup")
    assert str(program) in gone.reason

    program.parent.mkdir()
    program.touch(mode=0o755)

    assert patient.verdict("autostart") == "ok"
    assert patient.says("exporter")[0].reason == "not at work; OpenCode starts it."


def test_the_service_starts_it(patient: Patient) -> None:
    installed(patient)
    # By this clock we started long after our own files were put in their place.
    patient.clock.step(100 * 365 * 24 * 3600)
    with exporter_lock(patient.paths.lock, os.getpid()):
        assert patient.says("exporter")[0].reason == f"at work, pid {os.getpid()}."
        assert patient.verdict("service") == "ok"


def test_the_service_ended(patient: Patient) -> None:
    installed(patient, ActiveState="failed", Result="exit-code")
    (exporter,) = patient.says("exporter")

    assert exporter.reason == "its service is installed, but it is not at work (exit-code)."
    assert exporter.mend.startswith(f"systemctl --user restart {UNIT};")


@pytest.mark.parametrize(
    ("state", "mend"),
    [
        ({"UnitFileState": "disabled"}, f"systemctl --user enable {UNIT}"),
        ({"NeedDaemonReload": "yes"}, "systemctl --user daemon-reload"),
    ],
)
def test_a_service_that_is_not_quite_set_up(patient: Patient, state: dict[str, str], mend: str) -> None:
    installed(patient, **state)
    (service,) = patient.says("service")

    assert (service.verdict, service.mend) == ("warn", mend)


def test_no_manager(patient: Patient) -> None:
    installed(patient)
    del patient.says_of["systemctl"]
    (service,) = patient.says("service")

    assert (service.verdict, "no systemd user manager answers" in service.reason) == ("warn", True)


def test_other_folders_and_another_version(patient: Patient) -> None:
    unit = installed(patient)
    text = unit.read_text()

    unit.write_text(text.replace("/.local/state", "/.elsewhere"))
    assert patient.verdict("service") == "fail"

    unit.write_text(text.replace("RestartSec=5", "RestartSec=7"))
    (service,) = patient.says("service")
    assert (service.verdict, service.mend) == ("warn", "opencode-stats setup")


def test_something_that_is_no_unit_is_not_waited_for(patient: Patient) -> None:
    patient.paths.systemd_user.mkdir(parents=True)
    os.mkfifo(patient.paths.systemd_user / UNIT)

    assert patient.says("service") == []
