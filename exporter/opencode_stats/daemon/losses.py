"""What plugins could not write, from the markers that they left (docs/spool.md)."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from opencode_stats.host.paths import Paths

ENDING: Final = ".json"
_LONGEST_BYTES: Final = 4096
_LONGEST_REASON: Final = 40
_OTHERS_MAY_WRITE: Final = 0o022


@dataclass(frozen=True, slots=True)
class Marker:
    """One process's marker: how many lines it could not keep so far (None where it does not say), and why.

    ``changed_ms`` is when it was brought up to date last.
    """

    path: Path
    pid: str
    lines: int | None
    reason: str
    changed_ms: int


def marker_folders(paths: Paths, env: Mapping[str, str]) -> list[Path]:
    """Every folder in which a plugin leaves a marker, the best first; it takes another where one can't be written."""
    runtime, shared = env.get("XDG_RUNTIME_DIR", ""), env.get("TMPDIR", "")
    return [
        paths.losses,
        *([Path(runtime) / "opencode-stats-losses"] if os.path.isabs(runtime) else []),
        Path(shared if os.path.isabs(shared) else "/tmp") / f"opencode-stats-losses-{os.geteuid()}",  # noqa: S108
    ]


def read_markers(folders: Iterable[Path]) -> list[Marker]:
    """The markers in these folders. A folder that somebody else may write to is passed over, as the plugin does."""
    return [marker for folder in folders if _is_ours(folder) for marker in _markers(folder)]


def _is_ours(folder: Path) -> bool:
    try:
        found = os.lstat(folder)
    except OSError:
        # No folder is the usual case.
        return False
    ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
    return ours and not found.st_mode & _OTHERS_MAY_WRITE


def _markers(folder: Path) -> list[Marker]:
    found = []
    for name in sorted(os.listdir(folder)):
        if not name.endswith(ENDING):
            continue
        path = folder / name
        try:
            there = os.lstat(path)
        except FileNotFoundError:
            continue
        if stat.S_ISREG(there.st_mode):
            found.append(_read(path, there.st_mtime_ns // 1_000_000))
    return found


def _read(path: Path, changed_ms: int) -> Marker:
    try:
        with open(path, "rb") as file:
            marker: Any = json.loads(file.read(_LONGEST_BYTES))
    except (OSError, ValueError, RecursionError):
        # A marker on a full disk may be empty; that it is there says enough.
        marker = None
    match marker:
        case {"pid": int(pid), "lines": int(lines), "reason": str(reason)}:
            return Marker(path, str(pid), lines, reason[:_LONGEST_REASON], changed_ms)
        case _:
            return Marker(path, path.name.split("-")[0], None, "unreadable marker", changed_ms)
