"""Does OpenCode load our plugin, once, and do plugin, service and this command mean the same folders? Reads only."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, Final

from opencode_stats.cli.finding import Finding
from opencode_stats.daemon.losses import marker_folders, read_markers
from opencode_stats.errors import UserError
from opencode_stats.host.files import read_plain
from opencode_stats.host.installation import changed_ms
from opencode_stats.host.lock import holder_of, is_held
from opencode_stats.host.processes import Processes
from opencode_stats.install.command import recorded_environment
from opencode_stats.install.plugin_files import PLUGIN, RECORD, bundled_plugin
from opencode_stats.install.service import UNIT, unit_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from opencode_stats.host.paths import Paths


_CLOCKS_MS: Final = 1_000
"""Boot and start times are known to a tick, file times to the clock's last step."""


def plugin_findings(paths: Paths, directory: Path) -> list[Finding]:
    """The plugin for every project, the one of the project around ``directory``, and the records beside them."""
    everywhere = _copies(paths.opencode_config)
    here = [copy for folder in (directory, *directory.parents) for copy in _copies(folder / ".opencode")]
    found = [_installed(everywhere, here)]
    for copy in (*everywhere, *here):
        found += [finding for finding in (_age(copy), _record(copy.with_name(RECORD), paths)) if finding]
    return found


def exporter_finding(paths: Paths, now_ms: int) -> Finding:
    """Whether an exporter is at work, and of this version, or who would start one."""
    about = "exporter"
    if is_held(paths.lock):
        pid = holder_of(paths.lock)
        started_ms = Processes().started_ms(pid, now_ms)
        if started_ms is not None and started_ms + _CLOCKS_MS < changed_ms():
            reason = f"at work, pid {pid}, but older than what is installed now."
            return Finding("warn", about, reason, f"end it (kill {pid}), and start it again as it was started before")
        return Finding("ok", about, f"at work, pid {pid}.")
    if (paths.systemd_user / UNIT).is_file():
        return Finding(
            "warn",
            about,
            "its service is installed, but it is not at work.",
            f"systemctl --user restart {UNIT}; journalctl --user -u {UNIT} says why it ended",
        )
    if any(_starts_it(copy.with_name(RECORD)) for copy in _copies(paths.opencode_config)):
        return Finding("ok", about, "not at work; OpenCode starts it.")
    return Finding("ok", about, "not at work; figures are brought up to date when they are asked for.")


def service_finding(paths: Paths, env: Mapping[str, str]) -> Finding | None:
    """Whether the service works in other folders than this command; None where there is no service."""
    try:
        unit = read_plain(paths.systemd_user / UNIT).decode("utf-8", "replace")
        wanted = unit_text(("/",), recorded_environment(env, paths), "")
    except (OSError, UserError):
        # No service; or folders that none can be told of, so that setup has made none.
        return None
    if _variables(unit) == _variables(wanted):
        return Finding("ok", "service", "works in the same folders as this command.")
    return Finding(
        "fail",
        "service",
        f"{paths.systemd_user / UNIT} names other folders than this command's environment.",
        "opencode-stats setup, in the environment in which OpenCode runs",
    )


def loss_findings(paths: Paths, env: Mapping[str, str]) -> list[Finding]:
    """What plugins could not write, from the markers that they left (docs/spool.md)."""
    about = "lost events"
    found = []
    for marker in read_markers(marker_folders(paths, env)):
        events = "some events" if marker.lines is None else f"{marker.lines} event{'' if marker.lines == 1 else 's'}"
        reason = f"OpenCode process {marker.pid} could not write {events} to the spool ({marker.reason})."
        mend = f"see to {paths.spool}: what is held back is then written; after that process's end remove {marker.path}"
        found.append(Finding("fail", about, reason, mend))
    return found or [Finding("ok", about, "every plugin could write what it saw.")]


def _copies(folder: Path) -> list[Path]:
    """OpenCode looks in both folders (facts §1.1)."""
    return [path for name in ("plugin", "plugins") if (path := folder / name / PLUGIN).is_file()]


def _installed(everywhere: list[Path], here: list[Path]) -> Finding:
    about = "plugin"
    copies = [*everywhere, *here]
    if not copies:
        return Finding("warn", about, "not installed.", "opencode-stats setup, or opencode-stats setup --project DIR")
    if len(everywhere) > 1:
        return Finding(
            "warn", about, "installed twice; it counts once all the same.", f"remove {everywhere[0]}, then setup again"
        )
    if not everywhere:
        return Finding(
            "warn", about, f"installed for this project only, as {here[0]}.", "opencode-stats setup, for every project"
        )
    also = f", and for this project as {here[0]}: it counts once all the same" if here else ""
    return Finding("ok", about, f"installed as {everywhere[0]}{also}.")


def _age(copy: Path) -> Finding | None:
    """A copy that is not this version's; one that only passes ours on is."""
    try:
        content = read_plain(copy)
    except OSError as error:
        return Finding("fail", "plugin", f"{copy} can't be read: {error.strerror}.", f"chmod u+r {copy}")
    if content == bundled_plugin() or b"/install/opencode-stats.ts" in content[:400]:
        return None
    return Finding("warn", "plugin", f"{copy} is not the one of this version.", "opencode-stats setup")


def _record(record: Path, paths: Paths) -> Finding | None:
    """Whether the plugin writes to another spool than the one that is read; None where nothing was recorded."""
    try:
        content = read_plain(record)
    except OSError:
        return None
    about = "plugin's record"
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


def _starts_it(record: Path) -> bool:
    try:
        return isinstance(_parsed(read_plain(record)).get("autostart"), list)
    except OSError:
        return False


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _variables(unit: str) -> set[str]:
    return {line for line in unit.splitlines() if line.startswith("Environment=")}
