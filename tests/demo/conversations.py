"""What OpenCode does in the demo: two runs, slow enough to watch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tests.mock_provider import Scenario, Step, ToolCall, Usage

_WORD_MS: Final = 90


@dataclass(frozen=True, slots=True)
class Run:
    """One ``opencode run``: its prompt and its model."""

    prompt: str
    model: str


RUNS: Final = (
    Run("Write me some notes and let a sub-agent look at them. SCENARIO:notes", "anthropic/claude-mock"),
    Run("And now a quick question. SCENARIO:question-of-style", "mock/mock-1"),
)


def _step(text: str, *tools: ToolCall, usage: Usage) -> Step:
    return Step(text=text, tools=tools, usage=usage, pause_ms=_WORD_MS)


SCENARIOS: Final = {
    "notes": Scenario(
        (
            _step(
                "First I will write the notes down where you can find them again.",
                ToolCall("write", {"filePath": "{directory}/notes.md", "content": "# Notes\n\nCount every token.\n"}),
                usage=Usage(prompt=11_840, completion=412, reasoning=96),
            ),
            _step(
                "Now a sub-agent shall read them with fresh eyes, and tell me what it thinks.",
                ToolCall(
                    "task",
                    {"description": "Read the notes", "prompt": "Read. SCENARIO:reader", "subagent_type": "general"},
                ),
                usage=Usage(prompt=12_390, cached=11_776, completion=265),
            ),
            _step(
                "Two remarks came back; one of them is right, so I will follow it.",
                ToolCall(
                    "edit",
                    {
                        "filePath": "{directory}/notes.md",
                        "oldString": "Count every token.",
                        "newString": "Count every token, once.",
                    },
                ),
                usage=Usage(prompt=13_070, cached=12_288, completion=388, reasoning=140),
            ),
            _step(
                "The notes are written, read, corrected and saved beside your project.",
                usage=Usage(prompt=13_610, cached=12_800, completion=121),
            ),
        )
    ),
    "reader": Scenario(
        (
            _step(
                "Let me open the file and read it from top to bottom.",
                ToolCall("read", {"filePath": "{directory}/notes.md"}),
                usage=Usage(prompt=9_250, completion=148),
            ),
            _step("They are good, but they should say: once.", usage=Usage(prompt=9_730, cached=8_960, completion=94)),
        )
    ),
    "question-of-style": Scenario(
        (
            _step(
                "I will look at what is there before I give you an answer.",
                ToolCall("bash", {"command": "ls", "description": "List the folder"}),
                usage=Usage(prompt=10_120, completion=203, reasoning=51),
            ),
            _step(
                "It is fine as it is: short words, whole sentences, one thought a line.",
                usage=Usage(prompt=10_480, cached=9_984, completion=167),
            ),
        )
    ),
}
