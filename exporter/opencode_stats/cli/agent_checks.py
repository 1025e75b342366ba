"""Does launchd start the exporter, where ``setup`` has told it to (macOS)? Reads only."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import opencode_stats
from opencode_stats.cli.finding import Finding, away
from opencode_stats.errors import UserError
from opencode_stats.host.files import read_plain
from opencode_stats.install.command import SERVICE_ARGUMENTS, recorded_environment, this_program

if TYPE_CHECKING:
    from opencode_stats.install.survey import Machine

_ABOUT: Final = "service"
_AGAIN: Final = "opencode-stats setup"


def agent_findings(machine: Machine) -> list[Finding]:
    """What there is to say of the agent; nothing where there is none."""
    try:
        there = read_plain(machine.services.kind.file(machine.paths))
    except OSError:
        # No agent.
        return []
    return [_file_trouble(machine, there) or _state(machine)]


def _file_trouble(machine: Machine, there: bytes) -> Finding | None:
    kind = machine.services.kind
    file = kind.file(machine.paths)
    if not kind.is_ours(there):
        return Finding("fail", _ABOUT, f"{file} is not from opencode-stats.", f"{away(file)} && {_AGAIN}")
    program = this_program(sys.executable, Path(opencode_stats.__file__).parent, opencode_stats.__version__)
    environment = recorded_environment(machine.env, machine.paths)
    try:
        wanted = kind.text((*program.command, *SERVICE_ARGUMENTS), environment, program.fingerprint, machine.paths)
    except UserError as error:
        return Finding("fail", _ABOUT, str(error), f"{_AGAIN} --no-service")
    if there != wanted.encode():
        reason = f"{file} is of another version, or names other folders than this command's environment."
        return Finding("warn", _ABOUT, reason, f"{_AGAIN}, in the environment in which OpenCode runs")
    return None


def _state(machine: Machine) -> Finding:
    kind, state = machine.services.kind, machine.services.state()
    if not state.reachable:
        reason = f"{kind.file(machine.paths)} is there, but no {kind.manager} answers."
        return Finding("warn", _ABOUT, reason, f"{_AGAIN}, in a terminal on the Mac's own screen")
    if not state.active:
        return Finding("warn", _ABOUT, f"the {kind.title} does not run.", f"{_AGAIN}; {kind.why} says why it ended")
    return Finding("ok", _ABOUT, "started at every login; works in the same folders as this command.")
