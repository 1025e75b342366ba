"""The figures in the pictures: two weeks, and an afternoon with three OpenCodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.support.screens import document
from tests.support.script import Script

if TYPE_CHECKING:
    from collections.abc import Iterator

_HOUR_MS: Final = 3_600_000
_DAY_MS: Final = 24 * _HOUR_MS
_PAST_PID: Final = 100
_WORK: Final = "/home/ada/work"
_MODELS: Final = (
    ("anthropic", "claude-sonnet-5", 9, 0.31),
    ("openai", "gpt-5", 4, 0.14),
    ("openrouter", "qwen3-coder", 3, 0.004),
    ("ollama", "devstral", 1, 0.0),
)


def afternoon(now_ms: int) -> dict[str, Any]:
    """stats.json of this moment."""
    stats = document(*_scripts(now_ms), now_ms=now_ms)
    # Nobody has asked whether the first process is still there.
    stats["sessions"] = [run for run in stats["sessions"] if run["pid"] != _PAST_PID]
    return stats


def _scripts(now_ms: int) -> Iterator[Script]:
    past = Script(pid=_PAST_PID, at_ms=now_ms - 13 * _DAY_MS).started().opened(f"{_WORK}/shop").conversation("ses_past")
    for days in range(13, -1, -1):
        for hour in range(2 + days * 5 % 4):
            past.at_ms = now_ms - days * _DAY_MS - (hour + 1) * _HOUR_MS
            _requests(past, "ses_past", f"{_WORK}/shop", 1 + (days * 7 + hour * 3) % 5)
    past.at_ms = now_ms - _HOUR_MS
    yield past.idle("ses_past").ended()
    for pid, name, minutes in ((4711, "shop", 42), (4820, "website", 25), (4903, "api", 11)):
        script = Script(pid=pid, at_ms=now_ms - minutes * 60_000).started().opened(f"{_WORK}/{name}")
        conversation = f"ses_{name}"
        script.conversation(conversation, directory=f"{_WORK}/{name}").prompt(conversation, directory=f"{_WORK}/{name}")
        script.busy(conversation, directory=f"{_WORK}/{name}")
        _requests(script, conversation, f"{_WORK}/{name}", 1 + minutes // 10)
        if name == "website":
            script.asked("per_1", conversation)
        if name == "api":
            script.wait(4 * 60_000).idle(conversation)
        yield script


def _requests(script: Script, conversation: str, directory: str, busy: int) -> None:
    for provider, model, part, cost_usd in _MODELS:
        script.answer(
            conversation,
            provider=provider,
            model=model,
            directory=directory,
            input=2_900 * busy * part,
            output=840 * busy * part,
            reasoning=310 * busy * part,
            cache_read=21_700 * busy * part,
            cache_write=1_900 * busy,
            cost_usd=cost_usd * busy,
        )


def grown(stats: dict[str, Any], tokens: int, now_ms: int) -> None:
    """One more request of the first model in the first run that works, and in the day."""
    usd = tokens * 2e-6
    run = next(run for run in stats["sessions"] if run["state"] == "working")
    for section in (run, stats["daily"], stats["total"]):
        section["totalTokens"] += tokens
        section["totalCost"] += usd
        section["models"]["claude-sonnet-5"]["totalTokens"] += tokens
        section["models"]["claude-sonnet-5"]["cost"] += usd
    hour = next(hour for hour in reversed(stats["history"]["hours"]) if hour["startMs"] <= now_ms)
    for figures in (hour, stats["history"]["days"][-1]):
        figures["totalTokens"] += tokens
    if stats["session"]["runId"] == run["runId"]:
        stats["session"] = run
