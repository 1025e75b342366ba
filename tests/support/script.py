"""A script: what one OpenCode process writes into its spool file, told in one line a happening.

    Script().started().conversation("ses_a").prompt("ses_a").answer("ses_a", input=100, output=20).idle("ses_a")

Each step takes ten milliseconds. ``lines`` is what the plugin writes, ``content`` the file, ``events`` what the
exporter reads out of it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Self

from tests.support.clock import NOON_MS
from tests.support.ids import MESSAGE_TAIL, timed_id

from opencode_stats.contract.line import parse_line
from opencode_stats.core.events import ProcessKey

if TYPE_CHECKING:
    from opencode_stats.core.events import Event

BOOT_ID = "0f6f1d0a-5e3c-4b6e-9d2a-111111111111"
NAMESPACE = "4026531836"
STEP_MS = 10
KINDS = ("input", "output", "reasoning", "cache_read", "cache_write")


class Script:
    """One process's lines; every step gives the script back, so that steps can be chained."""

    def __init__(
        self,
        *,
        pid: int = 4711,
        api: int = 1,
        at_ms: int = NOON_MS,
        start_ticks: int = 1000,
        tail: str = MESSAGE_TAIL,
    ) -> None:
        self.key = ProcessKey(pid, BOOT_ID, NAMESPACE, start_ticks)
        self.api = api
        self.at_ms = at_ms
        self.lines: list[dict[str, Any]] = []
        self.messages: list[str] = []
        self.prompts: list[str] = []
        self._tail = tail
        self._number = 0

    @property
    def file_name(self) -> str:
        return f"{self.key.pid}-{self.key.start_ticks}-{BOOT_ID[:8]}.jsonl"

    @property
    def raw_lines(self) -> list[bytes]:
        """Each line's bytes, its newline included."""
        return [json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in self.lines]

    @property
    def content(self) -> bytes:
        return b"".join(self.raw_lines)

    @property
    def events(self) -> list[Event]:
        return [parse_line(line[:-1]) for line in self.raw_lines]

    def wait(self, ms: int) -> Self:
        self.at_ms += ms
        return self

    def line(self, type_: str, **members: Any) -> Self:  # noqa: ANN401 - any key, any JSON value
        """Any line, as it stands; members that are None are left out, as the plugin does."""
        self.at_ms += STEP_MS
        known = {name: value for name, value in members.items() if value is not None}
        self.lines.append({"v": 1, "type": type_, "at_ms": self.at_ms, **known})
        return self

    def started(self, **members: Any) -> Self:  # noqa: ANN401
        run = {
            "pid": self.key.pid,
            "boot_id": self.key.boot_id,
            "pid_ns": self.key.pid_ns,
            "start_ticks": self.key.start_ticks,
        }
        return self.line("run.started", **{"run": run, "api": self.api, "plugin_version": "0.1.0", **members})

    def ended(self) -> Self:
        return self.line("run.ended")

    def opened(self, directory: str) -> Self:
        return self.line("workspace.opened", directory=directory, worktree=directory, project="global")

    def closed(self, directory: str) -> Self:
        return self.line("workspace.closed", directory=directory)

    def conversation(self, conversation: str, **members: Any) -> Self:  # noqa: ANN401
        """``created`` at this moment, unless ``created_ms`` or ``change`` say otherwise."""
        return self.line(
            "conversation.seen",
            **{"conversation": conversation, "change": "created", "created_ms": self.at_ms + STEP_MS, **members},
        )

    def deleted(self, conversation: str) -> Self:
        return self.line("conversation.seen", conversation=conversation, change="deleted")

    def prompt(self, conversation: str, message: str | None = None, **members: Any) -> Self:  # noqa: ANN401
        self.prompts.append(message or self._id("msg"))
        return self.line("prompt.submitted", conversation=conversation, message=self.prompts[-1], **members)

    def busy(self, conversation: str, status: str = "busy", **members: Any) -> Self:  # noqa: ANN401
        return self.line("conversation.status", conversation=conversation, status=status, **members)

    def idle(self, conversation: str, outcome: str | None = None) -> Self:
        """The end of a turn, as OpenCode 1.x tells it twice over, and 2.x once with its outcome."""
        if self.api == 1:
            self.line("conversation.status", conversation=conversation, status="idle")
        return self.line("conversation.idle", conversation=conversation, outcome=outcome)

    def failed(self, conversation: str | None, error: str = "APIError") -> Self:
        return self.line("conversation.failed", conversation=conversation, error=error)

    def asked(self, request: str, conversation: str, kind: str = "permission") -> Self:
        return self.line("request.opened", request=request, kind=kind, conversation=conversation, about="bash")

    def answered(self, request: str) -> Self:
        return self.line("request.closed", request=request)

    def titled(self, conversation: str, message: str) -> Self:
        return self.line("title.requested", conversation=conversation, message=message, provider="mock", model="m-1")

    def lost(self, lines: int) -> Self:
        return self.line("spool.lost", lines=lines, reason="ENOSPC", first_ms=self.at_ms, last_ms=self.at_ms)

    def usage(self, conversation: str, **tokens: int) -> Self:
        return self.line("conversation.usage", conversation=conversation, tokens=tokens_of(**tokens), cost_usd=0.5)

    def snapshot(self, conversation: str, message: str, **members: Any) -> Self:  # noqa: ANN401
        """One update of an assistant message, with an event id of this moment."""
        base = {"event": self._id("evt"), "agent": "build", "provider": "anthropic", "model": "claude-sonnet-5"}
        return self.line("message.snapshot", **{**base, "conversation": conversation, "message": message, **members})

    def answer(
        self,
        conversation: str,
        message: str | None = None,
        *,
        cost_usd: float = 0.25,
        **members: Any,  # noqa: ANN401
    ) -> Self:
        """A whole message, in the three updates that OpenCode 1.x sends: zeros, the tokens, the end.

        The five token kinds are given by name; the rest goes into every update.
        """
        tokens = tokens_of(**{kind: members.pop(kind) for kind in KINDS if kind in members})
        message = message or self._id("msg")
        self.messages.append(message)
        began = {"created_ms": self.at_ms, **members}
        self.snapshot(conversation, message, tokens=tokens_of(), cost_usd=0, **began)
        self.snapshot(conversation, message, tokens=tokens, cost_usd=cost_usd, finish="stop", **began)
        end_ms = self.at_ms + STEP_MS
        return self.snapshot(
            conversation, message, tokens=tokens, cost_usd=cost_usd, finish="stop", completed_ms=end_ms, **began
        )

    def copy(self, conversation: str, *, created_ms: int, **members: Any) -> Self:  # noqa: ANN401
        """A message as a fork copies it: a new id of this moment, its old time, final in its only update."""
        tokens = tokens_of(**{kind: members.pop(kind) for kind in KINDS if kind in members})
        message = self._id("msg")
        self.messages.append(message)
        final = {"created_ms": created_ms, "completed_ms": created_ms + 5, "finish": "stop", "cost_usd": 0.25}
        return self.snapshot(conversation, message, tokens=tokens, **{**final, **members})

    def _id(self, kind: str) -> str:
        self._number += 1
        return timed_id(kind, self.at_ms, self._number, self._tail)


def tokens_of(**counts: int) -> dict[str, int]:
    """All five kinds, those that are not given as zero."""
    return {kind: counts.get(kind, 0) for kind in KINDS}
