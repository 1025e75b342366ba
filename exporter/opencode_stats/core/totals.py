"""Sums of usage: by model, with cost, and the fold that defines what every total must equal."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from opencode_stats.core.tokens import NO_TOKENS, Tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from opencode_stats.core.usage import Message, Standing

ModelId = tuple[str | None, str | None]
"""Provider and model, as OpenCode names them."""


@dataclass(frozen=True, slots=True)
class Usage:
    """A sum: tokens, recorded cost in micro-dollars, and the messages that it is made of."""

    tokens: Tokens = NO_TOKENS
    cost_microusd: int = 0
    messages: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.tokens + other.tokens, self.cost_microusd + other.cost_microusd, self.messages + other.messages
        )


@dataclass(frozen=True, slots=True)
class Totals:
    """Usage by model; the whole is always the sum of its parts."""

    by_model: Mapping[ModelId, Usage] = field(default_factory=dict)

    @property
    def whole(self) -> Usage:
        """All models together."""
        return sum(self.by_model.values(), Usage())


def usage_of(message: Message, standing: Standing) -> Usage:
    """What one message adds to a total: nothing while it is pending or a copy, or while its tokens are unknown."""
    if standing != "counted" or message.tokens is None:
        return Usage()
    return Usage(message.tokens, message.cost_microusd or 0, 1)


def fold(messages: Iterable[tuple[Message, Standing]]) -> Totals:
    """The definition of a total: every message once. The ledger's running sums must equal it (``verify``)."""
    by_model: dict[ModelId, Usage] = {}
    for message, standing in messages:
        usage = usage_of(message, standing)
        if usage.messages:
            key = (message.provider, message.model)
            by_model[key] = by_model.get(key, Usage()) + usage
    return Totals(by_model)
