"""What ``doctor`` looks at, one function a subject. Nothing here changes anything."""

from __future__ import annotations

import json
import os
import stat
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from opencode_stats.host.lock import holder_of, is_held
from opencode_stats.ingest.spool import ENDING
from opencode_stats.ledger.append import read_cursors
from opencode_stats.ledger.connection import LedgerUnreadable, open_reader
from opencode_stats.ledger.queries import lost_lines, pending_messages, quarantined
from opencode_stats.ledger.verify import verify

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping

    from opencode_stats.host.paths import Paths

PLUGIN_NAME: Final = "opencode-stats.ts"
BACKLOG_BYTES: Final = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Finding:
    """One subject: how it stands, why, and what mends it (empty where nothing needs to)."""

    verdict: Literal["ok", "warn", "fail"]
    about: str
    reason: str
    mend: str = ""


def findings(paths: Paths, env: Mapping[str, str]) -> list[Finding]:
    """Every subject's finding, in the order in which the figures travel."""
    return [
        _plugin(paths),
        _folder("spool folder", paths.spool),
        *_losses(paths, env),
        _exporter(paths),
        *_ledger(paths),
        _folder("folder of stats.json", paths.stats_file.parent),
    ]


def _plugin(paths: Paths) -> Finding:
    about = "plugin"
    installed = [
        paths.opencode_config / folder / PLUGIN_NAME
        for folder in ("plugin", "plugins")
        if (paths.opencode_config / folder / PLUGIN_NAME).is_file()
    ]
    if not installed:
        return Finding(
            "warn", about, "not installed for every project.", "opencode-stats setup (or setup --project DIR)"
        )
    if len(installed) > 1:
        return Finding(
            "warn", about, "installed twice; it counts once all the same.", f"remove {installed[0]}, then setup again"
        )
    return Finding("ok", about, f"installed as {installed[0]}.")


def _folder(about: str, folder: Path) -> Finding:
    try:
        found = os.stat(folder)
    except FileNotFoundError:
        return Finding("ok", about, f"{folder} is not there yet; it is made when it is needed.")
    except OSError as error:
        return Finding("fail", about, f"{folder}: {error.strerror}.", f"check the rights of {folder.parent}")
    trouble = _trouble(folder, found)
    if trouble is not None:
        return Finding("fail", about, *trouble)
    return Finding("ok", about, f"{folder} can be written.")


def _trouble(folder: Path, found: os.stat_result) -> tuple[str, str] | None:
    """Why nothing can be written there, with the mend; None if it can."""
    if not stat.S_ISDIR(found.st_mode):
        return f"{folder} is not a folder.", f"move {folder} away"
    if found.st_uid != os.geteuid():
        return f"{folder} belongs to somebody else.", f"chown {os.geteuid()} {folder}"
    system = os.statvfs(folder)
    if not os.access(folder, os.W_OK | os.X_OK) or system.f_flag & os.ST_RDONLY:
        return f"{folder} can't be written.", f"chmod u+rwx {folder}"
    if system.f_bavail == 0:
        return f"the disk of {folder} is full.", "make room; what is held back is then written"
    return None


def _losses(paths: Paths, env: Mapping[str, str]) -> list[Finding]:
    """What plugins could not write, from the markers that they left (docs/spool.md)."""
    about = "lost events"
    lost = [marker for folder in _marker_folders(paths, env) for marker in _markers(folder)]
    if not lost:
        return [Finding("ok", about, "every plugin could write what it saw.")]
    return [
        Finding(
            "fail",
            about,
            f"OpenCode process {marker['pid']} could not write {marker['lines']} events ({marker['reason']}).",
            f"mend the spool folder {paths.spool}, then remove {marker['path']}",
        )
        for marker in lost
    ]


def _marker_folders(paths: Paths, env: Mapping[str, str]) -> Iterator[Path]:
    yield paths.losses
    if os.path.isabs(env.get("XDG_RUNTIME_DIR", "")):
        yield Path(env["XDG_RUNTIME_DIR"]) / "opencode-stats-losses"
    shared = env.get("TMPDIR", "")
    yield Path(shared if os.path.isabs(shared) else "/tmp") / f"opencode-stats-losses-{os.geteuid()}"  # noqa: S108


def _markers(folder: Path) -> Iterator[dict[str, object]]:
    try:
        found = os.lstat(folder)
    except OSError:
        return
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        # The last of the places is in a folder that everybody can write to.
        return
    for path in sorted(folder.glob("*.json")):
        try:
            marker = json.loads(path.read_text("utf-8"))
            yield {
                "pid": int(marker["pid"]),
                "lines": int(marker["lines"]),
                "reason": str(marker["reason"])[:40],
                "path": path,
            }
        except (OSError, ValueError, KeyError, TypeError):
            # A marker on a full disk may be empty; that it is there says enough.
            yield {"pid": path.stem.split("-")[0], "lines": "some", "reason": "unreadable marker", "path": path}


def _exporter(paths: Paths) -> Finding:
    about = "exporter"
    if is_held(paths.lock):
        return Finding("ok", about, f"at work, pid {holder_of(paths.lock)}.")
    return Finding(
        "warn",
        about,
        "not running; figures are brought up to date only when they are asked for.",
        "opencode-stats setup",
    )


def _ledger(paths: Paths) -> list[Finding]:
    about = "ledger"
    if not paths.ledger.exists():
        return [Finding("ok", about, "not there yet; it is made at the first use.")]
    try:
        with closing(open_reader(paths.ledger)) as connection:
            wrong = verify(connection)
            bad_lines = quarantined(connection)
            lost = lost_lines(connection)
            pending = pending_messages(connection)
            backlog_bytes = _backlog_bytes(paths, connection)
    except LedgerUnreadable as error:
        return [
            Finding(
                "fail", about, f"{paths.ledger}: {error}.", f"move {paths.ledger} away and run opencode-stats import"
            )
        ]
    found = [
        Finding("fail", about, " ".join(wrong), "keep a copy of the ledger and report it")
        if wrong
        else Finding("ok", about, "every sum is that of its messages.")
    ]
    found += [
        Finding("warn", "quarantine", f"{lines} lines: {reason}.", f"look into {paths.quarantine}")
        for reason, lines in bad_lines
    ] or [Finding("ok", "quarantine", "empty.")]
    if lost:
        found.append(Finding("warn", "lost events", f"plugins reported {lost} lost events.", "see docs/spool.md"))
    if pending:
        found.append(Finding("ok", "undecided", f"{pending} messages may be a fork's copies and are in no total yet."))
    if backlog_bytes > BACKLOG_BYTES:
        found.append(Finding("warn", "spool", f"{backlog_bytes} bytes are not taken in.", "opencode-stats import"))
    return found


def _backlog_bytes(paths: Paths, connection: sqlite3.Connection) -> int:
    cursors = read_cursors(connection)
    backlog_bytes = 0
    for path in paths.spool.glob(f"*{ENDING}"):
        taken_bytes = cursors[path.name].offset_bytes if path.name in cursors else 0
        backlog_bytes += max(0, path.lstat().st_size - taken_bytes)
    return backlog_bytes
