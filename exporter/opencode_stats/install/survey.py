"""Looking at what is there, for ``plan`` and ``removal`` to decide on. Changes nothing."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from opencode_stats.host.files import read_plain
from opencode_stats.host.installation import PACKAGE
from opencode_stats.host.lock import holder_of, is_held
from opencode_stats.install import opencode_dependencies, plugin_files
from opencode_stats.install.gnome_panel import GnomePanel
from opencode_stats.install.launchd import LaunchAgents
from opencode_stats.install.manifest import FILE_NAME, read_manifest
from opencode_stats.install.opencode_binary import find_opencode, version_of
from opencode_stats.install.plan import Found, There, Wanted
from opencode_stats.install.removal import ledger_files
from opencode_stats.install.service import SYSTEMD
from opencode_stats.install.trust import open_to_others
from opencode_stats.install.user_services import UserServices
from opencode_stats.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from opencode_stats.host.paths import Paths
    from opencode_stats.install.service import ServiceKind
    from opencode_stats.install.user_services import Runner, Services, ServiceState


@dataclass(frozen=True, slots=True)
class Machine:
    """Where we are: the user's environment and home, how commands are run, and ``sys.platform``."""

    env: Mapping[str, str]
    home: Path
    paths: Paths
    run: Runner
    platform: str = "linux"

    @property
    def services(self) -> Services:
        """The user's service manager."""
        return LaunchAgents(self.run, os.getuid()) if self.platform == "darwin" else UserServices(self.run)

    @property
    def panel(self) -> GnomePanel:
        """The user's GNOME panel."""
        return GnomePanel(self.env, self.paths.data.parent, self.run)


def there_is(path: Path) -> There:
    """What is at a path.

    Raises:
        OSError: it can't be looked at.
    """
    try:
        mode = os.lstat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return There()
    if stat.S_ISREG(mode):
        return There("file", path.read_bytes())
    if stat.S_ISLNK(mode):
        return There("link", path.read_bytes() if path.is_file() else b"")
    return There("other")


def look_for_setup(wanted: Wanted, machine: Machine, state: ServiceState) -> Found:
    """What ``plan_setup`` has to know.

    Raises:
        UserError: the manifest or the settings can't be understood.
        OSError: something can't be looked at.
    """
    paths = wanted.paths
    manifest = read_manifest(paths.data / FILE_NAME)
    folders = opencode_dependencies.folders_of(machine.env, machine.home, paths.opencode_config, wanted.project)
    unsettled = tuple(folder for folder in folders if not opencode_dependencies.is_satisfied(folder))
    opencode = find_opencode(machine.env, machine.home)
    # Asking for the version costs a second: only where it decides something.
    version = version_of(opencode, machine.run) if opencode and unsettled else (1,)
    return Found(
        manifest=manifest,
        files=_files(paths, manifest.files, wanted.folder, wanted.kind.file(paths)),
        service=state,
        opencode=(opencode.program, version[0] if version else 0) if opencode else None,
        unsettled=unsettled,
        empty=tuple(folder for folder in unsettled if not _entries(folder)),
        autostart=_autostart(paths.settings_file),
        settings_exist=os.path.lexists(paths.settings_file),
        exporter_pid=_exporter_pid(paths),
        strays=_strays(folders),
        open_to_others=_open_to_others(wanted),
        panel=machine.panel.there() if wanted.panel is not None else None,
    )


def look_for_uninstall(paths: Paths, state: ServiceState, kind: ServiceKind = SYSTEMD) -> tuple[Found, frozenset[Path]]:
    """What ``plan_uninstall`` has to know, and which of the exporter's own files are there.

    Raises:
        UserError: the manifest can't be understood.
        OSError: something can't be looked at.
    """
    manifest = read_manifest(paths.data / FILE_NAME)
    own = (paths.state, paths.spool, *ledger_files(paths), paths.data / FILE_NAME)
    present = {path for path in own if os.path.lexists(path)}
    if _is_published_by_us(paths.stats_file):
        present.add(paths.stats_file)
    found = Found(
        manifest=manifest,
        files=_files(paths, manifest.files, paths.opencode_config, kind.file(paths)),
        service=state,
        exporter_pid=_exporter_pid(paths),
    )
    return found, frozenset(present)


def _files(paths: Paths, written: Mapping[str, str], folder: Path, unit: Path) -> dict[Path, There]:
    places = {place / "plugins" for place in (paths.opencode_config, folder)}
    looked_at = {place / name for place in places for name in (plugin_files.RECORD, plugin_files.PLUGIN)}
    looked_at |= {unit} | {Path(path) for path in written}
    # The record goes before its plugin in every order, and the order is always the same.
    return {path: there_is(path) for path in sorted(looked_at)}


def _open_to_others(wanted: Wanted) -> Path | None:
    """What others could change of what is run from now on. What is in a project is its members' affair."""
    run = [Path(wanted.program.command[0]), PACKAGE, wanted.kind.file(wanted.paths)]
    run += [wanted.folder / "plugins" / plugin_files.PLUGIN] if wanted.project is None else []
    return next((place for path in run if (place := open_to_others(path)) is not None), None)


def _strays(folders: Iterable[Path]) -> tuple[Path, ...]:
    """Copies in ``plugin``, where OpenCode looks as well as in ``plugins``."""
    places = [folder / "plugin" / plugin_files.PLUGIN for folder in folders]
    return tuple(path for path in places if plugin_files.is_plugin_of_ours(there_is(path).content))


def _entries(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except FileNotFoundError:
        return []


def _autostart(settings: Path) -> bool | None:
    # read_settings first: it says what is wrong with a broken file, in words.
    chosen = read_settings(settings).autostart
    if not settings.exists():
        return None
    import tomllib  # noqa: PLC0415 - only here

    return chosen if "autostart" in tomllib.loads(settings.read_text()) else None


def _exporter_pid(paths: Paths) -> int:
    return holder_of(paths.lock) if is_held(paths.lock) else 0


def _is_published_by_us(stats: Path) -> bool:
    """Whether the published file is ours: the name is older than this program, and others write it, too."""
    try:
        document = json.loads(read_plain(stats))
    except (OSError, ValueError):
        return False
    return isinstance(document, dict) and isinstance(document.get("exporter"), dict)
