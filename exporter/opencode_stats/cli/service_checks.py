"""Who has the exporter started, and does it do so: the service, the plugin, nobody? Reads only."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import opencode_stats
from opencode_stats.cli.agent_checks import agent_findings
from opencode_stats.cli.finding import Finding, away
from opencode_stats.errors import UserError
from opencode_stats.host.files import read_plain
from opencode_stats.host.installation import changed_ms
from opencode_stats.host.lock import holder_of, is_held
from opencode_stats.host.processes import Processes
from opencode_stats.install.command import SERVICE_ARGUMENTS, recorded_environment, this_program
from opencode_stats.install.service import UNIT, is_unit_of_ours, unit_text
from opencode_stats.install.user_services import QUICK_S

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opencode_stats.host.paths import Paths
    from opencode_stats.install.survey import Machine

_CLOCKS_MS: Final = 1_000
"""The moment that a start is reckoned from was read before doctor's other looks, which take time on a busy machine."""
_RESTART: Final = f"systemctl --user restart {UNIT}"
_SHOWN: Final = ("LoadState", "ActiveState", "UnitFileState", "Result", "NeedDaemonReload")


def exporter_findings(machine: Machine, autostart: Sequence[str] | None, now_ms: int) -> list[Finding]:
    """The exporter, the service that starts it, or the command with which the plugin does (``autostart``)."""
    unit = _unit(machine.paths)
    state = _state(machine) if unit is not None else {}
    found = [_exporter(machine.paths, state, now_ms, by_plugin=autostart is not None)]
    if unit is not None:
        found.append(_service(machine, unit, state))
    elif autostart is not None:
        found.append(_autostart(autostart))
    return [*found, *(agent_findings(machine) if machine.platform == "darwin" else [])]


def _exporter(paths: Paths, state: dict[str, str], now_ms: int, *, by_plugin: bool) -> Finding:
    about = "exporter"
    if is_held(paths.lock):
        pid = holder_of(paths.lock)
        started_ms = Processes().started_ms(pid, now_ms)
        if started_ms is not None and started_ms + _CLOCKS_MS < changed_ms():
            mend = (
                _RESTART if state.get("ActiveState") == "active" else f"kill {pid}; what started it starts the new one"
            )
            return Finding("warn", about, f"at work, pid {pid}, but older than what is installed now.", mend)
        return Finding("ok", about, f"at work, pid {pid or 'unknown'}.")
    if state:
        why = f" ({state['Result']})" if state.get("Result") not in (None, "", "success") else ""
        mend = f"{_RESTART}; journalctl --user -u {UNIT} -n 20 says why it ended"
        return Finding("warn", about, f"its service is installed, but it is not at work{why}.", mend)
    if by_plugin:
        return Finding("ok", about, "not at work; OpenCode starts it.")
    return Finding("ok", about, "not at work; figures are brought up to date when they are asked for.")


def _service(machine: Machine, unit: str, state: dict[str, str]) -> Finding:
    about = "service"
    if not state.get("LoadState"):
        reason = "its unit is there, but no systemd user manager answers."
        return Finding("warn", about, reason, "opencode-stats setup, which then has the plugin start the exporter")
    trouble = _unit_trouble(machine, unit)
    if trouble is not None:
        return trouble
    if state.get("UnitFileState") not in ("enabled", "enabled-runtime", "linked", "linked-runtime"):
        return Finding("warn", about, "it is not started at login.", f"systemctl --user enable {UNIT}")
    if state.get("NeedDaemonReload") == "yes":
        return Finding("warn", about, "systemd has not read its unit again.", "systemctl --user daemon-reload")
    return Finding("ok", about, "started at every login; works in the same folders as this command.")


def _unit_trouble(machine: Machine, unit: str) -> Finding | None:
    about = "service"
    file = machine.paths.systemd_user / UNIT
    try:
        program = this_program(sys.executable, Path(opencode_stats.__file__).parent, opencode_stats.__version__)
        command = (*program.command, *SERVICE_ARGUMENTS)
        wanted = unit_text(command, recorded_environment(machine.env, machine.paths), program.fingerprint)
    except UserError as error:
        return Finding("fail", about, str(error), "opencode-stats setup --no-service")
    if not is_unit_of_ours(unit.encode()):
        return Finding("fail", about, f"{file} is not from opencode-stats.", f"{away(file)} && opencode-stats setup")
    if _variables(unit) != _variables(wanted):
        reason = f"{file} names other folders than this command's environment."
        return Finding("fail", about, reason, "opencode-stats setup, in the environment in which OpenCode runs")
    if unit != wanted:
        return Finding("warn", about, f"{file} is not the one of this version.", "opencode-stats setup")
    return None


def _autostart(command: Sequence[str]) -> Finding:
    """Whether the recorded command can be run; its first words are ``/usr/bin/env`` and variables."""
    about = "autostart"
    program = next((word for word in command[1:] if "=" not in word), command[0])
    if os.access(program, os.X_OK) and os.path.isfile(program):
        return Finding("ok", about, f"OpenCode starts {program}.")
    reason = f"OpenCode is to start {program}, which is not there or can't be run."
    return Finding("fail", about, reason, "opencode-stats setup")


def programs(machine: Machine, autostart: Sequence[str] | None) -> list[Path]:
    """The files that are run for the user: this program and its package, the unit, the recorded command."""
    program = this_program(sys.executable, Path(opencode_stats.__file__).parent, "").command[0]
    run = [Path(program), Path(opencode_stats.__file__).parent, machine.paths.systemd_user / UNIT]
    return run + [Path(word) for word in autostart or () if os.path.isabs(word)]


def _unit(paths: Paths) -> str | None:
    try:
        return read_plain(paths.systemd_user / UNIT).decode("utf-8", "replace")
    except OSError:
        # No service.
        return None


def _state(machine: Machine) -> dict[str, str]:
    """What the user manager says of the service; empty values where none answers."""
    told = machine.run(
        ("systemctl", "--user", "--no-pager", "show", UNIT, f"--property={','.join(_SHOWN)}"), timeout_s=QUICK_S
    )
    known = dict.fromkeys(_SHOWN, "")
    if told.code == 0:
        known |= dict(line.split("=", 1) for line in told.out.splitlines() if "=" in line)
    return known


def _variables(unit: str) -> set[str]:
    return {line for line in unit.splitlines() if line.startswith("Environment=")}
