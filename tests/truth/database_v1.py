"""OpenCode 1.x's database as a history leaves it: ``session``, ``message``, ``part``, and the log of events (facts §4).

What OpenCode forgot is not in it: removed messages, deleted conversations with all their events. A fork's copies are,
and a session's row adds them up.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.truth.ids import derived
from tests.truth.info_v1 import message_info, rows_sum, session_info, tokens_info
from tests.truth.records import Answer, Conversation, Prompt
from tests.truth.sqlite_file import SqliteFile, encode, sqlite_file

from opencode_stats.core.tokens import NO_TOKENS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.truth.history import History
    from tests.truth.records import Entry, Happening
    from tests.truth.sqlite_file import Row

    Filter = Callable[[Conversation], bool]

SCHEMA_V1: Final = Path(__file__).with_name("schema_v1.sql").read_text(encoding="utf-8")
ROW_LAG_MS: Final = 2
SESSION: Final = (
    "id", "project_id", "workspace_id", "parent_id", "slug", "directory", "path", "title", "version",
    "summary_additions", "summary_deletions", "summary_files", "cost", "tokens_input", "tokens_output",
    "tokens_reasoning", "tokens_cache_read", "tokens_cache_write", "revert", "agent", "model", "time_created",
    "time_updated", "time_archived",
)  # fmt: skip
MESSAGE: Final = ("id", "session_id", "time_created", "time_updated", "data")
PART: Final = ("id", "message_id", "session_id", "time_created", "time_updated", "data")
EVENT: Final = ("id", "aggregate_id", "seq", "type", "data")


def everything(_: Conversation) -> bool:
    """The usual filter."""
    return True


def write_v1(past: History, path: Path, *, events: bool = True, parts: bool = True, only: Filter = everything) -> None:
    """Writes the database, or brings the one that is there up to date, in place, as OpenCode would.

    ``only`` leaves conversations out, such as those that a user has in the older JSON files alone.
    """
    with sqlite_file(path, SCHEMA_V1) as file:
        fill_v1(file, past, only)
        if parts:
            file.fill("part", PART, _parts(past, only))
        if events:
            fill_events(file, past, only)


def fill_v1(file: SqliteFile, past: History, only: Filter = everything) -> None:
    """The tables that count: projects, sessions, messages."""
    places = {one.place.project: one for one in past.conversations}
    file.fill(
        "project",
        ("id", "worktree", "vcs", "time_created", "time_updated", "sandboxes"),
        ((name, one.place.root, "git", one.created_ms, one.created_ms, "[]") for name, one in places.items()),
    )
    there = [one for one in past.conversations if one.in_v1 and only(one)]
    file.fill("session", SESSION, (_session_row(one, past.migrated_ms) for one in there))
    file.fill("message", MESSAGE, (_message_row(entry) for one in there for entry in one.rows_v1()))


def fill_events(
    file: SqliteFile, past: History, only: Filter = everything, sequences: Mapping[str, int] | None = None
) -> None:
    """The log of events of all conversations that are there. The migration to 2.x throws away what it finds.

    ``sequences``: conversation → the last number of those that have numbers, but no rows in the log.
    """
    last: dict[str, int] = {}
    rows = list(_events(past, only, last))
    file.fill("event_sequence", ("aggregate_id", "seq"), (last | dict(sequences or {})).items())
    file.fill("event", EVENT, rows)


def _session_row(conversation: Conversation, migrated_ms: int | None) -> Row:
    tokens, cost_microusd = rows_sum(conversation)
    forked = conversation.fork_of is not None
    revert = None if conversation.revert is None else encode({"messageID": conversation.revert.id})
    archived_ms = conversation.archived_ms
    if conversation.migrated and archived_ms is not None and migrated_ms is not None and archived_ms >= migrated_ms:
        archived_ms, revert = None, None
    agent = conversation.agent or (None if forked else "build")
    changed = None if forked else 0
    return (
        conversation.id, conversation.place.project, None, parent_id(conversation), "quiet-pixel",
        conversation.place.directory, "", conversation.title, conversation.version, changed, changed, changed,
        cost_microusd / 1e6, tokens.input, tokens.output, tokens.reasoning, tokens.cache_read, tokens.cache_write,
        revert, agent, None, conversation.created_ms, conversation.updated_ms, archived_ms,
    )  # fmt: skip


def parent_id(conversation: Conversation) -> str | None:
    """A sub-agent's; a fork of 1.x is linked to nothing."""
    return None if conversation.parent is None else conversation.parent.id


def _message_row(entry: Prompt | Answer) -> Row:
    return (
        entry.id, entry.conversation.id, entry.created_ms, _written_ms(entry) + ROW_LAG_MS, encode(message_info(entry)),
    )  # fmt: skip


def _written_ms(entry: Entry) -> int:
    if entry.copy_of is not None:
        return entry.conversation.created_ms
    if isinstance(entry, Answer):
        return entry.completed_ms or entry.settled_ms or entry.created_ms
    return entry.created_ms


def _parts(past: History, only: Filter) -> Iterator[Row]:
    for conversation in past.conversations:
        if not only(conversation):
            continue
        for entry in conversation.rows_v1():
            at_ms = _written_ms(entry)
            for number, part in enumerate(_parts_of(entry), 1):
                yield derived("prt", entry.id, number), entry.id, conversation.id, at_ms, at_ms, encode(part)


def _parts_of(entry: Prompt | Answer) -> list[dict[str, Any]]:
    if isinstance(entry, Prompt):
        if entry.kind == "compaction":
            return [{"type": "compaction", "auto": False, "overflow": False}]
        return [{"type": "text", "text": "…"}]
    finish = _step_finish(entry)
    return [{"type": "step-start"}] if finish is None else [{"type": "step-start"}, finish]


def _step_finish(answer: Answer) -> dict[str, Any] | None:
    if answer.finish is None or answer.kind == "wrapper":
        return None
    tokens = answer.tokens or NO_TOKENS
    return {
        "type": "step-finish",
        "reason": answer.finish,
        "tokens": {"total": tokens.total} | tokens_info(tokens),
        "cost": (answer.cost_microusd or 0) / 1e6,
    }


def _events(past: History, only: Filter, last: dict[str, int]) -> Iterator[Row]:
    for happening in past.journal[past.migrated_at :]:
        conversation = happening.conversation
        if conversation is None or happening.process.api != 1 or not conversation.in_v1 or not only(conversation):
            continue
        for event, type_, data in _told_as(happening, conversation):
            seq = last[conversation.id] = last.get(conversation.id, -1) + 1
            yield event, conversation.id, seq, type_, encode({"sessionID": conversation.id} | data)


def _told_as(happening: Happening, conversation: Conversation) -> Iterator[tuple[str, str, dict[str, Any]]]:
    about = happening.about
    if happening.kind == "message.snapshot" and isinstance(about, Answer):
        finish = _step_finish(about)
        # A step's end is told just before the update that has its tokens, and once more of a copy.
        if finish is not None and (happening.stage == "usage" or not about.genuine):
            part = {"id": derived("prt", about.id, 2), "sessionID": conversation.id, "messageID": about.id} | finish
            yield derived("evt", happening.event, 0), "message.part.updated.1", {"part": part}
        yield happening.event, "message.updated.1", {"info": _info(about, conversation, happening.stage)}
    elif happening.kind == "message.prompt" and isinstance(about, Prompt):
        yield happening.event, "message.updated.1", {"info": _info(about, conversation, "")}
    elif happening.kind == "message.removed" and isinstance(about, (Prompt, Answer)):
        yield happening.event, "message.removed.1", {"messageID": about.id}
    elif happening.kind in {"conversation.created", "conversation.updated"}:
        type_ = happening.kind.replace("conversation", "session") + ".1"
        yield happening.event, type_, {"info": session_info(conversation)}


def _info(entry: Prompt | Answer, conversation: Conversation, stage: str) -> dict[str, Any]:
    return {"id": entry.id, "sessionID": conversation.id} | message_info(entry, stage)
