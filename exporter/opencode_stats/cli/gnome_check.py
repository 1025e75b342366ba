"""How the GNOME panel is, where there is one. Reads only."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from opencode_stats import __version__
from opencode_stats.cli.finding import Finding
from opencode_stats.host.files import read_plain
from opencode_stats.install.gnome_panel import UUID
from opencode_stats.install.user_services import NOT_FOUND, QUICK_S

if TYPE_CHECKING:
    from opencode_stats.install.survey import Machine

_SYSTEM: Final = "/usr/local/share:/usr/share"
_ABOUT: Final = "GNOME panel"


def gnome_finding(machine: Machine) -> Finding:
    """Whether the panel is installed, of this version, enabled and without an error. To have none is no fault."""
    folder = _installed(machine)
    if folder is None:
        return Finding("ok", _ABOUT, "not installed.")
    version = _version(folder)
    if version not in ("", __version__):
        reason = f"{folder} is version {version}, this is {__version__}."
        return Finding("warn", _ABOUT, reason, "opencode-stats setup, then log out and in")
    # Its words for "State" and "Enabled" are translated.
    told = machine.run(("/usr/bin/env", "LC_ALL=C", "gnome-extensions", "info", UUID), timeout_s=QUICK_S)
    if told.code == NOT_FOUND:
        return Finding("ok", _ABOUT, f"{folder}; no GNOME tools are here to tell more.")
    if told.code != 0:
        return _not_known(machine, folder)
    return _in_the_shell(told.out)


def _not_known(machine: Machine, folder: Path) -> Finding:
    if "GNOME" not in machine.env.get("XDG_CURRENT_DESKTOP", ""):
        return Finding("ok", _ABOUT, f"{folder}; GNOME Shell does not run here.")
    return Finding("warn", _ABOUT, "GNOME Shell has not seen it yet.", "opencode-stats setup, then log out and in")


def _in_the_shell(told: str) -> Finding:
    state = (re.search(r"^\s*State:\s*(.+?)\s*$", told, re.MULTILINE) or ["", ""])[1].upper().replace("_", " ")
    enabled = re.search(r"^\s*Enabled:\s*No\s*$", told, re.MULTILINE) is None
    if state == "ERROR":
        mend = f"journalctl --user -b | grep {UUID} says why; report it"
        return Finding("fail", _ABOUT, "it ended with an error.", mend)
    if state == "OUT OF DATE":
        return Finding("warn", _ABOUT, "it does not know this version of GNOME Shell.", "update opencode-stats")
    if not enabled or state in ("DISABLED", "INACTIVE", "INITIALIZED"):
        return Finding("warn", _ABOUT, "installed, but not enabled.", f"gnome-extensions enable {UUID}")
    return Finding("ok", _ABOUT, "enabled.")


def _installed(machine: Machine) -> Path | None:
    """GNOME Shell looks in the user's folder first, then in the system's."""
    system = (machine.env.get("XDG_DATA_DIRS") or _SYSTEM).split(":")
    data = [machine.paths.data.parent, *(Path(folder) for folder in system if os.path.isabs(folder))]
    places = (folder / "gnome-shell" / "extensions" / UUID for folder in data)
    return next((place for place in places if (place / "metadata.json").is_file()), None)


def _version(folder: Path) -> str:
    """Its ``version-name``; empty where it has none."""
    try:
        metadata = json.loads(read_plain(folder / "metadata.json"))
    except (OSError, ValueError, RecursionError):
        return "unreadable"
    version = metadata.get("version-name", "") if isinstance(metadata, dict) else "unreadable"
    return version if isinstance(version, str) else "unreadable"
