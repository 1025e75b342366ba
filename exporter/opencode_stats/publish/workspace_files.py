"""A file for each workspace, for who asked for them: what was used there today and in all (docs/stats-json.md)."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, Final

from opencode_stats.core.bounds import digest
from opencode_stats.core.cost import MICROUSD_PER_USD
from opencode_stats.host.files import own_folder
from opencode_stats.publish.atomic_file import replace_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from opencode_stats.core.history import Figures
    from opencode_stats.host.files import Files

MOST_AT_ONCE: Final = 50
"""Files that one publishing writes, each of which waits for the disk; what is left is written by the next."""
_NAME_LENGTH: Final = 40
_DIGITS: Final = 16


class WorkspaceFiles:
    """The files in a folder of ours; ``temp_folder`` is where they are made."""

    def __init__(self, files: Files, folder: Path, temp_folder: Path) -> None:
        self._files = files
        self._folder = folder
        self._temp_folder = temp_folder
        self._written: dict[str, dict[str, Any]] = {}

    def publish(
        self, used: Mapping[str, tuple[Figures, Figures]], date: str, now_ms: int, since_ms: int | None = None
    ) -> bool:
        """Writes those that say something new, and gives whether that was all of them.

        ``used`` is, by directory, what was used on the day ``date`` and in all. That a day is over is nothing new: its
        figures stay, under its date, until there is something of a later one. ``since_ms`` is the instant before which
        it is not kept what was used where, None where all of it is.

        Raises:
            OSError: one can't be written; its last good version is still in place.
        """
        own_folder(self._folder, self._files)
        written = 0
        for directory, (today, total) in used.items():
            name = file_name(directory)
            document = _document(directory, date, today, total, since_ms)
            if _same(self._known(name), document):
                continue
            if written == MOST_AT_ONCE:
                return False
            content = json.dumps({**document, "generatedAt": now_ms}, indent=1, ensure_ascii=False) + "\n"
            replace_file(self._files, self._folder / name, content.encode(), self._temp_folder)
            self._written[name] = document
            written += 1
        return True

    def _known(self, name: str) -> dict[str, Any]:
        """What the file says; empty where there is none of ours."""
        if name not in self._written:
            self._written[name] = _read(self._files, self._folder / name)
        return self._written[name]


def file_name(directory: str) -> str:
    """The name of a workspace's file: its folder's name, made harmless, and a digest of its whole path.

    Whatever the path is, the name has no separator, no leading dot and at most 62 characters; no two paths share one.
    """
    last = directory.rstrip("/").rpartition("/")[2]
    safe = "".join(char if char.isascii() and char.isalnum() else "-" for char in last)[:_NAME_LENGTH].strip("-")
    return f"{safe or 'root'}-{digest(directory)[:_DIGITS]}.json"


def _document(directory: str, date: str, today: Figures, total: Figures, since_ms: int | None) -> dict[str, Any]:
    return {
        "schemaVersion": 1,
        "directory": directory,
        "daily": {"date": date, **_section(today)},
        "total": _section(total),
        "keptFrom": since_ms,
    }


def _section(figures: Figures) -> dict[str, Any]:
    """In the words of stats.json."""
    return {
        "totalTokens": figures.tokens,
        "tokens": {
            "input": figures.input,
            "output": figures.output,
            "reasoning": figures.reasoning,
            "cacheRead": figures.cache_read,
            "cacheWrite": figures.cache_write,
        },
        "totalCost": figures.cost_microusd / MICROUSD_PER_USD,
        "messages": figures.messages,
    }


def _same(known: dict[str, Any], document: dict[str, Any]) -> bool:
    if any(known.get(key) != document[key] for key in ("schemaVersion", "directory", "total")):
        return False
    return bool(known.get("daily") == document["daily"] or not document["daily"]["messages"])


def _read(files: Files, path: Path) -> dict[str, Any]:
    try:
        descriptor = files.open(path, os.O_RDONLY)
        try:
            document = json.loads(files.read(descriptor, files.fstat(descriptor).st_size, 0))
        finally:
            files.close(descriptor)
    except (OSError, ValueError, RecursionError):
        # None yet, or what somebody put there: it is replaced.
        return {}
    return document if isinstance(document, dict) else {}
