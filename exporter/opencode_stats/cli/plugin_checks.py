"""Does OpenCode load our plugin, once, and does it write where this command reads? Reads only."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opencode_stats.cli.finding import Finding, away, typed
from opencode_stats.daemon.losses import marker_folders, read_markers
from opencode_stats.errors import UserError
from opencode_stats.host.files import read_plain
from opencode_stats.install.manifest import FILE_NAME, read_manifest
from opencode_stats.install.plugin_files import (
    PLUGIN,
    RECORD,
    bundled_plugin,
    is_plugin_of_ours,
    is_record_of_ours,
    leads_to_ours,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opencode_stats.host.paths import Paths
    from opencode_stats.install.survey import Machine


def plugin_findings(machine: Machine, directory: Path) -> list[Finding]:
    """The plugin for every project, the one of the project around ``directory``, and the records beside them."""
    everywhere, here = _everywhere(machine), _here(machine, directory)
    found = [_installed(everywhere, here, _elsewhere(machine.paths))]
    for copy in (*everywhere, *here):
        found += [finding for finding in (_age(copy), _record(copy.with_name(RECORD), machine.paths)) if finding]
    return found


def plugin_files(machine: Machine, directory: Path) -> list[Path]:
    """Every copy that OpenCode loads in this directory, and the record beside it."""
    copies = (*_everywhere(machine), *_here(machine, directory))
    return [file for copy in copies for file in (copy, copy.with_name(RECORD))]


def autostart_of(machine: Machine) -> list[str] | None:
    """The command with which the plugin for every project starts the exporter; None where it starts none."""
    for copy in _everywhere(machine):
        try:
            command = _parsed(read_plain(copy.with_name(RECORD))).get("autostart")
        except OSError:
            # No record beside this one.
            continue
        if isinstance(command, list) and command and all(isinstance(word, str) for word in command):
            return command
    return None


def loss_findings(paths: Paths, env: Mapping[str, str]) -> list[Finding]:
    """What plugins could not write, from the markers that they left (docs/spool.md)."""
    about = "events held back"
    found = []
    for marker in read_markers(marker_folders(paths, env)):
        events = "some events" if marker.lines is None else f"{marker.lines} event{'' if marker.lines == 1 else 's'}"
        reason = f"OpenCode process {marker.pid} could not write {events} to the spool ({marker.reason})."
        mend = f"rm {typed(marker.path)}, once that process has ended; see to {paths.spool}, so that it can write them"
        found.append(Finding("fail", about, reason, mend))
    return found or [Finding("ok", about, "none.")]


def _everywhere(machine: Machine) -> list[Path]:
    """The copies in OpenCode's configuration folders of the user (facts §1.1)."""
    named = machine.env.get("OPENCODE_CONFIG_DIR", "")
    folders = [machine.paths.opencode_config, machine.home / ".opencode"]
    folders += [Path(named)] if os.path.isabs(named) else []
    return [copy for folder in dict.fromkeys(folders) for copy in _copies(folder)]


def _here(machine: Machine, directory: Path) -> list[Path]:
    folders = [folder for folder in (directory, *directory.parents) if folder != machine.home]
    return [copy for folder in folders for copy in _copies(folder / ".opencode")]


def _elsewhere(paths: Paths) -> list[Path]:
    """The copies that setup put into projects, and that are still there."""
    try:
        written = read_manifest(paths.data / FILE_NAME).files
    except UserError:
        # Setup and uninstall speak of it.
        return []
    return [Path(path) for path in written if path.endswith(f"/{PLUGIN}") and os.path.isfile(path)]


def _copies(folder: Path) -> list[Path]:
    """OpenCode looks in both folders (facts §1.1)."""
    return [path for name in ("plugin", "plugins") if (path := folder / name / PLUGIN).is_file()]


def _installed(everywhere: list[Path], here: list[Path], elsewhere: list[Path]) -> Finding:
    about = "plugin"
    if len(everywhere) > 1:
        # Setup writes into "plugins", so the last one is its own.
        spare = " ".join(typed(copy) for copy in _spare(everywhere))
        return Finding("warn", about, "installed twice; it counts once all the same.", f"rm {spare}")
    if everywhere:
        also = f", and for this project as {here[0]}: it counts once all the same" if here else ""
        return Finding("ok", about, f"installed as {everywhere[0]}{also}.")
    if here:
        return Finding("ok", about, f"installed for this project, as {here[0]}.")
    if elsewhere:
        return Finding("ok", about, f"installed for other projects, such as {elsewhere[0].parents[2]}.")
    return Finding("warn", about, "not installed.", "opencode-stats setup")


def _spare(copies: list[Path]) -> list[Path]:
    """All but the one that setup keeps: in ``plugins`` of the configuration folder where it is there."""
    kept = next((copy for copy in copies if copy.parent.name == "plugins"), copies[0])
    return [copy for copy in copies if copy != kept]


def _age(copy: Path) -> Finding | None:
    """A copy that is not this version's; one that only passes ours on is."""
    try:
        content = read_plain(copy)
    except OSError as error:
        return Finding("fail", "plugin", f"{copy} can't be read: {error.strerror}.", f"chmod u+r {typed(copy)}")
    if content == bundled_plugin() or leads_to_ours(content):
        return None
    if not is_plugin_of_ours(content):
        # Setup leaves alone what is not from us.
        return Finding("fail", "plugin", f"{copy} is not from opencode-stats.", f"{away(copy)} && opencode-stats setup")
    return Finding("warn", "plugin", f"{copy} is not the one of this version.", "opencode-stats setup")


def _record(record: Path, paths: Paths) -> Finding | None:
    """Whether the plugin writes to another spool than the one that is read; None where nothing was recorded."""
    try:
        content = read_plain(record)
    except OSError:
        return None
    about = "plugin's record"
    if not is_record_of_ours(content):
        return Finding("fail", about, f"{record} is not as setup writes it.", f"{away(record)} && opencode-stats setup")
    state = _parsed(content).get("stateDir")
    if not isinstance(state, str) or not os.path.isabs(state):
        return Finding("fail", about, f"{record} is not as setup writes it.", "opencode-stats setup")
    if os.path.realpath(state) != os.path.realpath(paths.state):
        return Finding(
            "fail",
            about,
            f"OpenCode writes to {state}, this command reads {paths.state}.",
            "set XDG_STATE_HOME as it was at setup, or opencode-stats setup",
        )
    return Finding("ok", about, f"OpenCode writes to {state}, where this command reads.")


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}
