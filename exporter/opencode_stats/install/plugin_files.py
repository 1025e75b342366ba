"""The two files that make OpenCode forward what happens: the plugin and the record beside it (docs/spool.md)."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PLUGIN: Final = "opencode-stats.ts"
RECORD: Final = "opencode-stats.json"
_MARK: Final = b"opencode-stats"
_MARK_WITHIN_BYTES: Final = 400
_PASSED_ON: Final = re.compile(rb'export \{ default \} from "[^"\n]+/opencode-stats\.ts";?')


def bundled_plugin() -> bytes:
    """The plugin that belongs to this version."""
    return (files("opencode_stats.install") / PLUGIN).read_bytes()


def is_plugin_of_ours(content: bytes) -> bool:
    """Whether this is a plugin that some version of ours shipped, perhaps changed since: its first comment says so."""
    start = content[:_MARK_WITHIN_BYTES].lstrip()
    return start.startswith((b"//", b"/*")) and _MARK in start


def leads_to_ours(content: bytes) -> bool:
    """Whether this file only passes on the plugin from elsewhere, as the one in this project's own repository does."""
    return _PASSED_ON.fullmatch(content.strip()) is not None


def record(state: Path, autostart: Sequence[str] | None) -> bytes:
    """What the plugin has to know.

    Args:
        state: where plugin and exporter meet, absolute.
        autostart: the command that starts the exporter, its program's absolute path first; None where the plugin
            shall start nothing.
    """
    document = {"schemaVersion": 1, "stateDir": str(state), "autostart": list(autostart) if autostart else None}
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def is_record_of_ours(content: bytes) -> bool:
    """Whether this is a record, perhaps changed since."""
    try:
        document = json.loads(content)
    except ValueError:
        return False
    return isinstance(document, dict) and "stateDir" in document and "autostart" in document
