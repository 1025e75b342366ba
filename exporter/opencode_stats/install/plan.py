"""What ``setup`` and ``uninstall`` have to do, given what is there. Pure: it reads nothing and changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from opencode_stats.errors import UserError
from opencode_stats.install import plugin_files
from opencode_stats.install.command import SERVICE_ARGUMENTS, autostart_command
from opencode_stats.install.gnome_panel import archive_digest
from opencode_stats.install.manifest import Manifest, digest
from opencode_stats.install.service import SYSTEMD
from opencode_stats.install.steps import (
    AllowAutostart,
    BringDependencies,
    ForbidAutostart,
    Remove,
    SetUpPanel,
    StartService,
    Step,
    StopExporter,
    StopService,
    Write,
)
from opencode_stats.install.user_services import ServiceState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from opencode_stats.host.paths import Paths
    from opencode_stats.install.command import Program
    from opencode_stats.install.gnome_panel import PanelThere
    from opencode_stats.install.service import ServiceKind

Starter = Literal["service", "plugin", "nobody"]
"""Who starts the exporter."""


@dataclass(frozen=True, slots=True)
class There:
    """What is at a path; the content of a regular file, or of the one that a link leads to."""

    kind: Literal["nothing", "file", "link", "other"] = "nothing"
    content: bytes = b""


NOTHING: Final = There()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the user asked for, on which machine.

    ``project`` is None for all of the user's projects, ``panel`` where the GNOME panel is to be left alone. ``kind``:
    what this machine's service manager wants to be told.
    """

    paths: Paths
    program: Program
    environment: Mapping[str, str]
    plugin: bytes
    linger_s: int
    project: Path | None = None
    service: bool = True
    panel: bytes | None = None
    kind: ServiceKind = SYSTEMD

    @property
    def folder(self) -> Path:
        """The folder of OpenCode's configuration that the plugin goes below."""
        return self.paths.opencode_config if self.project is None else self.project / ".opencode"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What is there now.

    ``files`` has every path that may be written. ``opencode``: its program file and the first number of its version.
    ``unsettled``: the folders in which its dependency install has something to do, ``empty``: those that hold nothing.
    ``autostart``: what the settings say, None where they say nothing. ``exporter_pid``: who holds the exporter's lock,
    0 for nobody. ``strays``: copies of the plugin in places where ``setup`` puts none and OpenCode looks all the same.
    ``open_to_others``: a file or folder that other users could change, on the way to what will be run (``trust``).
    ``panel``: None where there is no GNOME.
    """

    manifest: Manifest = field(default_factory=Manifest)
    files: Mapping[Path, There] = field(default_factory=dict)
    service: ServiceState = field(default_factory=lambda: ServiceState(reachable=False))
    opencode: tuple[Path, int] | None = None
    unsettled: tuple[Path, ...] = ()
    empty: tuple[Path, ...] = ()
    autostart: bool | None = None
    settings_exist: bool = False
    exporter_pid: int = 0
    strays: tuple[Path, ...] = ()
    open_to_others: Path | None = None
    panel: PanelThere | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps in their order, and what the user should know besides."""

    steps: tuple[Step, ...]
    notes: tuple[str, ...]
    starter: Starter


def plan_setup(wanted: Wanted, found: Found) -> Plan:
    """What has to be done; no steps where everything is as it should be.

    Raises:
        UserError: a file that is not ours is in the way, or others could change what would be run.
    """
    if found.open_to_others is not None:
        raise UserError(
            f"{found.open_to_others} can be changed by other users, who could have you run what they like. "
            "Make it yours alone (chmod go-w), and run setup again; nothing was changed."
        )
    notes = [f"{path} is one more copy of the plugin. It counts once all the same; remove it." for path in found.strays]
    kind, unit = wanted.kind, wanted.kind.file(wanted.paths)
    starter = _starter(wanted, found, notes)
    keep_unit = starter == "service" or (starter == "plugin" and found.files.get(unit, NOTHING).kind != "nothing")
    steps = [*_dependencies(wanted, found, notes), *_copies(wanted, found, starter, notes)]
    steps += _settings(wanted, found, starter)
    if starter == "nobody" and (found.service.enabled or found.service.active):
        steps.append(StopService(kind.title))
    if found.exporter_pid and not found.service.active:
        steps += _other_exporter(wanted, found, starter, notes)
    if keep_unit:
        command = (*wanted.program.command, *SERVICE_ARGUMENTS)
        text = kind.text(command, wanted.environment, wanted.program.fingerprint, wanted.paths)
        written = wanted_file(found, unit, text.encode(), "the service", kind.is_ours)
        steps += written
        if starter == "service" and (written or not found.service.enabled or not found.service.active):
            steps.append(StartService(unit, kind.title))
    else:
        steps += unwanted_file(found, unit, "the service", kind.is_ours)
    steps += _panel(wanted, found, notes)
    return Plan(tuple(steps), tuple(notes), starter)


def _starter(wanted: Wanted, found: Found, notes: list[str]) -> Starter:
    if not wanted.service:
        return "nobody"
    if found.service.reachable:
        return "service"
    if found.autostart is False:
        notes.append(
            f"No {wanted.kind.manager} answers, and {wanted.paths.settings_file} says autostart = false: "
            "nothing starts the exporter by itself."
        )
        return "nobody"
    return "plugin"


def _dependencies(wanted: Wanted, found: Found, notes: list[str]) -> list[Step]:
    if wanted.project is not None and _user_copy(wanted, found):
        return []
    if found.opencode is None:
        notes.append(
            "OpenCode was not found. Everything is prepared for it; run setup again once it is installed, while you "
            "are online, so that its first start does not have to wait."
        )
        return []
    program, major = found.opencode
    if not found.unsettled:
        return []
    if major != 1:
        notes.append(f"{program} is not OpenCode 1.x; what it needs for plugins it installs by itself.")
        return []
    return [BringDependencies(program, found.unsettled, wanted.project, found.empty)]


def _user_copy(wanted: Wanted, found: Found) -> bool:
    there = found.files.get(wanted.paths.opencode_config / "plugins" / plugin_files.PLUGIN, NOTHING)
    return plugin_files.is_plugin_of_ours(there.content)


def _copies(wanted: Wanted, found: Found, starter: Starter, notes: list[str]) -> list[Step]:
    """The wanted copy, and every other one that ``setup`` wrote and nobody changed since: all of one version."""
    command = autostart_command(wanted.program, wanted.environment, wanted.linger_s) if starter == "plugin" else None
    record = plugin_files.record(wanted.paths.state, command)
    folders = []
    if wanted.project is not None and _user_copy(wanted, found):
        notes.append(f"The plugin is installed for all your projects already, so {wanted.project} needs no copy.")
    else:
        folders.append(wanted.folder / "plugins")
    for path in found.files:
        unchanged = found.manifest.files.get(str(path)) == digest(found.files[path].content)
        if path.name == plugin_files.PLUGIN and unchanged and path.parent not in folders:
            folders.append(path.parent)
    steps: list[Step] = []
    if wanted.project is not None and wanted.folder / "plugins" in folders:
        mine = wanted.folder / "plugins" / plugin_files.RECORD
        if found.files.get(mine, NOTHING).content != record:
            notes.append(f"{mine} holds paths of this machine: keep it out of git.")
    for folder in folders:
        steps += wanted_file(
            found, folder / plugin_files.RECORD, record, "the plugin's record", plugin_files.is_record_of_ours
        )
        plugin = folder / plugin_files.PLUGIN
        if plugin_files.leads_to_ours(found.files.get(plugin, NOTHING).content):
            notes.append(f"{plugin} passes the plugin on from elsewhere; it is left as it is.")
            continue
        steps += wanted_file(found, plugin, wanted.plugin, "the plugin", plugin_files.is_plugin_of_ours)
    return steps


def _settings(wanted: Wanted, found: Found, starter: Starter) -> list[Step]:
    if starter == "plugin" and found.autostart is None:
        return [AllowAutostart(wanted.paths.settings_file, new=not found.settings_exist)]
    if starter != "plugin" and found.manifest.settings:
        return [ForbidAutostart(wanted.paths.settings_file)]
    return []


def _other_exporter(wanted: Wanted, found: Found, starter: Starter, notes: list[str]) -> list[Step]:
    if starter == "service":
        return [StopExporter(found.exporter_pid, ": the service takes over")]
    if found.manifest.package in ("", wanted.program.fingerprint):
        return []
    if starter == "plugin":
        return [StopExporter(found.exporter_pid, ": it runs an older version; the plugin starts the new one")]
    notes.append(f"The exporter with pid {found.exporter_pid} runs an older version: stop it and start it again.")
    return []


def _panel(wanted: Wanted, found: Found, notes: list[str]) -> list[Step]:
    """Last: it may take time, and everything else works without it."""
    there = found.panel
    if wanted.panel is None or there is None:
        return []
    if there.linked:
        notes.append(f"{there.folder} is a link: the GNOME panel is left as it is.")
        return []
    install = there.content != archive_digest(wanted.panel)
    # Who has disabled it since keeps it disabled.
    enable = not there.content or (found.manifest.panel != "" and not found.manifest.panel_enabled)
    if not install and not enable:
        return []
    if not there.installable:
        notes.append("GNOME is here, but not its program gnome-extensions: the GNOME panel is left out.")
        return []
    return [SetUpPanel(there.folder, wanted.panel if install else None, replaces=bool(there.content), enable=enable)]


def wanted_file(found: Found, path: Path, content: bytes, what: str, is_ours: Callable[[bytes], bool]) -> list[Step]:
    """What makes the file have this content.

    Raises:
        UserError: something that is not ours has its name.
    """
    there = found.files.get(path, NOTHING)
    if there.kind == "nothing":
        return [Write(path, content, what)]
    if there.kind in ("file", "link") and there.content == content:
        return []
    if there.kind == "file" and found.manifest.files.get(str(path)) == digest(there.content):
        return [Write(path, content, what)]
    if there.kind == "file" and is_ours(there.content):
        return [Write(path, content, what, aside=True)]
    kind = {"link": " (a symbolic link)", "other": " (not a file)"}.get(there.kind, "")
    raise UserError(f"{path}{kind} is not from opencode-stats. Move it away and run setup again; nothing was changed.")


def unwanted_file(found: Found, path: Path, what: str, is_ours: Callable[[bytes], bool]) -> list[Step]:
    """What removes the file, if it is ours; what is not stays."""
    there = found.files.get(path, NOTHING)
    if there.kind != "file":
        return []
    if found.manifest.files.get(str(path)) == digest(there.content):
        return [Remove(path, what)]
    return [Remove(path, what, aside=True)] if is_ours(there.content) else []
