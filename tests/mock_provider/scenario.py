"""What the model is scripted to do: a scenario is a list of steps, a step is one answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.mock_provider.usage import Usage

Ending = Literal["whole", "length", "no-usage", "unfinished", "reset"]
"""How a stream ends: as it should; at the length limit; whole, but without usage; without a finish reason, as a
proxy's time limit ends it; or with the connection torn in the middle of a chunk."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call of one of OpenCode's tools; ``{directory}``, ``{secret}`` and ``{gate}`` in a value are filled in."""

    name: str
    arguments: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One answer: reasoning, text, then tool calls.

    ``failures`` are the HTTP statuses of the first attempts; ``gate`` holds the stream after its first words until
    it is opened; ``pause_ms`` lies between two words; ``usage`` None lets the request decide (``usage.derived``).
    """

    text: str = "Done."
    reasoning: str = ""
    tools: tuple[ToolCall, ...] = ()
    usage: Usage | None = None
    ending: Ending = "whole"
    failures: tuple[int, ...] = ()
    gate: str | None = None
    pause_ms: int = 0


@dataclass(frozen=True, slots=True)
class Scenario:
    """A conversation's script. After its last step every answer is ``after``."""

    steps: tuple[Step, ...] = ()
    after: Step = field(default_factory=Step)

    def step(self, number: int) -> Step:
        """The step with this number, from 0."""
        return self.steps[number] if number < len(self.steps) else self.after
