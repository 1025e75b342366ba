"""OpenCode 1.x's own objects of messages and sessions, as in its database, its events and its old JSON files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.truth.records import Answer

from opencode_stats.core.tokens import NO_TOKENS, Tokens

if TYPE_CHECKING:
    from tests.truth.records import Conversation, Model, Prompt

    Info = dict[str, Any]


def message_info(entry: Prompt | Answer, stage: str = "", *, total: bool = True) -> Info:
    """The message without its id and its conversation's; ``stage``: as it was then. ``total``: since 1.0."""
    if isinstance(entry, Answer):
        return _answer_info(entry, stage or entry.stage, total=total)
    return {
        "role": "user",
        "time": {"created": entry.created_ms},
        "agent": entry.agent,
        "model": _named(entry.model),
        "summary": {"diffs": []},
    }


def _answer_info(answer: Answer, stage: str, *, total: bool) -> Info:
    known = answer.tokens if stage != "created" and answer.tokens is not None else NO_TOKENS
    time = {"created": answer.created_ms}
    if stage == "completed" and answer.completed_ms is not None:
        time["completed"] = answer.completed_ms
    info: Info = {
        "parentID": "" if answer.prompt is None else answer.prompt.id,
        "role": "assistant",
        "mode": answer.agent,
        "agent": answer.agent,
        "path": {"cwd": answer.place.directory, "root": answer.place.root},
        "cost": 0 if stage == "created" else (answer.cost_microusd or 0) / 1e6,
        # The key is there where the provider said it.
        "tokens": ({"total": known.total} if total and known.total else {}) | tokens_info(known),
        "modelID": answer.model.model,
        "providerID": answer.model.provider,
        "time": time,
    }
    if answer.kind == "compaction":
        info["summary"] = True
    if stage != "created" and answer.finish is not None:
        info["finish"] = answer.finish
    if stage == "completed" and answer.error is not None:
        info["error"] = {"name": answer.error, "data": {"message": "it went wrong"}}
    return info


def tokens_info(tokens: Tokens) -> Info:
    """The five kinds as OpenCode nests them."""
    return {
        "input": tokens.input,
        "output": tokens.output,
        "reasoning": tokens.reasoning,
        "cache": {"read": tokens.cache_read, "write": tokens.cache_write},
    }


def session_info(conversation: Conversation, tokens: Tokens = NO_TOKENS, cost_microusd: int = 0) -> Info:
    """The session with its id; without figures, as before 1.17, where none are given."""
    info: Info = {
        "id": conversation.id,
        "slug": "quiet-pixel",
        "projectID": conversation.place.project,
        "directory": conversation.place.directory,
        "path": "",
        "cost": cost_microusd / 1e6,
        "tokens": tokens_info(tokens),
        "title": conversation.title,
        "version": conversation.version,
        "time": {"created": conversation.created_ms, "updated": conversation.updated_ms},
    }
    if conversation.parent is not None:
        info["parentID"] = conversation.parent.id
    if conversation.agent is not None:
        info["agent"] = conversation.agent
    return info


def rows_sum(conversation: Conversation) -> tuple[Tokens, int]:
    """What 1.x's session row says: all rows of messages that are there now, a fork's copies too."""
    tokens, cost_microusd = NO_TOKENS, 0
    for entry in conversation.rows_v1():
        if isinstance(entry, Answer) and entry.tokens is not None:
            tokens = tokens + entry.tokens
            cost_microusd += entry.cost_microusd or 0
    return tokens, cost_microusd


def _named(model: Model) -> Info:
    return {"providerID": model.provider, "modelID": model.model}
