"""What the plugin writes in OpenCode 2.x, happening by happening (docs/spool.md, opencode_plugin/src/v2.ts)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.truth.lines_v1 import of_conversation, run_started, status, tokens_line
from tests.truth.records import Answer, Conversation, Prompt

from opencode_stats.core.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.truth.records import Happening

    Line = dict[str, Any]


def lines_v2(happening: Happening) -> list[Line]:
    """The lines, with keys that are None still in them; none for what the plugin does not forward."""
    if happening.kind == "conversation.learned":
        return _learned(happening)
    tell = _TELLS.get(happening.kind)
    return [] if tell is None else [{"type": happening.kind, "at_ms": happening.at_ms} | tell(happening)]


def _snapshot(happening: Happening) -> Line:
    answer = happening.about
    assert isinstance(answer, Answer)
    settled = happening.stage == "completed"
    known = settled and answer.tokens is not None
    return {
        "event": happening.event,
        "conversation": answer.conversation.id,
        "message": answer.id,
        "agent": answer.agent,
        "provider": answer.model.provider,
        "model": answer.model.model,
        "directory": answer.place.directory,
        "tokens": tokens_line(answer.tokens) if known and answer.tokens is not None else None,
        "cost_usd": (answer.cost_microusd or 0) / 1e6 if known else None,
        "created_ms": answer.created_ms,
        "completed_ms": answer.completed_ms if settled else None,
        "finish": answer.finish if settled else None,
        "error": answer.error if settled else None,
        "summary": True if answer.kind == "compaction" else None,
    }


def _seen(happening: Happening) -> Line:
    """A fork names its source and nothing of a parent; what comes later says little."""
    conversation = happening.conversation
    assert isinstance(conversation, Conversation)
    line: Line = {
        "type": "conversation.seen",
        "conversation": conversation.id,
        "change": happening.kind.removeprefix("conversation."),
        "directory": conversation.place.directory,
    }
    if happening.kind != "conversation.created":
        return line
    line["created_ms"] = conversation.created_ms
    if conversation.fork_of is not None:
        return line | {"fork_of": conversation.fork_of.id}
    parent = conversation.parent
    return line | {
        "parent": None if parent is None else parent.id,
        "project": conversation.place.project,
        "agent": conversation.agent,
        "host_version": conversation.version,
    }


def _learned(happening: Happening) -> list[Line]:
    """What OpenCode answers of a conversation: whose and where it is, and what it has been charged so far."""
    conversation = happening.conversation
    assert isinstance(conversation, Conversation)
    parent = conversation.parent
    fork_of = conversation.fork_of if conversation.api != 1 else None
    seen: Line = {
        "type": "conversation.seen",
        "at_ms": happening.at_ms,
        "conversation": conversation.id,
        "change": "updated",
        "parent": None if parent is None else parent.id,
        "fork_of": None if fork_of is None else fork_of.id,
        "directory": conversation.place.directory,
        "project": conversation.place.project,
        "agent": conversation.agent,
        "created_ms": conversation.created_ms,
    }
    return [seen, {"type": "conversation.usage", "at_ms": happening.at_ms} | _usage(happening)]


def _prompt(happening: Happening) -> Line:
    prompt = happening.about
    assert isinstance(prompt, Prompt)
    conversation = prompt.conversation
    return {"conversation": conversation.id, "message": prompt.id, "directory": conversation.place.directory}


def _usage(happening: Happening) -> Line:
    assert isinstance(happening.about, tuple)
    tokens, cost_microusd = happening.about
    assert isinstance(tokens, Tokens)
    return of_conversation(happening) | {"tokens": tokens_line(tokens), "cost_usd": cost_microusd / 1e6}


_TELLS: Final[dict[str, Callable[[Happening], Line]]] = {
    "run.started": run_started,
    "run.ended": lambda _: {},
    "conversation.created": _seen,
    "conversation.updated": _seen,
    "conversation.deleted": _seen,
    "prompt.submitted": _prompt,
    "message.snapshot": _snapshot,
    "conversation.usage": _usage,
    "conversation.status": status,
    "conversation.idle": lambda happening: of_conversation(happening) | {"outcome": happening.about},
    "conversation.failed": lambda happening: of_conversation(happening) | {"error": happening.about},
    "conversation.compacted": of_conversation,
    "request.opened": lambda happening: (
        of_conversation(happening) | {"request": happening.about, "kind": "permission", "about": "bash"}
    ),
    "request.closed": lambda happening: of_conversation(happening) | {"request": happening.about},
}
