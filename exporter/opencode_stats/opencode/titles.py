"""The titles of conversations, read at the moment of showing them and kept nowhere: they are made from prompts."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Final

from opencode_stats.opencode.opening import read_only_uri

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

BUSY_TIMEOUT_S: Final = 1.0
_TABLES: Final = ("session", "session_v2")


def titles_of(databases: Iterable[Path], conversations: Iterable[str]) -> dict[str, str]:
    """The titles that these databases of OpenCode have for these conversations; 2.x's word goes before 1.x's."""
    found: dict[str, str] = {}
    wanted = json.dumps(list(conversations))
    for path in databases:
        try:
            with closing(sqlite3.connect(read_only_uri(path), uri=True, timeout=BUSY_TIMEOUT_S)) as connection:
                connection.text_factory = lambda content: content.decode("utf-8", "replace")
                for table in _TABLES:
                    if "title" in {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}:
                        found |= {
                            name: title
                            for name, title in connection.execute(
                                f"SELECT id, title FROM {table} WHERE id IN (SELECT value FROM json_each(?))",
                                (wanted,),
                            )
                            if isinstance(title, str) and title.strip()
                        }
        except sqlite3.Error:
            # One that can't be read has no titles for us: the ids are shown. What else that means, doctor tells.
            continue
    return found
