"""Tokens and cost that can be taken from each other, for the audit's differences: so they may be below zero.

What was used, which is never below zero and knows its messages, is ``core.totals.Usage``; with how long it took, as
history shows it, ``core.history.Figures``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Amounts:
    """The five token kinds, in the order of ``core.tokens.Tokens``, and the cost in micro-dollars; or a difference."""

    input: int = 0
    output: int = 0
    reasoning: int = 0
    cache_read: int = 0
    cache_write: int = 0
    cost_microusd: int = 0

    @property
    def tokens(self) -> int:
        """All five kinds together."""
        return self.input + self.output + self.reasoning + self.cache_read + self.cache_write

    @property
    def of_cost_alone(self) -> bool:
        """Whether there are no tokens of any kind."""
        return not (self.input or self.output or self.reasoning or self.cache_read or self.cache_write)

    def __bool__(self) -> bool:
        return self.cost_microusd != 0 or not self.of_cost_alone

    def __add__(self, other: Amounts) -> Amounts:
        return Amounts(
            self.input + other.input,
            self.output + other.output,
            self.reasoning + other.reasoning,
            self.cache_read + other.cache_read,
            self.cache_write + other.cache_write,
            self.cost_microusd + other.cost_microusd,
        )

    def __neg__(self) -> Amounts:
        return Amounts(
            -self.input, -self.output, -self.reasoning, -self.cache_read, -self.cache_write, -self.cost_microusd
        )

    def __sub__(self, other: Amounts) -> Amounts:
        return self + -other


NOTHING: Final = Amounts()
