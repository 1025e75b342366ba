"""How a database of OpenCode is opened: for reading only, with SQLite's own locks; and whether it has to be."""

from __future__ import annotations

import os
import urllib.parse
from pathlib import Path
from typing import Final

QUIET_NS: Final = 3_000_000_000
"""A file's time of change tells of every later write only once it is past: clocks of file systems tick up to 2 s."""
_INDEX_HEADER_BYTES: Final = 48
"""The header of SQLite's index of the write-ahead log (sqlite.org/walformat.html), which each commit writes anew."""


def read_only_uri(path: Path) -> str:
    """The name under which SQLite opens the file for reading.

    Never ``immutable``: what OpenCode writes meanwhile would be missed, or read as half of a change
    (sqlite.org/uri.html). So SQLite may put its ``-wal`` and ``-shm`` beside a file that can have a write-ahead log, as
    it does for any reader.
    """
    return f"file:{urllib.parse.quote(str(path))}?mode=ro"


def state_of(path: Path, now_ns: int) -> str | None:
    """What the database looks like from outside; None where it was written to just now, or can't be looked at.

    As long as that stays the same, nothing was committed to it: the file itself and the write-ahead log change their
    times with every write. A commit counts only from the moment at which it stands in the log's index, which may be
    long after its writes (a slow disk, a process that was stopped), and whose times say nothing: so its header is in
    it. ``now_ns`` is the clock that the file system goes by.
    """
    try:
        file = os.stat(path)
        log = _log(path)
        index = _index_header(path) if log is not None else b""
    except OSError:
        return None
    changed_ns = max(file.st_mtime_ns, file.st_ctime_ns, 0 if log is None else log.st_mtime_ns)
    if now_ns - changed_ns < QUIET_NS:
        return None
    seen = [file.st_dev, file.st_ino, file.st_size, file.st_mtime_ns, file.st_ctime_ns]
    if log is not None:
        # Without the time at which it last changed hands: root's SQLite gives it to its owner whenever it opens it.
        seen += [log.st_ino, log.st_size, log.st_mtime_ns]
    return f"{seen} {index.hex()}"


def _log(path: Path) -> os.stat_result | None:
    """None where no change is in it: SQLite makes an empty one for whoever reads."""
    try:
        log = os.stat(f"{path}-wal")
    except FileNotFoundError:
        return None
    return log if log.st_size else None


def _index_header(path: Path) -> bytes:
    try:
        with Path(f"{path}-shm").open("rb", buffering=0) as index:
            return index.read(_INDEX_HEADER_BYTES)
    except FileNotFoundError:
        return b""
