"""A chat request as this provider understands it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Kind = Literal["conversation", "title", "compaction"]

# The first words of the system prompts that OpenCode 1.18.33 sends with its two hidden agents' requests.
TITLE_AGENT = "You are a title generator."
COMPACTION_AGENT = "You are a context summarization agent."

_SCENARIO = re.compile(r"SCENARIO:([\w-]+)")
_GATE = re.compile(r"GATE:([\w-]+)")
_SECRET = re.compile(r"SECRET:([\w-]+)")
_DIRECTORY = re.compile(r"Working directory: (.+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """What decides the answer.

    ``prompt`` is the last user message that names a scenario, else the last one; ``step`` the number of assistant
    messages since; ``messages`` counts the whole history; ``conversation`` and ``parent`` are OpenCode's session ids
    from its ``x-session-id`` and ``x-parent-session-id`` headers; ``account`` is the API key it came with;
    ``directory`` is where tools work.
    """

    model: str
    kind: Kind
    prompt: str
    step: int
    messages: int
    stream: bool = True
    conversation: str | None = None
    parent: str | None = None
    account: str | None = None
    directory: str = ""
    tools: frozenset[str] = frozenset()

    @property
    def scenario(self) -> str | None:
        """The name after ``SCENARIO:`` in the prompt."""
        return _first(_SCENARIO, self.prompt)

    @property
    def gate(self) -> str | None:
        """The name after ``GATE:`` in the prompt: it replaces the gate a scenario names."""
        return _first(_GATE, self.prompt)

    @property
    def secret(self) -> str:
        """The word after ``SECRET:`` in the prompt: answers, tool arguments and titles repeat it."""
        return _first(_SECRET, self.prompt) or "nothing"


def read_request(body: Mapping[str, Any], headers: Mapping[str, str]) -> ChatRequest:
    """Read the body of ``POST /v1/chat/completions``; header names are lower case.

    Raises:
        ValueError: it is not a chat request.
    """
    model, messages = body.get("model"), body.get("messages")
    if not isinstance(model, str) or not isinstance(messages, list) or not messages:
        raise ValueError("a chat request has a model and messages")
    system = "\n".join(_text(message) for message in messages if message.get("role") == "system")
    prompt, step = _turn(messages)
    directory = _DIRECTORY.search(system)
    return ChatRequest(
        model=model,
        kind=_kind(system),
        prompt=prompt,
        step=step,
        messages=len(messages),
        stream=bool(body.get("stream")),
        conversation=headers.get("x-session-id"),
        parent=headers.get("x-parent-session-id"),
        account=headers.get("authorization", "").removeprefix("Bearer ") or None,
        directory=directory.group(1).strip() if directory else "",
        tools=frozenset(tool["function"]["name"] for tool in body.get("tools") or []),
    )


def _kind(system: str) -> Kind:
    if system.startswith(TITLE_AGENT):
        return "title"
    if system.startswith(COMPACTION_AGENT):
        return "compaction"
    return "conversation"


def _turn(messages: Sequence[Mapping[str, Any]]) -> tuple[str, int]:
    """The prompt that governs this request, and how many assistant messages came after it."""
    users = [index for index, message in enumerate(messages) if message.get("role") == "user"]
    if not users:
        return "", 0
    marked = [index for index in users if _SCENARIO.search(_text(messages[index]))]
    start = marked[-1] if marked else users[-1]
    answers = sum(message.get("role") == "assistant" for message in messages[start:])
    return _text(messages[start]), answers


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, str):
        return content
    return "\n".join(part.get("text", "") for part in content or [])


def _first(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.search(text)
    return found.group(1) if found else None
