"""What the user was told of, in a small file, so that a restart tells nothing twice."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from opencode_stats.core.notices import Memory
from opencode_stats.host.files import FILES, read_plain
from opencode_stats.publish.atomic_file import replace_file

if TYPE_CHECKING:
    from pathlib import Path

    from opencode_stats.host.files import Files


@dataclass(slots=True)
class Shown:
    """What is on the desktop: ``server`` is the one that shows it, ``ids`` its own numbers for it, by subject."""

    server: str = ""
    ids: dict[str, int] = field(default_factory=dict)
    items: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Told:
    """The memory, and what is shown of it (``Shown.items``: the item's id by subject)."""

    memory: Memory
    shown: Shown = field(default_factory=Shown)

    def content(self) -> bytes:
        """The file's bytes."""
        shown = {"server": self.shown.server, "ids": self.shown.ids, "items": self.shown.items}
        known = {"sinceMs": self.memory.since_ms, "dealtWith": [*self.memory.ids], "shown": shown}
        return json.dumps(known).encode()


def read_told(path: Path, now_ms: int) -> Told:
    """What the file says; where there is none, or it makes no sense, what came before now is no news."""
    try:
        found = json.loads(read_plain(path))
        shown = found["shown"]
        return Told(
            Memory(int(found["sinceMs"]), dict.fromkeys(map(str, found["dealtWith"]))),
            Shown(str(shown["server"]), _mapped(shown["ids"], int), _mapped(shown["items"], str)),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Told(Memory(now_ms))


def keep_told(path: Path, content: bytes, files: Files = FILES) -> None:
    """Replaces the file.

    Raises:
        OSError: the old one is still there.
    """
    replace_file(files, path, content, path.parent)


def _mapped(found: dict[str, Any], kind: type[Any]) -> dict[str, Any]:
    return {str(name): kind(value) for name, value in found.items()}
