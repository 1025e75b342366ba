"""What one answer costs, in the provider's words and in OpenCode's."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.mock_provider.chat import ChatRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens as an OpenAI-compatible provider reports them.

    ``cached`` and ``written`` (to the cache) are parts of ``prompt``, ``reasoning`` is a part of ``completion``.
    """

    prompt: int
    completion: int
    cached: int = 0
    written: int = 0
    reasoning: int = 0

    def __post_init__(self) -> None:
        if min(self.prompt, self.completion, self.cached, self.written, self.reasoning) < 0:
            raise ValueError("a token count is negative")
        if self.cached + self.written > self.prompt or self.reasoning > self.completion:
            raise ValueError("a part is larger than its whole")

    def wire(self) -> dict[str, object]:
        """The ``usage`` object of a chat completion; ``cache_write_tokens`` is OpenRouter's name."""
        details: dict[str, int] = {"cached_tokens": self.cached}
        if self.written:
            details["cache_write_tokens"] = self.written
        return {
            "prompt_tokens": self.prompt,
            "completion_tokens": self.completion,
            "total_tokens": self.prompt + self.completion,
            "prompt_tokens_details": details,
            "completion_tokens_details": {"reasoning_tokens": self.reasoning},
        }

    def tokens(self) -> dict[str, int]:
        """The five disjoint kinds that OpenCode makes of it, under the names of stats.json."""
        return {
            "input": self.prompt - self.cached - self.written,
            "output": self.completion - self.reasoning,
            "reasoning": self.reasoning,
            "cacheRead": self.cached,
            "cacheWrite": self.written,
        }


TITLE = Usage(prompt=77, completion=7)
"""A title request costs so little that it cannot hide in another figure, and a number no other answer has."""
COMPACTION = Usage(prompt=5_000, completion=500)


def derived(request: ChatRequest) -> Usage:
    """The price of a request that its scenario set none for: a function of the request alone.

    It grows with the history, as real ones do, and differs from prompt to prompt, so that one answer counted twice
    cannot make up for another that was missed.
    """
    salt = zlib.crc32(request.prompt.encode()) % 89
    return Usage(
        prompt=1_000 + 137 * request.messages + salt,
        cached=64 * request.messages,
        completion=40 + 7 * request.step + salt,
        reasoning=11 + request.step,
    )
