"""Honest stories of several OpenCode processes, drawn at random, for properties that must hold for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from tests.support.clock import NOON_MS
from tests.support.script import KINDS, Script

if TYPE_CHECKING:
    from collections.abc import Callable

STEPS = ("prompt", "answer", "begun", "half", "aborted", "child", "fork")
STEPS_OF_A_TURN = ("idle", "failed", "ask", "delete", "title", "wait")
MODELS = (("anthropic", "claude-sonnet-5"), ("openai", "gpt-5"), ("mock", "m/1"), ("unknown", "unknown"), (None, None))
DIRECTORIES = ("/a", "/b")


@st.composite
def scripts(draw: st.DrawFn, *, pid: int = 1, api: int | None = None, most_steps: int = 12) -> Script:
    """One process's story, from its start."""
    api = draw(st.sampled_from([1, 1, 2])) if api is None else api
    script = Script(pid=pid, api=api, at_ms=NOON_MS + 1000 * pid).started()
    conversations: list[str] = []
    for _ in range(draw(st.integers(1, most_steps))):
        _take_step(draw, script, conversations, pid)
    return script if draw(st.booleans()) else script.ended()


@st.composite
def worlds(draw: st.DrawFn, most: int = 3) -> list[Script]:
    """Some processes at once."""
    return [draw(scripts(pid=pid, most_steps=8)) for pid in range(1, draw(st.integers(1, most)) + 1)]


def _take_step(draw: st.DrawFn, script: Script, conversations: list[str], pid: int) -> None:
    if not conversations or draw(st.integers(0, 4)) == 0:
        conversations.append(f"ses_{pid}_{len(conversations)}")
        script.conversation(conversations[-1], directory=draw(st.sampled_from(DIRECTORIES)))
    conversation = draw(st.sampled_from(conversations))
    step = draw(st.sampled_from(STEPS + STEPS_OF_A_TURN))
    if step == "child":
        child = f"{conversation}_{len(conversations)}"
        conversations.append(child)
        script.conversation(child, parent=conversation).busy(child)
    elif step == "fork" and script.api == 1 and script.messages:
        made_ms = NOON_MS + draw(st.integers(0, 900))
        conversations.append(f"ses_fork_{pid}_{len(conversations)}")
        script.wait(60_000).conversation(conversations[-1]).copy(conversations[-1], created_ms=made_ms, **_tokens(draw))
    elif step in ("answer", "begun", "half", "aborted"):
        _answer(draw, script, conversation, step)
    else:
        _SIMPLE[step](script, conversation, draw(st.integers(1, 10**6)))


def _answer(draw: st.DrawFn, script: Script, conversation: str, step: str) -> None:
    """A whole message, or as much of it as was told."""
    provider, model = draw(st.sampled_from(MODELS))
    directory = draw(st.sampled_from(["/a", "/a", None]))
    script.answer(conversation, provider=provider, model=model, directory=directory, **_tokens(draw))
    if step == "begun":
        del script.lines[-2:]
    elif step == "half":
        del script.lines[-1]
    elif step == "aborted":
        del script.lines[-2]
        script.lines[-1] |= {"tokens": dict.fromkeys(KINDS, 0), "cost_usd": 0, "error": "MessageAbortedError"}
        del script.lines[-1]["finish"]


def _tokens(draw: st.DrawFn) -> dict[str, Any]:
    return {kind: draw(st.integers(0, 10**6)) for kind in KINDS}


_SIMPLE: dict[str, Callable[[Script, str, int], object]] = {
    "prompt": lambda script, conversation, _: script.prompt(conversation).busy(conversation),
    "fork": lambda script, conversation, _: script.busy(conversation, "retry"),
    "idle": lambda script, conversation, _: script.idle(conversation),
    "failed": lambda script, conversation, _: script.failed(conversation).idle(conversation),
    "ask": lambda script, conversation, number: script.asked(f"per_{number}", conversation),
    "delete": lambda script, conversation, _: script.deleted(conversation),
    "title": lambda script, conversation, number: script.titled(conversation, f"msg_{number % 3}"),
    "wait": lambda script, _, number: script.wait(number),
}
