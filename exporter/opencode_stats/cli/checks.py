"""What ``doctor`` looks at, one function a subject. Nothing here changes anything."""

from __future__ import annotations

import json
import os
import stat
from typing import TYPE_CHECKING, Any, Final

from opencode_stats.cli.desktop_checks import desktop_findings
from opencode_stats.cli.finding import CODES, Finding, away, typed
from opencode_stats.cli.gnome_check import gnome_finding
from opencode_stats.cli.ledger_checks import ledger_findings
from opencode_stats.cli.machine_checks import disk_finding, file_system_finding, opencode_finding
from opencode_stats.cli.plugin_checks import autostart_of, loss_findings, plugin_files, plugin_findings
from opencode_stats.cli.rights_checks import rights_findings
from opencode_stats.cli.service_checks import exporter_findings, programs
from opencode_stats.errors import UserError
from opencode_stats.host.files import read_plain
from opencode_stats.opencode.price_lists import PriceLists
from opencode_stats.settings.reading import sentence_of, text_of, understand

if TYPE_CHECKING:
    from pathlib import Path

    from opencode_stats.host.paths import Paths
    from opencode_stats.install.survey import Machine

_OTHERS_MAY = 0o077
_TOLD_IN_STATS: Final = {
    "opencode-database": "opencode-stats import, which tries again, after putting right what is named here",
    "opencode-storage": "opencode-stats import, which tries again, after putting right what is named here",
    "spool-file": "opencode-stats import, which tries again, after putting right what is named here",
    "stalled": "nothing, if the disk is as it should be by now: all of it is counted; this is said for an hour",
    "hook": "correct the command: opencode-stats config edit, and docs/notifications.md",
    "durability": "look whether the disk is sound; the figures themselves are in the ledger",
}
"""What only an exporter sees, and tells in stats.json: code → what mends it. The rest doctor looks into by itself."""


def findings(machine: Machine, directory: Path, now_ms: int) -> list[Finding]:
    """Every subject's finding, in the order in which the figures travel.

    Args:
        machine: the places, the environment, and how commands are run.
        directory: where the user is; the project around it may have a plugin of its own.
        now_ms: the wall clock; what is long past is history.
    """
    paths = machine.paths
    autostart = autostart_of(machine)
    run = [*plugin_files(machine, directory), *programs(machine, autostart), paths.settings_file]
    folders = (paths.spool, paths.data, paths.stats_file.parent)
    return [
        opencode_finding(machine),
        *plugin_findings(machine, directory),
        _folder("spool folder", paths.spool),
        *loss_findings(paths, machine.env),
        _settings(paths),
        _prices(paths),
        *exporter_findings(machine, autostart, now_ms),
        _folder("folder of the ledger", paths.data),
        *ledger_findings(paths, now_ms),
        _folder("folder of stats.json", paths.stats_file.parent),
        *_stats_file(paths),
        *rights_findings(paths, run),
        disk_finding(folders),
        file_system_finding(folders),
        gnome_finding(machine),
        *desktop_findings(machine),
    ]


def _folder(about: str, folder: Path) -> Finding:
    try:
        found = os.stat(folder)
    except FileNotFoundError:
        return _missing(about, folder)
    except OSError as error:
        return Finding("fail", about, f"{folder}: {error.strerror}.", f"chmod u+rwx {typed(folder.parent)}")
    trouble = _trouble(about, folder, found)
    if trouble is not None:
        return Finding("fail", about, *trouble)
    if about == "spool folder" and found.st_mode & _OTHERS_MAY:
        return Finding("warn", about, f"{folder} is open to other users.", f"chmod 700 {typed(folder)}")
    return Finding("ok", about, f"{folder} can be written.")


def _missing(about: str, folder: Path) -> Finding:
    """Of a folder that is not there: whether it can be made in the nearest one that is."""
    nearest = next(parent for parent in folder.parents if os.path.lexists(parent))
    try:
        trouble = _trouble(about, nearest, os.stat(nearest), owned=False)
    except OSError as error:
        trouble = f"{nearest}: {error.strerror}.", away(nearest)
    if trouble is not None:
        return Finding("fail", about, f"{folder} can't be made: {trouble[0]}", trouble[1])
    return Finding("ok", about, f"{folder} is not there yet; it is made when it is needed.")


def _trouble(about: str, folder: Path, found: os.stat_result, *, owned: bool = True) -> tuple[str, str] | None:
    """Why nothing can be written there, with the mend; None if it can."""
    if not stat.S_ISDIR(found.st_mode):
        return f"{folder} is not a folder.", away(folder)
    if owned and found.st_uid != os.geteuid():
        return f"{folder} belongs to somebody else.", f"sudo chown {os.geteuid()} {typed(folder)}"
    system = os.statvfs(folder)
    if system.f_flag & os.ST_RDONLY:
        variable = "XDG_STATE_HOME" if about == "spool folder" else "XDG_DATA_HOME"
        return f"{folder} is on a read-only file system.", f"mount it for writing, or choose another {variable}"
    if not os.access(folder, os.W_OK | os.X_OK):
        return f"{folder} can't be written.", f"chmod u+rwx {typed(folder)}"
    if system.f_bavail == 0:
        return f"the disk of {folder} is full.", "make room; what is held back is then written"
    return None


def _settings(paths: Paths) -> Finding:
    about = "settings"
    if not os.path.lexists(paths.settings_file):
        return Finding("ok", about, "none; everything is as it comes.")
    edit = "opencode-stats config edit"
    try:
        found = understand(text_of(paths.settings_file))
    except UserError as error:
        return Finding("fail", about, str(error), f"chmod u+r {typed(paths.settings_file)}")
    if found.faults:
        return Finding("fail", about, sentence_of(paths.settings_file, found.faults), edit)
    if found.unknown:
        return Finding("warn", about, f"{paths.settings_file}: {'; '.join(str(one) for one in found.unknown)}", edit)
    return Finding("ok", about, f"{paths.settings_file} can be read.")


def _prices(paths: Paths) -> Finding:
    about = "price list"
    lists = PriceLists(paths.opencode_prices)
    # Any question has it read as a whole.
    lists.quotes([("", "")])
    if lists.trouble:
        # It is a cache: OpenCode fetches it anew.
        return Finding("warn", about, lists.trouble, f"rm {typed(paths.opencode_prices)}")
    return Finding("ok", about, "OpenCode's own is used where it is newer than the one that came with opencode-stats.")


def _stats_file(paths: Paths) -> list[Finding]:
    about = "stats.json"
    file = paths.stats_file
    if not os.path.lexists(file):
        return [Finding("ok", about, "not there yet; opencode-stats makes it.")]
    if file.is_symlink() or not file.is_file():
        return [Finding("fail", about, f"{file} is not a file, so it is left alone.", away(file))]
    try:
        document = json.loads(read_plain(file))
        version = document["schemaVersion"]
        problems = [_told(problem) for problem in document["exporter"]["health"]["problems"]]
    except OSError as error:
        return [Finding("fail", about, f"{file} can't be read: {error.strerror}.", f"chmod u+r {typed(file)}")]
    except (ValueError, KeyError, TypeError, RecursionError):
        return [Finding("fail", about, f"{file} is not as opencode-stats writes it.", away(file))]
    if version != 1:
        return [Finding("fail", about, f"{file} was written by a newer version.", "update opencode-stats")]
    return [Finding("ok", about, f"{file} is there, and whole."), *(problem for problem in problems if problem)]


def _told(problem: dict[str, Any]) -> Finding | None:
    """What the exporter said of the figures; None where doctor has looked by itself."""
    code, message = str(problem["code"]), str(problem["message"])
    about = next((about for about, known in CODES.items() if known == code), "stats.json")
    if about != "stats.json" and code not in _TOLD_IN_STATS:
        return None
    return Finding("warn", about, message, _TOLD_IN_STATS.get(code, "opencode-stats import, which looks again"))
