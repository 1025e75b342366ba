"""An imagined process of OpenCode, as the lines that its plugin would write (docs/spool.md)."""

from __future__ import annotations

import json
import string
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from opencode_stats.contract.line import LINE_VERSION
from opencode_stats.core.usage import ID_TIME_MODULUS_MS

if TYPE_CHECKING:
    from random import Random

    from opencode_stats.core.events import ProcessKey

_LETTERS: Final = string.ascii_letters + string.digits
_TAIL_LENGTH: Final = 14
_IDS_PER_MS: Final = 4096
_TOKENS_PER_PRICE: Final = 1_000_000
_OUTPUT_TOKENS_PER_S: Final = 60


@dataclass(frozen=True, slots=True)
class Model:
    """A model and its price in US dollars a million tokens: of input, of output, of input from the cache."""

    provider: str
    model: str
    input_usd: float = 0.0
    output_usd: float = 0.0
    cached_usd: float = 0.0


class OpenCode:
    """One process and its conversations; every step takes some of its time (``now_ms``) and adds lines."""

    def __init__(self, key: ProcessKey, rng: Random, at_ms: int, directory: str) -> None:
        self._key = key
        self._rng = rng
        self._directory = directory
        self._models: dict[str, Model] = {}
        self._context: dict[str, int] = {}
        self.now_ms = at_ms
        self.lines: list[bytes] = []
        run = {"pid": key.pid, "boot_id": key.boot_id, "pid_ns": key.pid_ns, "start_ticks": key.start_ticks}
        known = {name: value for name, value in run.items() if value is not None}
        self._tell("run.started", run=known, api=1, plugin_version="0.1.0", host_version="1.18.33")
        self._tell("workspace.opened", directory=directory, worktree=directory, project="global")

    @property
    def file_name(self) -> str:
        """The spool file's name."""
        return f"{self._key.pid}-{self._key.start_ticks or 0}-{(self._key.boot_id or '0')[:8]}.jsonl"

    def take_lines(self) -> bytes:
        """What was written since the last time."""
        written = b"".join(self.lines)
        self.lines.clear()
        return written

    def wait(self, least_ms: int, most_ms: int) -> None:
        """Time passes."""
        self.now_ms += self._rng.randint(least_ms, most_ms)

    def converse(self, model: Model, *, parent: str | None = None) -> str:
        """A new conversation, a sub-agent's where it has a parent; gives its id."""
        conversation = self._id("ses")
        self._models[conversation] = model
        self._context[conversation] = self._rng.randint(9_000, 16_000)
        self._tell(
            "conversation.seen",
            conversation=conversation,
            change="created",
            parent=parent,
            directory=self._directory,
            created_ms=self.now_ms,
        )
        return conversation

    def prompt(self, conversation: str, *, titled: bool = False) -> None:
        """The user asks for something; OpenCode may ask a model for a title besides."""
        message, model = self._id("msg"), self._models[conversation]
        named = {"provider": model.provider, "model": model.model}
        self._tell("prompt.submitted", conversation=conversation, message=message, directory=self._directory, **named)
        self._tell("conversation.status", conversation=conversation, status="busy")
        if titled:
            self._tell("title.requested", conversation=conversation, message=message, **named)

    def request(self, conversation: str, *, agent: str = "build", open_end: bool = False) -> None:
        """One request to the model, and its answer unless its end is open: OpenCode still works on that one."""
        rng, model = self._rng, self._models[conversation]
        message, began_ms = self._id("msg"), self.now_ms
        about = {
            "conversation": conversation,
            "message": message,
            "agent": agent,
            "provider": model.provider,
            "model": model.model,
            "directory": self._directory,
            "created_ms": began_ms,
        }
        self._tell("message.snapshot", event=self._id("evt"), tokens=_tokens(), cost_usd=0, **about)
        if open_end:
            return
        context = self._context[conversation]
        cached = context * rng.randint(70, 97) // 100 if context > 20_000 else 0  # noqa: PLR2004 - caching pays late
        fresh, output = context - cached + rng.randint(50, 2_500), rng.randint(60, 1_400)
        reasoning = rng.choice((0, 0, rng.randint(40, 900)))
        tokens = _tokens(fresh, output, reasoning, cached, fresh // 2 if cached else 0)
        cost = fresh * model.input_usd + (output + reasoning) * model.output_usd + cached * model.cached_usd
        self._context[conversation] = fresh + cached + output
        self.now_ms += (output + reasoning) * 1000 // _OUTPUT_TOKENS_PER_S
        self._tell(
            "message.snapshot",
            event=self._id("evt"),
            tokens=tokens,
            cost_usd=round(cost / _TOKENS_PER_PRICE, 6),
            completed_ms=self.now_ms,
            finish="stop",
            **about,
        )

    def turn(self, conversation: str, requests: int, *, titled: bool = False) -> None:
        """A prompt, so many requests, and the end."""
        self.prompt(conversation, titled=titled)
        for _ in range(requests):
            self.wait(200, 1_500)
            self.request(conversation)
        self.idle(conversation)

    def idle(self, conversation: str) -> None:
        """OpenCode has finished and waits for the user."""
        self._tell("conversation.status", conversation=conversation, status="idle")
        self._tell("conversation.idle", conversation=conversation)

    def fail(self, conversation: str, error: str = "APIError") -> None:
        """An error ends the turn."""
        self._tell("conversation.failed", conversation=conversation, error=error)
        self.idle(conversation)

    def ask(self, conversation: str, kind: str = "permission") -> str:
        """OpenCode asks the user, and waits; gives the request's id."""
        request = self._id("per")
        about = "bash" if kind == "permission" else None
        self._tell("request.opened", request=request, kind=kind, conversation=conversation, about=about)
        return request

    def answer(self, request: str) -> None:
        """The user answers."""
        self._tell("request.closed", request=request)

    def lose(self, lines: int) -> None:
        """The plugin could not keep some lines: the disk was full."""
        self._tell("spool.lost", lines=lines, reason="ENOSPC", first_ms=self.now_ms, last_ms=self.now_ms)

    def end(self) -> None:
        """The user closes OpenCode."""
        self._tell("run.ended")

    def _tell(self, type_: str, **members: Any) -> None:  # noqa: ANN401 - any key, any JSON value
        known = {name: value for name, value in members.items() if value is not None}
        line = {"v": LINE_VERSION, "type": type_, "at_ms": self.now_ms, **known}
        self.lines.append(json.dumps(line, separators=(",", ":")).encode() + b"\n")
        self.now_ms += 2

    def _id(self, kind: str) -> str:
        """An id as OpenCode makes them: the kind, the time in twelve hexadecimal digits, letters."""
        stamp = (self.now_ms % ID_TIME_MODULUS_MS) * _IDS_PER_MS + self._rng.randrange(_IDS_PER_MS)
        return f"{kind}_{stamp:012x}{''.join(self._rng.choices(_LETTERS, k=_TAIL_LENGTH))}"


def _tokens(
    fresh: int = 0, output: int = 0, reasoning: int = 0, cache_read: int = 0, cache_write: int = 0
) -> dict[str, int]:
    return {
        "input": fresh,
        "output": output,
        "reasoning": reasoning,
        "cache_read": cache_read,
        "cache_write": cache_write,
    }
