"""The JSON files in which OpenCode kept everything before 1.2 (facts §4), and which later versions leave alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.truth.database_v1 import everything
from tests.truth.info_v1 import message_info
from tests.truth.sqlite_file import encode

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.truth.history import History
    from tests.truth.records import Conversation


def write_storage(
    past: History, folder: Path, *, only: Callable[[Conversation], bool] = everything, old: bool = False
) -> None:
    """Writes ``project/``, ``session/PROJECT/``, ``message/SESSION/`` and ``part/MESSAGE/`` under ``folder``.

    ``old``: as the first versions did, whose messages name their agent as ``mode`` only. What a later history no
    longer has is removed.
    """
    kept: set[Path] = set()
    for conversation in past.conversations:
        if not conversation.in_v1 or not only(conversation):
            continue
        place = conversation.place
        project = {"id": place.project, "worktree": place.root, "vcs": "git", "time": {"created": 1_787_000_000_000}}
        _put(kept, folder / "project" / f"{place.project}.json", project)
        _put(kept, folder / "session" / place.project / f"{conversation.id}.json", _session(conversation))
        for entry in conversation.rows_v1():
            info = message_info(entry, total=False)
            if old:
                del info["agent"]
            named = {"id": entry.id, "sessionID": conversation.id} | info
            _put(kept, folder / "message" / conversation.id / f"{entry.id}.json", named)
    for path in folder.rglob("*.json"):
        if path not in kept:
            path.unlink()


def _session(conversation: Conversation) -> dict[str, Any]:
    """Before there were figures in a session."""
    info: dict[str, Any] = {
        "id": conversation.id,
        "version": conversation.version,
        "projectID": conversation.place.project,
        "directory": conversation.place.directory,
        "title": conversation.title,
        "time": {"created": conversation.created_ms, "updated": conversation.updated_ms},
    }
    return info if conversation.parent is None else info | {"parentID": conversation.parent.id}


def _put(kept: set[Path], path: Path, content: dict[str, Any]) -> None:
    kept.add(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(encode(content), encoding="utf-8")
