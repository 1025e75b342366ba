"""What the ledger's file looked like when it was closed in good order: if it still does, nobody has touched it since.

The record lies beside the ledger and is taken away when that is opened, so an end without a close leaves none.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

    from opencode_stats.host.files import Files

RECORD: Final = "closed"
_LONGEST_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class Closed:
    """The file as it was left, and when all of it was checked last (Unix milliseconds)."""

    inode: int
    size_bytes: int
    changed_ns: int
    checked_ms: int


def take_record(ledger: Path, files: Files) -> Closed | None:
    """The record, if the file is still as it says and SQLite's log of changes is empty; it is removed.

    Raises:
        OSError: it can't be removed.
    """
    path = ledger.with_name(RECORD)
    try:
        descriptor = files.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        content = files.read(descriptor, _LONGEST_BYTES, 0)
    finally:
        files.close(descriptor)
    files.unlink(path)
    try:
        record = Closed(**json.loads(content))
    except (ValueError, TypeError):
        # Half written, or by another version: as good as none.
        return None
    return record if record == _seen(ledger, record.checked_ms) else None


def keep_record(ledger: Path, checked_ms: int, files: Files) -> None:
    """Writes the record of a ledger that is closed; where a reader keeps SQLite's log in use, there is none.

    Raises:
        OSError: it can't be written; then the next start checks everything.
    """
    found = _seen(ledger, checked_ms)
    if found is None:
        return
    descriptor = files.open(ledger.with_name(RECORD), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    try:
        files.write(descriptor, memoryview(json.dumps(asdict(found)).encode()))
    finally:
        files.close(descriptor)


def _seen(ledger: Path, checked_ms: int) -> Closed | None:
    try:
        if os.path.lexists(ledger.with_name(f"{ledger.name}-wal")):
            return None
        there = os.lstat(ledger)
    except OSError:
        return None
    return Closed(there.st_ino, there.st_size, there.st_mtime_ns, checked_ms)
