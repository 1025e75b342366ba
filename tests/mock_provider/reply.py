"""From a request and its scripted step to the answer: a list of actions that the HTTP shell carries out in order."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from tests.mock_provider import usage as prices
from tests.mock_provider.scenario import Step

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.mock_provider.chat import ChatRequest
    from tests.mock_provider.scenario import Scenario
    from tests.mock_provider.usage import Usage


@dataclass(frozen=True, slots=True)
class Send:
    """Send one chunk of the stream."""

    chunk: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Hold:
    """Send nothing until the gate of this name is open."""

    gate: str


@dataclass(frozen=True, slots=True)
class Pause:
    """Let a moment pass."""

    duration_ms: int


@dataclass(frozen=True, slots=True)
class Finish:
    """End the stream: with its ``[DONE]`` or, torn, in the middle of a chunk."""

    torn: bool = False


Action = Send | Hold | Pause | Finish


@dataclass(frozen=True, slots=True)
class Refusal:
    """An HTTP error instead of an answer."""

    status: int
    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: ``actions`` for a stream, ``document`` for one that was asked for as a whole.

    ``usage`` is what it charges when all of it was sent; None where the stream tells no usage.
    """

    actions: tuple[Action, ...]
    document: dict[str, Any]
    usage: Usage | None


def script(request: ChatRequest, scenarios: Mapping[str, Scenario]) -> Step:
    """The step that this request asks for; titles and compactions have one of their own."""
    if request.kind == "title":
        return Step(text="A title about {secret}", usage=prices.TITLE)
    if request.kind == "compaction":
        return Step(text="## Goal\nA summary about {secret}.", usage=prices.COMPACTION)
    scenario = scenarios.get(request.scenario or "hello")
    return scenario.step(request.step) if scenario else Step(text=f"There is no scenario {request.scenario}.")


def compose(request: ChatRequest, step: Step, *, attempt: int, number: int) -> Answer | Refusal:
    """The answer to the ``attempt``-th try (from 0) of this step; ``number`` makes the ids of its tool calls unique."""
    if attempt < len(step.failures):
        return _refusal(step.failures[attempt])
    if attempt > len(step.failures):
        # What was cut off is asked for again by the same request: then it comes whole, or it never would.
        step = replace(step, ending="whole")
    usage = step.usage or prices.derived(request)
    charged = usage if step.ending in ("whole", "length") else None
    calls = _calls(request, step, number)
    return Answer(
        actions=tuple(_actions(request, step, calls, charged)),
        document=_document(request, step, calls, charged),
        usage=charged,
    )


def _refusal(status: int) -> Refusal:
    kinds = {400: "invalid_request_error", 429: "rate_limit_error"}
    error = {"message": f"scripted failure {status}", "type": kinds.get(status, "server_error"), "code": str(status)}
    return Refusal(status, {"error": error})


def _actions(request: ChatRequest, step: Step, calls: list[dict[str, Any]], charged: Usage | None) -> Iterator[Action]:
    def chunk(delta: Mapping[str, Any], finish: str | None = None) -> Send:
        choice = {"index": 0, "delta": dict(delta), "finish_reason": finish}
        return Send({**_head(request, "chat.completion.chunk"), "choices": [choice]})

    yield chunk({"role": "assistant", "content": ""})
    if step.reasoning:
        yield chunk({"reasoning_content": _fill(step.reasoning, request)})
    for index, word in enumerate(_words(_fill(step.text, request))):
        yield chunk({"content": word})
        if index == 0 and step.gate:
            yield Hold(request.gate or step.gate)
        if step.pause_ms:
            yield Pause(step.pause_ms)
    if step.ending == "reset":
        yield Finish(torn=True)
        return
    for index, call in enumerate(calls):
        yield chunk({"tool_calls": [{"index": index, **call}]})
    if step.ending != "unfinished":
        yield chunk({}, _finish_reason(step))
    if charged:
        yield Send({**_head(request, "chat.completion.chunk"), "choices": [], "usage": charged.wire()})
    yield Finish()


def _document(request: ChatRequest, step: Step, calls: list[dict[str, Any]], charged: Usage | None) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": _fill(step.text, request)}
    if step.reasoning:
        message["reasoning_content"] = _fill(step.reasoning, request)
    if calls:
        message["tool_calls"] = calls
    choice = {"index": 0, "message": message, "finish_reason": _finish_reason(step)}
    usage = {"usage": charged.wire()} if charged else {}
    return {**_head(request, "chat.completion"), "choices": [choice], **usage}


def _finish_reason(step: Step) -> Literal["stop", "length", "tool_calls"]:
    if step.ending == "length":
        return "length"
    return "tool_calls" if step.tools else "stop"


def _head(request: ChatRequest, kind: str) -> dict[str, Any]:
    return {"id": f"chatcmpl-{request.step}", "object": kind, "created": 1_700_000_000, "model": request.model}


def _calls(request: ChatRequest, step: Step, number: int) -> list[dict[str, Any]]:
    return [
        {
            "id": f"call_{number}_{index}",
            "type": "function",
            "function": {"name": call.name, "arguments": json.dumps(_fill_deep(call.arguments, request))},
        }
        for index, call in enumerate(step.tools)
    ]


def _words(text: str) -> list[str]:
    """The text in pieces that keep their spaces."""
    *words, last = text.split(" ")
    return [word + " " for word in words] + [last]


def _fill(text: str, request: ChatRequest) -> str:
    for name, value in (
        ("directory", request.directory),
        ("secret", request.secret),
        ("gate", request.gate or "held"),
    ):
        text = text.replace("{" + name + "}", value)
    return text


def _fill_deep(value: object, request: ChatRequest) -> object:
    if isinstance(value, str):
        return _fill(value, request)
    if isinstance(value, dict):
        return {key: _fill_deep(item, request) for key, item in value.items()}
    if isinstance(value, list):
        return [_fill_deep(item, request) for item in value]
    return value
