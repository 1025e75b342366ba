"""The five token kinds and their sum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LARGEST_COUNT: Final = 2**53 - 1
"""Above this JavaScript no longer counts exactly."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Token counts of one message, or a sum of such; the five kinds do not overlap.

    OpenCode takes the cached tokens out of ``input`` and the reasoning out of ``output`` before it reports them
    (docs/stats-json.md, "Token kinds"), so their plain sum is what the provider charged for.

    Raises:
        ValueError: a count is negative.
    """

    input: int = 0
    output: int = 0
    reasoning: int = 0
    cache_read: int = 0
    cache_write: int = 0

    def __post_init__(self) -> None:
        if min(self.input, self.output, self.reasoning, self.cache_read, self.cache_write) < 0:
            raise ValueError("a token count is negative")

    @property
    def total(self) -> int:
        """All five kinds together."""
        return self.input + self.output + self.reasoning + self.cache_read + self.cache_write

    def __add__(self, other: Tokens) -> Tokens:
        return Tokens(
            self.input + other.input,
            self.output + other.output,
            self.reasoning + other.reasoning,
            self.cache_read + other.cache_read,
            self.cache_write + other.cache_write,
        )


NO_TOKENS: Final = Tokens()
