"""The scenarios that the end-to-end tests name in their prompts, as ``SCENARIO:name``.

Tools are OpenCode's own and harmless: they touch only the scratch project's folder. glob and grep are not among them:
without ripgrep on the machine OpenCode goes and downloads it.
"""

from __future__ import annotations

from typing import Final

from tests.mock_provider.scenario import Scenario, Step, ToolCall
from tests.mock_provider.usage import Usage

_BASH = ToolCall("bash", {"command": "echo {secret}", "description": "Say {secret}"})
_WRITE = ToolCall("write", {"filePath": "{directory}/notes.txt", "content": "first {secret}\nsecond line\n"})
_READ = ToolCall("read", {"filePath": "{directory}/notes.txt"})
_EDIT = ToolCall(
    "edit", {"filePath": "{directory}/notes.txt", "oldString": "second line", "newString": "second {secret}"}
)
_LIST = ToolCall("bash", {"command": "ls", "description": "List the folder"})
_TODO = ToolCall("todowrite", {"todos": [{"content": "count {secret}", "status": "in_progress", "priority": "high"}]})
_FAILING_READ = ToolCall("read", {"filePath": "{directory}/there-is-no-such-file"})


def _task(scenario: str) -> ToolCall:
    return ToolCall(
        "task",
        {
            "description": "Look around {secret}",
            "prompt": f"SCENARIO:{scenario} GATE:{{gate}} SECRET:{{secret}}",
            "subagent_type": "general",
        },
    )


_HELLO = Step(text="Hello {secret} from the model.")
_TOOL_STEPS = tuple(
    Step(text="Step {secret}.", reasoning="Thinking about {secret}.", tools=(tool,))
    for tool in (_WRITE, _READ, _BASH, _EDIT, _TODO, _LIST)
)

CATALOGUE: Final[dict[str, Scenario]] = {
    "hello": Scenario((_HELLO,)),
    "tools": Scenario((*_TOOL_STEPS, _HELLO)),
    # Twenty answers of the conversation itself; the sub-agent's four come on top.
    "twenty-steps": Scenario(
        (
            *_TOOL_STEPS,
            Step(text="Ask another.", tools=(_task("child"),)),
            *_TOOL_STEPS,
            Step(text="Two at once.", tools=(_READ, _BASH)),
            Step(text="One that fails.", tools=(_FAILING_READ,)),
            *_TOOL_STEPS[:4],
            _HELLO,
        )
    ),
    "child": Scenario((*_TOOL_STEPS[1:4], _HELLO)),
    "asks-child": Scenario((Step(tools=(_task("hello"),)), _HELLO)),
    "asks-held-child": Scenario((Step(tools=(_task("held"),)), _HELLO)),
    "held": Scenario((Step(text="Hold on {secret}, there is more to come.", gate="held"),)),
    "tool-then-held": Scenario(
        (Step(text="First.", tools=(_BASH,)), Step(text="Hold on, there is more to come.", gate="held"))
    ),
    "refused": Scenario((Step(failures=(400,) * 1_000),)),
    "throttled": Scenario((Step(text="At last.", failures=(429, 429)),)),
    "failing": Scenario((Step(text="At last.", failures=(500,)),)),
    "always-failing": Scenario((Step(failures=(500,) * 1_000),)),
    "unfinished": Scenario((Step(text="Cut off in the", ending="unfinished"), _HELLO)),
    "reset": Scenario((Step(text="Torn off in the middle", ending="reset"), _HELLO)),
    "no-usage": Scenario((Step(text="Free of charge.", ending="no-usage"),)),
    "length": Scenario((Step(text="Too long.", ending="length"),)),
    # 95,000 of the mock models' 100,000: OpenCode compacts before it goes on.
    "overflow": Scenario((Step(tools=(_BASH,), usage=Usage(prompt=95_000, completion=100)), _HELLO)),
    "cached": Scenario(
        (
            Step(tools=(_BASH,), usage=Usage(prompt=3_000, written=1_500, completion=120, reasoning=30)),
            Step(usage=Usage(prompt=3_400, cached=1_500, written=300, completion=80)),
        )
    ),
    "permission": Scenario(
        (Step(tools=(ToolCall("bash", {"command": "touch asked-{secret}", "description": "Touch"}),)), _HELLO)
    ),
    # A tool of the user's own, which leaves a file behind.
    "own-tool": Scenario((Step(tools=(ToolCall("mine", {"path": "{directory}/mark"}),)), _HELLO)),
    "question": Scenario(
        (
            Step(
                tools=(
                    ToolCall(
                        "question",
                        {
                            "questions": [
                                {
                                    "question": "Which {secret}?",
                                    "header": "Which",
                                    "options": [
                                        {"label": "A", "description": "the first"},
                                        {"label": "B", "description": "the second"},
                                    ],
                                }
                            ]
                        },
                    ),
                )
            ),
            _HELLO,
        )
    ),
}
