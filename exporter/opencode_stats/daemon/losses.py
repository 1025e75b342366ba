"""What plugins could not write, from the markers that they left (docs/spool.md)."""

from __future__ import annotations

import json
import logging
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from opencode_stats.core.bounds import LATEST_INSTANT_MS, MOST_LINES_LOST
from opencode_stats.core.process_events import LinesLost
from opencode_stats.ingest.spool import process_of
from opencode_stats.ledger.append import keep_loss
from opencode_stats.ledger.connection import transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from opencode_stats.core.process_events import ProcessKey
    from opencode_stats.host.paths import Paths
    from opencode_stats.host.processes import Life
    from opencode_stats.ledger.connection import Connection

logger = logging.getLogger(__name__)

ENDING: Final = ".json"
_LONGEST_BYTES: Final = 4096
_LONGEST_REASON: Final = 40
ABANDONED_MS: Final = 5 * 60 * 1000
"""A plugin that holds lines back tries to write them once a minute at least, and brings its marker up to date."""
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.:/-]*")
"""As the plugin writes a reason: the short name of an error."""
_OTHERS_MAY_WRITE: Final = 0o022


@dataclass(frozen=True, slots=True)
class Marker:
    """One process's marker: how many lines it could not keep so far (None where it does not say), and why.

    ``changed_ms`` is when it was brought up to date last, ``first_ms`` and ``last_ms`` when the lines were made.
    """

    path: Path
    pid: str
    lines: int | None
    reason: str
    changed_ms: int
    first_ms: int
    last_ms: int


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


def bury(connection: Connection, folders: Iterable[Path], life_of: Callable[[ProcessKey], Life], now_ms: int) -> int:
    """Takes for lost what processes that are gone held back: into the ledger, and their markers away; their number.

    A marker that does not say how many lines it is about is left to be looked at.

    Raises:
        sqlite3.Error: the ledger can't be written; the marker stays.
    """
    buried = 0
    for marker in read_markers(folders):
        process = process_of(f"{marker.path.stem}.jsonl")
        if marker.lines is None or now_ms - marker.changed_ms < ABANDONED_MS or life_of(process) == "alive":
            continue
        lost = LinesLost(
            at_ms=now_ms,
            lines=marker.lines,
            reason=marker.reason if _WORD.fullmatch(marker.reason) else "UnknownError",
            first_ms=marker.first_ms,
            last_ms=marker.last_ms,
        )
        with transaction(connection):
            keep_loss(connection, process.text, lost)
        try:
            os.unlink(marker.path)
        except OSError as error:
            # Next time it says the same, and replaces what it said.
            logger.warning("losses.unremovable file=%s error=%s", marker.path.name, error.strerror)
        buried += 1
    return buried


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
        case {"pid": int(pid), "lines": int(lines), "reason": str(reason)} if 0 < lines <= MOST_LINES_LOST:
            first_ms, last_ms = (_instant(marker.get(name), changed_ms) for name in ("firstMs", "lastMs"))
            return Marker(path, str(pid), lines, reason[:_LONGEST_REASON], changed_ms, first_ms, last_ms)
        case _:
            whose = path.name.split("-")[0]
            return Marker(path, whose, None, "unreadable marker", changed_ms, changed_ms, changed_ms)


def _instant(value: object, else_ms: int) -> int:
    return value if isinstance(value, int) and 0 <= value <= LATEST_INSTANT_MS else else_ms
