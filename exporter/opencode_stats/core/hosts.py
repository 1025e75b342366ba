"""What hosts tell each other of their messages, and which of two accounts of one message holds.

A *host* is a machine with a ledger of its own. What it tells is merged by two rules, which know no order of arrival:

1. *What the message says*: the account that is furthest along, by stage, then event id, as among the snapshots of one
   host (``core.usage``). Unlike there, nothing is filled in from the other: each host has done that already. So it is
   the greatest in a total order, and the greatest of many is the same however they are grouped, ordered or repeated.
   What OpenCode 2.x charged besides its messages (``core.auxiliary``) shrinks when a message turns up that was in it,
   so there the account that knows of more holds: of the larger running total, and of two equal ones the one in whose
   messages more of it was found.
2. *Whose it is*: the host whose OpenCode told of it live, before those that only found it in a copied database; among
   equals the lower id.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from opencode_stats.core.auxiliary import PREFIX
from opencode_stats.core.bounds import (
    LARGEST_COST_USD,
    LARGEST_MESSAGE_COST_USD,
    LARGEST_MESSAGE_TOKENS,
    check_instants,
    check_texts,
)
from opencode_stats.core.cost import microusd_of
from opencode_stats.core.events import Stage  # noqa: TC001 - contract.host_file makes its rules of the annotations
from opencode_stats.core.tokens import LARGEST_COUNT
from opencode_stats.core.usage import STAGE_ORDER

if TYPE_CHECKING:
    from collections.abc import Sequence

ID_DIGITS: Final = 32
"""A host's id: so many hexadecimal digits, 128 bits of chance."""
LONGEST_NAME: Final = 255
"""Characters of a host's name; Linux's HOST_NAME_MAX is 64, DNS has 253."""
_HEX_DIGITS: Final = frozenset("0123456789abcdef")
_FACTS: Final = (
    "conversation", "created_ms", "completed_ms", "provider", "model", "variant", "agent", "directory", "input",
    "output", "reasoning", "cache_read", "cache_write", "cost_microusd",
)  # fmt: skip
_KINDS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFileHead:
    """The first line of a host's file: whose it is, when it was written, how many messages follow.

    Raises:
        ValueError: a value is outside of what one can be.
    """

    host: str
    name: str
    written_ms: int
    messages: int

    def __post_init__(self) -> None:
        if len(self.host) != ID_DIGITS or not _HEX_DIGITS.issuperset(self.host):
            raise ValueError("a host's id is not 32 hexadecimal digits")
        if not 0 < len(self.name) <= LONGEST_NAME:
            raise ValueError("a host's name is empty or longer than 255 characters")
        check_instants(self.written_ms)
        if self.messages < 0:
            raise ValueError("a number of messages is negative")


@dataclass(frozen=True, slots=True, kw_only=True)
class HostMessage:
    """A counted message, as a host's file tells it: one line. No text of it, and no title.

    ``live`` is whether the plugin told of it; else it was found in OpenCode's storage. ``counted_at_ms`` is the instant
    whose day it belongs to. What is not known is None.

    ``charged`` is only of what OpenCode 2.x charged besides its messages: the tokens of the conversation's running
    total. One without tokens says that nothing is left of what was once told.

    Raises:
        ValueError: a value is outside of what one can be.
    """

    message: str
    conversation: str
    live: bool
    stage: Stage
    event: str = ""
    counted_at_ms: int
    created_ms: int | None = None
    completed_ms: int | None = None
    provider: str | None = None
    model: str | None = None
    variant: str | None = None
    agent: str | None = None
    directory: str | None = None
    input: int
    output: int
    reasoning: int
    cache_read: int
    cache_write: int
    cost_microusd: int | None = None
    charged: int = 0

    def __post_init__(self) -> None:
        check_texts(
            self.message.removeprefix(PREFIX), self.conversation, self.event or None, self.provider, self.model,
            self.variant, self.agent, self.directory,
        )  # fmt: skip
        check_instants(self.counted_at_ms, self.created_ms, self.completed_ms)
        if min(self.input, self.output, self.reasoning, self.cache_read, self.cache_write) < 0:
            raise ValueError("a token count is negative")
        # What 2.x charged besides a conversation's messages is bounded as the conversation is, kind by kind.
        if self.tokens > (_KINDS * LARGEST_COUNT if self.besides else LARGEST_MESSAGE_TOKENS):
            raise ValueError("more tokens than a message can have")
        if not 0 <= self.charged <= (_KINDS * LARGEST_COUNT if self.besides else 0):
            raise ValueError("a running total where none belongs, or one that none can be")
        largest_microusd = microusd_of(LARGEST_COST_USD if self.besides else LARGEST_MESSAGE_COST_USD)
        if not self.counts and self.cost_microusd:
            raise ValueError("a cost of what nothing is left of")
        if self.cost_microusd is not None and not 0 <= self.cost_microusd <= largest_microusd:
            raise ValueError("a cost is outside of what a message can have")

    @property
    def tokens(self) -> int:
        """All five kinds together."""
        return self.input + self.output + self.reasoning + self.cache_read + self.cache_write

    @property
    def besides(self) -> bool:
        """Whether this is what OpenCode 2.x charged to a conversation besides its messages."""
        return self.message.startswith(PREFIX)

    @property
    def counts(self) -> bool:
        """Whether it is a request in the sums: what 2.x charged besides its messages is none once nothing is left."""
        return not self.besides or self.tokens > 0


@dataclass(frozen=True, slots=True)
class Account:
    """A message as it is known from hosts: what it says, and whose it is."""

    said: HostMessage
    host: str


def merged(known: Account | None, new: Account) -> Account:
    """What is known after one more account of the same message: commutative, associative, idempotent."""
    if known is None:
        return new
    first = known if _rank(known) >= _rank(new) else new
    live, host = min((not account.said.live, account.host) for account in (known, new))
    return Account(replace(first.said, live=not live), host)


def _rank(account: Account) -> tuple[object, ...]:
    said = account.said
    rest: Sequence[object] = [getattr(said, name) for name in _FACTS]
    # Of what 2.x charged besides less and less is left, and an earlier beginning of the conversation may become known.
    further = (-said.tokens, -said.counted_at_ms) if said.besides else (said.counted_at_ms, said.tokens)
    return (
        STAGE_ORDER[said.stage], said.event, said.charged, *further,
        *((value is not None, 0 if value is None else value) for value in rest),
    )  # fmt: skip
