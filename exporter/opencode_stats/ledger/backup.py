"""Copies of the ledger, made while it is in use, and proven before they count as backups.

SQLite's own backup reads one moment of the ledger, from a connection of its own: the writer goes on meanwhile, and
what it writes is not in the copy. A copy that is not sound is no backup, and says that the ledger is not sound either.
"""

from __future__ import annotations

import os
import re
import sqlite3
import time
import urllib.parse
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from opencode_stats.errors import LedgerCorrupt
from opencode_stats.host.files import FILES, own_folder, sync_folder
from opencode_stats.ledger.soundness import Unreadable, findings, is_damage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from opencode_stats.host.files import Files

KEPT: Final = 3
"""So many backups are kept, one a day: what is noticed late can still be had from before."""
MOST_BYTES: Final = 1024 * 1024 * 1024
"""Together they take no more than this, but for the newest two, without which there is no safety."""
SPARE_BYTES: Final = 256 * 1024 * 1024
"""What a backup leaves free on the disk: OpenCode's and the user's work come first."""
STEP_PAGES: Final = 256
"""Copied at once (1 MiB), with a pause in between, so that the disk is never kept busy by us."""
PAUSE_S: Final = 0.005
_STOP_STEPS: Final = 1_000_000
"""Steps of SQLite's machine, some 20 ms, between two questions whether to stop."""
_UNFINISHED: Final = "unfinished"
_NAME: Final = re.compile(r"ledger-(?P<stamp>[0-9]{8}T[0-9]{6}[0-9]{3}Z)(-before-[a-z0-9_]+)?\.db")


class Stopped(Exception):
    """Whoever asked for the backup does not want it any more; nothing of it is left."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A finished backup and the moment at which it was begun."""

    path: Path
    at_ms: int
    size_bytes: int


def backups(folder: Path) -> list[Backup]:
    """What there is, the newest first."""
    found = []
    try:
        names = os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []
    for name in names:
        parts = _NAME.fullmatch(name)
        if parts is not None:
            with suppress(FileNotFoundError):
                found.append(Backup(folder / name, _ms_of(parts["stamp"]), os.lstat(folder / name).st_size))
    return sorted(found, key=lambda one: (one.at_ms, one.path.name), reverse=True)


def back_up(
    ledger: Path,
    folder: Path,
    now_ms: int,
    *,
    before: str = "",
    stop: Callable[[], bool] = lambda: False,
    pause_s: float = PAUSE_S,
    files: Files = FILES,
) -> Backup | None:
    """Makes a backup and removes those that it makes needless; None where the disk has no room for it.

    ``before`` names the step of the schema that is about to be taken. ``stop`` is asked after every MiB.

    Raises:
        Stopped: ``stop`` said so.
        LedgerCorrupt: the ledger is not sound; there is no backup of it.
        OSError, sqlite3.OperationalError: it can't be written, or the ledger can't be read now.
    """
    own_folder(folder, files)
    if not _room(folder, os.lstat(ledger).st_size):
        return None
    unfinished = folder / _UNFINISHED
    with suppress(FileNotFoundError):
        files.unlink(unfinished)
    files.close(files.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
    try:
        _copy(ledger, unfinished, stop, pause_s)
        _prove(unfinished, stop)
        sync(unfinished, files)
        target = folder / f"ledger-{stamp_of(now_ms)}{f'-before-{before}' if before else ''}.db"
        files.replace(unfinished, target)
        sync_folder(folder, files)
    except BaseException:
        with suppress(OSError):
            files.unlink(unfinished)
        raise
    made = backups(folder)
    for old in needless(made):
        files.unlink(old.path)
    return next(one for one in made if one.path == target)


def needless(found: list[Backup]) -> list[Backup]:
    """Those of these backups, newest first, that are to go."""
    keep, kept_bytes = 0, 0
    for one in found[:KEPT]:
        kept_bytes += one.size_bytes
        if keep >= KEPT - 1 and kept_bytes > MOST_BYTES:
            break
        keep += 1
    return found[keep:]


def _prove(copy: Path, stop: Callable[[], bool]) -> None:
    found = unsound(copy, stop)
    if found:
        raise LedgerCorrupt(found[0])


def unsound(database: Path, stop: Callable[[], bool] | None = None) -> list[str]:
    """What is wrong with a ledger's file that nobody writes to, one sentence a finding; nothing is left beside it.

    Raises:
        Stopped: ``stop`` said so.
    """
    uri = f"file:{urllib.parse.quote(str(database))}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
            connection.execute("PRAGMA cache_size = -1024")
            connection.set_progress_handler(stop, _STOP_STEPS)
            return findings(connection)
    except Unreadable as error:
        if stop is not None and stop():
            raise Stopped from error
        if not is_damage(error):
            raise
        return [f"SQLite can't read it: {error}."]


def sync(path: Path, files: Files = FILES) -> None:
    """Waits until the disk has a file."""
    descriptor = files.open(path, os.O_RDONLY)
    try:
        files.fsync(descriptor)
    finally:
        files.close(descriptor)


def _copy(ledger: Path, target: Path, stop: Callable[[], bool], pause_s: float) -> None:
    def progress(status: int, remaining: int, total: int) -> None:
        del status, total
        if stop():
            raise Stopped
        if remaining:
            time.sleep(pause_s)

    source_uri = f"file:{urllib.parse.quote(str(ledger))}?mode=ro"
    target_uri = f"file:{urllib.parse.quote(str(target))}"
    with (
        closing(sqlite3.connect(source_uri, uri=True, isolation_level=None)) as source,
        closing(sqlite3.connect(target_uri, uri=True, isolation_level=None)) as copy,
    ):
        # What is half-way when the power goes is no backup and is removed; so nothing needs to wait for the disk.
        copy.execute("PRAGMA synchronous = OFF")
        copy.execute("PRAGMA journal_mode = OFF")
        try:
            # One moment for all of the steps; without it every write in between would begin the copy anew.
            source.execute("BEGIN")
            source.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            source.backup(copy, pages=STEP_PAGES, progress=progress)
        except Unreadable as error:
            if is_damage(error):
                raise LedgerCorrupt(str(error)) from error
            raise


def _room(folder: Path, size_bytes: int) -> bool:
    system = os.statvfs(folder)
    return system.f_bavail * system.f_frsize - size_bytes >= SPARE_BYTES


def stamp_of(at_ms: int) -> str:
    """An instant as backups and folders of damaged ledgers have it in their names: ``20261121T120000000Z``."""
    return f"{datetime.fromtimestamp(at_ms // 1000, UTC):%Y%m%dT%H%M%S}{at_ms % 1000:03}Z"


def _ms_of(stamp: str) -> int:
    seconds = datetime.strptime(stamp[:15], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    return int(seconds.timestamp()) * 1000 + int(stamp[15:18])
