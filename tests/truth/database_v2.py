"""OpenCode 2.x's database as a history leaves it: ``session_v2``, ``session_message``, ``kv`` (v2 facts §3).

A history that went over from 1.x keeps 1.x's tables beside them: what was migrated is in both, what 2.x has deleted or
removed is still in the old ones, and an OpenCode 1.x that is used again writes to those alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.truth.database_v1 import everything, fill_events, fill_v1, parent_id, write_v1
from tests.truth.info_v1 import tokens_info
from tests.truth.records import Answer, Mark, Prompt
from tests.truth.schema_v2 import schema_v2, takeover
from tests.truth.sqlite_file import encode, sqlite_file

from opencode_stats.core.tokens import NO_TOKENS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.truth.history import History
    from tests.truth.records import Conversation, Entry, Model
    from tests.truth.sqlite_file import Row

    Data = dict[str, Any]

SESSION_V2: Final = (
    "id", "project_id", "parent_id", "fork_session_id", "fork_boundary", "slug", "directory", "path", "title",
    "version", "cost", "tokens_input", "tokens_output", "tokens_reasoning", "tokens_cache_read", "tokens_cache_write",
    "agent", "time_created", "time_updated", "time_idle", "time_archived",
)  # fmt: skip
SESSION_MESSAGE: Final = ("id", "session_id", "type", "seq", "time_created", "time_updated", "data")
V1_ERRORS: Final = {"MessageAbortedError": "aborted"}


def write_v2(past: History, path: Path, *, upgraded: bool | None = None, events: bool = True) -> None:
    """Writes the database, or brings the one that is there up to date, in place; one of 1.x is taken over.

    ``upgraded`` is the order of columns; None: that of an upgrade where the history was migrated. ``events`` concerns
    what a 1.x that is used again writes into its log; 2.x keeps no rows there.

    Raises:
        ValueError: 2.x has not taken over in this history, as it is now.
    """
    legacy = past.size.era != "v2"
    upgraded = legacy if upgraded is None else upgraded
    if legacy and past.migrated_ms is None:
        raise ValueError("OpenCode 2.x has not taken over yet")
    with sqlite_file(path, schema_v2(legacy=legacy, upgraded=upgraded)) as file:
        if not file.has("session_v2"):
            for statement in takeover(upgraded=upgraded):
                file.connection.execute(statement)
        if legacy:
            fill_v1(file, past)
        else:
            places = {one.place.project: one for one in past.conversations}
            file.fill(
                "project",
                ("id", "worktree", "vcs", "time_created", "time_updated", "sandboxes"),
                ((name, one.place.root, "git", one.created_ms, one.created_ms, "[]") for name, one in places.items()),
            )
        there = [one for one in past.conversations if one.in_v2]
        file.fill("session_v2", SESSION_V2, map(_session_row, there))
        file.fill("session_message", SESSION_MESSAGE, (_row(entry) for one in there for entry in one.rows_v2()))
        sequences = {one.id: max(one.seq - 1, 0) for one in there}
        fill_events(file, past, everything if legacy and events else _nothing, sequences)
        if past.migrated_ms is not None:
            done = ("migration.v1-v2", encode({"phase": "completed"}), past.migrated_ms, past.migrated_ms)
            file.fill("kv", ("key", "value", "time_created", "time_updated"), [done])


def _nothing(_: Conversation) -> bool:
    return False


def write_database(past: History, path: Path) -> None:
    """Writes ``opencode.db`` as it is at the end of this history, whichever OpenCode used it last."""
    if past.size.era != "v2" and past.migrated_ms is None:
        write_v1(past, path)
    else:
        write_v2(past, path)


def _session_row(conversation: Conversation) -> Row:
    source = conversation.fork_of if conversation.api != 1 else None
    boundary = None
    if conversation.boundary is not None:
        boundary = encode({"type": conversation.boundary[0], "messageID": conversation.boundary[1]})
    told = conversation.told
    idle = [entry.created_ms for entry in conversation.rows_v2() if isinstance(entry, Mark) and entry.kind == "idle"]
    return (
        conversation.id, conversation.place.project, parent_id(conversation), None if source is None else source.id,
        boundary, "quiet-pixel", conversation.place.directory, "", conversation.title, conversation.version,
        conversation.told_microusd / 1e6, told.input, told.output, told.reasoning, told.cache_read, told.cache_write,
        conversation.agent, conversation.created_ms, conversation.updated_ms, idle[-1] if idle else None,
        conversation.archived_ms,
    )  # fmt: skip


def _row(entry: Entry) -> Row:
    if isinstance(entry, Answer):
        type_, data = ("compaction", _compaction(entry)) if entry.kind == "compaction" else ("assistant", _said(entry))
        updated_ms = entry.completed_ms or entry.settled_ms or entry.created_ms
    elif isinstance(entry, Mark):
        type_, data = entry.kind, _mark(entry)
        updated_ms = entry.created_ms
    else:
        type_, data = _asked(entry)
        updated_ms = entry.created_ms
    return entry.id, entry.conversation.id, type_, entry.seq, entry.created_ms, updated_ms, encode(data)


def _said(answer: Answer) -> Data:
    """What 2.x does not know it leaves out; what it took over from 1.x has 1.x's zeros."""
    time = {"created": answer.created_ms}
    if answer.completed_ms is not None:
        time["completed"] = answer.completed_ms
    data: Data = {
        "time": time, "agent": answer.agent, "model": _reference(answer.model, answer.api), "content": [],
    }  # fmt: skip
    if answer.finish is not None:
        data["finish"] = answer.finish
    tokens = answer.tokens if answer.tokens is not None or answer.api != 1 else NO_TOKENS
    if tokens is not None:
        data |= {"cost": (answer.cost_microusd or 0) / 1e6, "tokens": tokens_info(tokens)}
    if answer.error is not None:
        data["error"] = {"type": V1_ERRORS.get(answer.error, answer.error), "message": "it went wrong"}
    return data


def _compaction(answer: Answer) -> Data:
    data: Data = {
        "time": {"created": answer.created_ms},
        "status": "completed" if answer.error is None else "failed",
        "reason": "manual",
        "summary": "…",
        "model": _reference(answer.model, answer.api),
    }
    if answer.tokens is not None:
        data |= {"cost": (answer.cost_microusd or 0) / 1e6, "tokens": tokens_info(answer.tokens)}
    return data


def _mark(mark: Mark) -> Data:
    if mark.kind == "idle":
        return {"time": {"created": mark.created_ms}, "outcome": mark.outcome}
    return {"time": {"created": mark.created_ms}, "status": "completed", "reason": "manual", "summary": "…"}


def _asked(entry: Entry) -> tuple[str, Data]:
    """A prompt; one of 1.x that asked for a compaction became the compaction's only row, without its tokens."""
    time = {"created": entry.created_ms}
    if isinstance(entry, Prompt) and entry.kind == "compaction":
        return "compaction", {"time": time, "status": "completed", "reason": "manual", "summary": "…"}
    return "user", {"time": time, "text": "…", "files": []}


def _reference(model: Model, api: int) -> Data:
    known = {"id": model.model, "providerID": model.provider}
    return known | {"variant": "default"} if api == 1 else known
