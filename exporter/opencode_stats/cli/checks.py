"""What ``doctor`` looks at, one function a subject. Nothing here changes anything."""

from __future__ import annotations

import json
import os
import stat
from typing import TYPE_CHECKING

from opencode_stats.cli.finding import Finding
from opencode_stats.cli.ledger_checks import ledger_findings
from opencode_stats.cli.plugin_checks import exporter_finding, loss_findings, plugin_findings, service_finding
from opencode_stats.errors import UserError
from opencode_stats.host.files import read_plain
from opencode_stats.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from opencode_stats.host.paths import Paths

_OTHERS_MAY = 0o077


def findings(paths: Paths, env: Mapping[str, str], directory: Path, now_ms: int) -> list[Finding]:
    """Every subject's finding, in the order in which the figures travel.

    Args:
        paths: the places.
        env: the environment: a plugin in need leaves its marker in folders that it names.
        directory: where the user is; the project around it may have a plugin of its own.
        now_ms: the wall clock; what is long past is history.
    """
    service = service_finding(paths, env)
    return [
        *plugin_findings(paths, directory),
        _folder("spool folder", paths.spool),
        *loss_findings(paths, env),
        _settings(paths),
        exporter_finding(paths, now_ms),
        *([service] if service else []),
        _folder("folder of the ledger", paths.data),
        *ledger_findings(paths, now_ms),
        _folder("folder of stats.json", paths.stats_file.parent),
        _stats_file(paths),
    ]


def _folder(about: str, folder: Path) -> Finding:
    try:
        found = os.stat(folder)
    except FileNotFoundError:
        return _missing(about, folder)
    except OSError as error:
        return Finding("fail", about, f"{folder}: {error.strerror}.", f"check the rights of {folder.parent}")
    trouble = _trouble(folder, found)
    if trouble is not None:
        return Finding("fail", about, *trouble)
    if about == "spool folder" and found.st_mode & _OTHERS_MAY:
        return Finding("warn", about, f"{folder} is open to other users.", f"chmod 700 {folder}")
    return Finding("ok", about, f"{folder} can be written.")


def _missing(about: str, folder: Path) -> Finding:
    """Of a folder that is not there: whether it can be made in the nearest one that is."""
    nearest = next(parent for parent in folder.parents if os.path.lexists(parent))
    try:
        trouble = _trouble(nearest, os.stat(nearest), owned=False)
    except OSError as error:
        trouble = f"{nearest}: {error.strerror}.", f"move {nearest} away"
    if trouble is not None:
        return Finding("fail", about, f"{folder} can't be made: {trouble[0]}", trouble[1])
    return Finding("ok", about, f"{folder} is not there yet; it is made when it is needed.")


def _trouble(folder: Path, found: os.stat_result, *, owned: bool = True) -> tuple[str, str] | None:
    """Why nothing can be written there, with the mend; None if it can."""
    if not stat.S_ISDIR(found.st_mode):
        return f"{folder} is not a folder.", f"move {folder} away"
    if owned and found.st_uid != os.geteuid():
        return f"{folder} belongs to somebody else.", f"chown {os.geteuid()} {folder}"
    system = os.statvfs(folder)
    if system.f_flag & os.ST_RDONLY:
        return f"{folder} is on a read-only file system.", "mount it for writing, or choose another XDG_STATE_HOME"
    if not os.access(folder, os.W_OK | os.X_OK):
        return f"{folder} can't be written.", f"chmod u+rwx {folder}"
    if system.f_bavail == 0:
        return f"the disk of {folder} is full.", "make room; what is held back is then written"
    return None


def _settings(paths: Paths) -> Finding:
    about = "settings"
    if not os.path.lexists(paths.settings_file):
        return Finding("ok", about, "none; everything is as it comes.")
    try:
        read_settings(paths.settings_file)
    except UserError as error:
        return Finding("fail", about, str(error), f"edit {paths.settings_file}")
    return Finding("ok", about, f"{paths.settings_file} can be read.")


def _stats_file(paths: Paths) -> Finding:
    about = "stats.json"
    file = paths.stats_file
    if not os.path.lexists(file):
        return Finding("ok", about, "not there yet; opencode-stats makes it.")
    if file.is_symlink() or not file.is_file():
        return Finding("fail", about, f"{file} is not a file, so it is left alone.", f"move {file} away")
    try:
        document = json.loads(read_plain(file))
        version = document["schemaVersion"]
        problems = [str(problem["message"]) for problem in document["exporter"]["health"]["problems"]]
    except OSError as error:
        return Finding("fail", about, f"{file} can't be read: {error.strerror}.", f"chmod u+r {file}")
    except (ValueError, KeyError, TypeError, RecursionError):
        return Finding("fail", about, f"{file} is not as opencode-stats writes it.", f"move {file} away")
    newer = Finding("fail", about, f"{file} was written by a newer version.", "update opencode-stats")
    caution = Finding("warn", about, f"its figures come with a caution. {' '.join(problems)}", "see the lines above")
    whole = Finding("ok", about, f"{file} is there, and whole.")
    return newer if version != 1 else caution if problems else whole
