"""How a database of OpenCode is opened: for reading only, with SQLite's own locks."""

from __future__ import annotations

import urllib.parse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def read_only_uri(path: Path) -> str:
    """The name under which SQLite opens the file for reading.

    Never ``immutable``: what OpenCode writes meanwhile would be missed, or read as half of a change
    (sqlite.org/uri.html). So SQLite may put its ``-wal`` and ``-shm`` beside a file that can have a write-ahead log, as
    it does for any reader.
    """
    return f"file:{urllib.parse.quote(str(path))}?mode=ro"
