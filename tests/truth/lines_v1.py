"""What the plugin writes in OpenCode 1.x, happening by happening (docs/spool.md, opencode_plugin/src/v1.ts)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.truth.records import Answer, Place, Prompt

from opencode_stats.core.tokens import NO_TOKENS, Tokens

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.truth.records import Conversation, Happening

    Line = dict[str, Any]


def lines_v1(happening: Happening) -> list[Line]:
    """The lines, with keys that are None still in them; none for what the plugin does not forward."""
    tell = _TELLS.get(happening.kind)
    return [] if tell is None else [{"type": happening.kind, "at_ms": happening.at_ms} | tell(happening)]


def tokens_line(tokens: Tokens) -> dict[str, int]:
    """The five kinds as a line has them."""
    return {
        "input": tokens.input, "output": tokens.output, "reasoning": tokens.reasoning,
        "cache_read": tokens.cache_read, "cache_write": tokens.cache_write,
    }  # fmt: skip


def of_conversation(happening: Happening) -> Line:
    """A line that names its conversation and nothing else."""
    return {"conversation": _name(happening)}


def status(happening: Happening) -> Line:
    """``conversation.status``."""
    return {"conversation": _name(happening), "status": happening.about, "directory": _there(happening).directory}


def run_started(happening: Happening) -> Line:
    """``run.started``, of either major."""
    process = happening.process
    run = {
        "pid": process.pid, "boot_id": process.boot_id, "pid_ns": "4026531836", "start_ticks": process.start_ticks,
    }  # fmt: skip
    version = process.host_version if process.api != 1 else None
    return {"run": run, "api": process.api, "plugin_version": "0.1.0", "host_version": version}


def _snapshot(happening: Happening) -> Line:
    answer = happening.about
    assert isinstance(answer, Answer)
    stage = happening.stage
    known = stage != "created" and answer.tokens is not None
    prompt = answer.prompt
    return {
        "event": happening.event,
        "conversation": answer.conversation.id,
        "message": answer.id,
        "parent": None if prompt is None else prompt.id,
        "agent": answer.agent,
        "provider": answer.model.provider,
        "model": answer.model.model,
        "directory": answer.place.directory,
        "root": answer.place.root,
        # OpenCode writes zeros where it knows nothing.
        "tokens": tokens_line(answer.tokens if known and answer.tokens is not None else NO_TOKENS),
        "cost_usd": (answer.cost_microusd or 0) / 1e6 if known else 0,
        "created_ms": answer.created_ms,
        "completed_ms": answer.completed_ms if stage == "completed" else None,
        "finish": answer.finish if stage != "created" else None,
        "error": answer.error if stage == "completed" else None,
        "summary": True if answer.kind == "compaction" else None,
    }


def _seen(change: str) -> Callable[[Happening], Line]:
    def tell(happening: Happening) -> Line:
        conversation = _there_conversation(happening)
        parent = conversation.parent
        return {
            "type": "conversation.seen",
            "conversation": conversation.id,
            "change": change,
            "parent": None if parent is None else parent.id,
            "directory": conversation.place.directory,
            "project": conversation.place.project,
            "agent": conversation.agent,
            "created_ms": conversation.created_ms,
            "host_version": conversation.version,
        }

    return tell


def _prompt(happening: Happening) -> Line:
    prompt = happening.about
    assert isinstance(prompt, Prompt)
    return {
        "conversation": prompt.conversation.id,
        "message": prompt.id,
        "agent": prompt.agent if happening.kind == "prompt.submitted" else None,
        "provider": prompt.model.provider,
        "model": prompt.model.model,
        "directory": _there(happening).directory if happening.kind == "prompt.submitted" else None,
    }


def _workspace(happening: Happening) -> Line:
    place = happening.about
    assert isinstance(place, Place)
    if happening.kind == "workspace.closed":
        return {"directory": place.directory}
    return {"directory": place.directory, "worktree": place.root, "project": place.project}


def _there_conversation(happening: Happening) -> Conversation:
    assert happening.conversation is not None
    return happening.conversation


def _there(happening: Happening) -> Place:
    return _there_conversation(happening).place


def _name(happening: Happening) -> str:
    return _there_conversation(happening).id


_TELLS: Final[dict[str, Callable[[Happening], Line]]] = {
    "run.started": run_started,
    "run.ended": lambda _: {},
    "workspace.opened": _workspace,
    "workspace.closed": _workspace,
    "conversation.created": _seen("created"),
    "conversation.updated": _seen("updated"),
    "conversation.deleted": _seen("deleted"),
    "prompt.submitted": _prompt,
    "title.requested": _prompt,
    "message.snapshot": _snapshot,
    "conversation.status": status,
    "conversation.idle": of_conversation,
    "conversation.compacted": of_conversation,
    "conversation.failed": lambda happening: {"conversation": _name(happening), "error": happening.about},
    "request.opened": lambda happening: {
        "conversation": _name(happening), "request": happening.about, "kind": "permission", "about": "bash",
    },
    "request.closed": lambda happening: {"conversation": _name(happening), "request": happening.about},
}  # fmt: skip
