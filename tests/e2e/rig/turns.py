"""Turns on a stage that many tests share: started, waited for, and compared with what was charged in their time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.e2e.checks import assert_valid
from tests.e2e.rig.books import difference, expected, of_conversations
from tests.e2e.rig.processes import eventually

if TYPE_CHECKING:
    from tests.e2e.rig.opencode import Server
    from tests.e2e.rig.stage import Stage
    from tests.mock_provider import Charge


@dataclass(frozen=True)
class Turns:
    """The shared stage with its server, and short words for what tests do there."""

    stage: Stage
    server: Server
    before: dict[str, Any]
    charged_before: int
    started: list[str] = field(default_factory=list)

    def ask(self, prompt: str, model: str = "mock/mock-1") -> str:
        self.started.append(self.server.ask(self.stage.home.project, prompt, model=model))
        return self.started[-1]

    def start(self, prompt: str) -> str:
        conversation = self.server.conversation(self.stage.home.project)
        self.server.prompt_async(self.stage.home.project, conversation, prompt)
        self.started.append(conversation)
        return conversation

    def charges_of(self, conversation: str) -> list[Charge]:
        return of_conversations(self.stage.charges, conversation)

    def wait_state(self, state: str) -> dict[str, Any]:
        def document() -> dict[str, Any]:
            document = self.stage.published
            assert document["session"]["state"] == state
            return document

        return eventually(document, what=f"state {state}")

    def settled(self) -> dict[str, Any]:
        """What is published once this test's turns are over, when what was added equals the books.

        Figures never fall, so one that was ever too high would stay so and be found.
        """
        eventually(self._idle, timeout_s=60, what="the turns to end")
        return eventually(self._exact, what="the figures to equal the books")

    def _idle(self) -> bool:
        return not set(self.started) & set(self.server.busy(self.stage.home.project))

    def _exact(self) -> dict[str, Any]:
        document = self.stage.exporter.snapshot()
        charges = self.stage.charges[self.charged_before :]
        for section in ("session", "daily", "total"):
            assert difference(document[section], self.before[section]) == expected(charges), section
        assert document["session"]["state"] == "idle"
        assert_valid(document)
        return document

    def attention_of(self, document: dict[str, Any], conversation: str) -> list[str]:
        return [item["kind"] for item in document["attention"] if item["conversation"] == conversation]
