"""What doctor says of notifications and of the figures on the bus: with the real program that asks, on a real bus."""

from __future__ import annotations

import os
import subprocess
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.support.session_bus import Party, Server, session_bus

from opencode_stats.cli.desktop_checks import desktop_findings
from opencode_stats.desktop.bus import FIGURES_NAME, PANEL_NAME
from opencode_stats.host.lock import exporter_lock
from opencode_stats.install.survey import Machine
from opencode_stats.install.user_services import real_runner

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.unit.cli.patient import Patient
    from tests.unit.daemon.household import Household

pytestmark = pytest.mark.processes

WITHOUT_LIBRARY = """
from importlib.machinery import PathFinder
find = PathFinder.find_spec
PathFinder.find_spec = lambda name, *more: None if name.partition(".")[0] == "dbus_fast" else find(name, *more)
"""


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with session_bus(tmp_path) as there:
        yield there


def settings(patient: Patient, text: str) -> None:
    patient.paths.settings_file.parent.mkdir(parents=True, exist_ok=True)
    patient.paths.settings_file.write_text(text)


def said(patient: Patient, address: str = "") -> list[tuple[str, str, str]]:
    """Code, verdict and reason of each finding, of a command that has this address in its environment."""
    env = {**patient.env, **({"DBUS_SESSION_BUS_ADDRESS": address} if address else {})}
    machine = Machine(env, patient.home, patient.paths, real_runner(env, os.geteuid(), "/nowhere"))
    found = desktop_findings(machine)
    assert all(bool(one.mend) == (one.verdict != "ok") for one in found)
    return [(one.code, one.verdict, one.reason) for one in found]


def test_who_shows_them_is_told(patient: Patient, address: str) -> None:
    nobody = said(patient, address)
    with closing(Server(address)) as server:
        nameless = said(patient, address)
        server.on("GetServerInformation", "ssss", lambda _: ["dunst", "knopwob", "1.9", "1.2"])
        dunst = said(patient, address)
        with closing(Party(address)) as panel:
            panel.own(PANEL_NAME)
            gnome = said(patient, address)
            members = server.members()

    assert nobody == [("notifications", "ok", "nobody shows them: no notification server is on the session bus.")]
    assert nameless == [("notifications", "ok", "a server without a name shows them.")]
    assert dunst == [("notifications", "ok", "dunst shows them.")]
    assert gnome == [("notifications", "ok", "the GNOME panel shows them.")]
    assert set(members) == {"GetServerInformation"}


def test_a_server_that_hangs_is_named(patient: Patient, address: str) -> None:
    with closing(Server(address)) as server:
        server.ignored.add("GetServerInformation")

        assert said(patient, address) == [
            ("notifications", "warn", "nobody shows them: the notification server does not answer.")
        ]


def test_no_bus_and_a_switch_are_no_fault_and_a_dead_bus_is_one(patient: Patient, tmp_path: Path) -> None:
    assert said(patient) == [("notifications", "ok", "nobody shows them: there is no session bus.")]
    elsewhere = said(patient, "tcp:host=example.org,port=1")
    assert elsewhere == [
        ("notifications", "ok", "nobody shows them: DBUS_SESSION_BUS_ADDRESS names no socket on this machine.")
    ]
    ((_, verdict, reason),) = said(patient, f"unix:path={tmp_path}/nowhere")
    assert (verdict, reason) == ("warn", "nobody shows them: the session bus does not answer (FileNotFoundError).")
    settings(patient, "notify = false\n")
    assert said(patient) == [("notifications", "ok", "off: the settings say notify = false.")]


def test_without_the_library_it_says_what_adds_it(
    patient: Patient, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opencode_stats.cli.desktop_checks.can_speak", lambda: False)
    settings(patient, "dbus = true\n")
    (_, verdict, reason), figures = said(patient, address)

    assert verdict == "ok"
    assert reason.startswith("nobody shows them: dbus-fast is not installed (")
    assert reason.endswith("dbus-fast adds it).")
    assert figures[:2] == ("dbus", "warn")


def test_setup_names_what_is_missing_where_there_is_a_bus(household: Household, address: str) -> None:
    # As where it was never installed: Python itself does not find it.
    hidden = household.home / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text(WITHOUT_LIBRARY)
    path = f"{hidden}:{household.environment['PYTHONPATH']}"
    silent = household.call("setup", "--yes", "--no-service", PYTHONPATH=path)
    assert household.call("uninstall", "--yes", PYTHONPATH=path).returncode == 0
    told = household.call("setup", "--yes", "--no-service", PYTHONPATH=path, DBUS_SESSION_BUS_ADDRESS=address)
    doctor = household.call("doctor", PYTHONPATH=path, DBUS_SESSION_BUS_ADDRESS=address)

    assert (silent.returncode, told.returncode) == (0, 0), told.stderr
    assert "Notifications" not in silent.stdout
    assert "Notifications on the desktop need one library more: " in told.stdout
    assert "notifications: nobody shows them: dbus-fast is not installed (" in doctor.stdout
    assert household.call("--json", PYTHONPATH=path, DBUS_SESSION_BUS_ADDRESS=address).returncode == 0
    with household.daemon() as daemon:
        assert daemon.end() == 0


def test_a_bus_that_the_exporter_was_not_told_of_is_a_fault(patient: Patient, address: str) -> None:
    patient.paths.state.mkdir(parents=True)
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, env={"PATH": os.environ["PATH"]}) as exporter:
        with exporter_lock(patient.paths.lock, exporter.pid):
            found = said(patient, address)
        exporter.kill()

    why = "nobody shows them: there is a session bus, but the exporter was not told of it."
    assert found == [("notifications", "warn", why)]


def test_figures_that_are_wanted_are_looked_for(patient: Patient, address: str) -> None:
    settings(patient, "notify = false\ndbus = true\n")
    _, (code, verdict, reason) = said(patient, address)
    assert (code, verdict, reason) == ("dbus", "ok", "there while an exporter is at work, which none is.")
    with closing(Party(address)) as figures:
        figures.own(FIGURES_NAME)
        assert said(patient, address)[1] == ("dbus", "ok", f"{FIGURES_NAME} is there.")
