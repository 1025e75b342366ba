"""What can happen in OpenCode, as the spool tells it.

One frozen record a spool line; the field names are the line's keys (docs/spool.md). What concerns a whole process is
in ``core.process_events`` and can be had from here too. A record that exists is valid:
``contract.line`` builds them, ``__post_init__`` refuses what no honest plugin writes. Instants are Unix milliseconds
(``*_ms``), money is US dollars as OpenCode reports it (``cost_usd``) and becomes integer micro-dollars in the ledger.

A *conversation* is what OpenCode calls a session (``ses_…``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from opencode_stats.core.bounds import (
    LARGEST_COST_USD,
    LARGEST_MESSAGE_COST_USD,
    LARGEST_MESSAGE_TOKENS,
    check_cost,
    check_instants,
    check_texts,
)
from opencode_stats.core.process_events import (
    LinesLost,
    ProcessKey,
    RunEnded,
    RunStarted,
    WorkspaceClosed,
    WorkspaceOpened,
)
from opencode_stats.core.tokens import LARGEST_COUNT, Tokens

__all__ = [
    "UNKNOWN_VERSION",
    "ConversationCompacted",
    "ConversationFailed",
    "ConversationIdle",
    "ConversationSeen",
    "ConversationStatus",
    "ConversationUsage",
    "Event",
    "LinesLost",
    "MessageSnapshot",
    "ProcessKey",
    "PromptSubmitted",
    "RequestClosed",
    "RequestOpened",
    "RunEnded",
    "RunStarted",
    "Stage",
    "TitleRequested",
    "WorkspaceClosed",
    "WorkspaceOpened",
]

UNKNOWN_VERSION: Final = "unknown"

Stage = Literal["created", "usage", "completed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptSubmitted:
    """A prompt was handed to OpenCode, by the user or by a parent agent; ``message`` is the user message's id."""

    type: Literal["prompt.submitted"] = "prompt.submitted"
    at_ms: int
    conversation: str
    message: str
    agent: str | None = None
    provider: str | None = None
    model: str | None = None
    directory: str | None = None

    def __post_init__(self) -> None:
        check_instants(self.at_ms)
        check_texts(self.conversation, self.message, self.agent, self.provider, self.model, self.directory)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSnapshot:
    """What OpenCode knows of one assistant message at one moment: it replaces what was known before.

    ``tokens`` is None where nothing is known of them, which is not zero. ``error`` is the error's name, never its text.
    """

    type: Literal["message.snapshot"] = "message.snapshot"
    at_ms: int
    event: str | None = None
    conversation: str
    message: str
    parent: str | None = None
    agent: str | None = None
    provider: str | None = None
    model: str | None = None
    variant: str | None = None
    directory: str | None = None
    root: str | None = None
    tokens: Tokens | None = None
    cost_usd: float | None = None
    created_ms: int | None = None
    completed_ms: int | None = None
    finish: str | None = None
    error: str | None = None
    summary: bool = False

    def __post_init__(self) -> None:
        check_instants(self.at_ms, self.created_ms, self.completed_ms)
        check_texts(self.event, self.conversation, self.message, self.parent, self.agent, self.provider, self.model)
        check_texts(self.variant, self.directory, self.root, self.finish, self.error)
        check_cost(self.cost_usd, LARGEST_MESSAGE_COST_USD)
        if self.tokens is not None and self.tokens.total > LARGEST_MESSAGE_TOKENS:
            raise ValueError("a message has more than 10^10 tokens")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationSeen:
    """A conversation exists, or stopped existing.

    ``parent`` makes it a sub-agent's, ``fork_of`` names a fork's source.
    """

    type: Literal["conversation.seen"] = "conversation.seen"
    at_ms: int
    conversation: str
    change: Literal["created", "updated", "deleted"]
    parent: str | None = None
    fork_of: str | None = None
    directory: str | None = None
    project: str | None = None
    agent: str | None = None
    created_ms: int | None = None
    host_version: str | None = None

    def __post_init__(self) -> None:
        check_instants(self.at_ms, self.created_ms)
        check_texts(self.conversation, self.parent, self.fork_of, self.directory, self.project)
        check_texts(self.agent, self.host_version)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationUsage:
    """OpenCode 2.x's running total of one conversation, hidden requests (titles) included."""

    type: Literal["conversation.usage"] = "conversation.usage"
    at_ms: int
    conversation: str
    tokens: Tokens
    cost_usd: float | None = None

    def __post_init__(self) -> None:
        check_instants(self.at_ms)
        check_texts(self.conversation)
        check_cost(self.cost_usd, LARGEST_COST_USD)
        if self.tokens.total > LARGEST_COUNT:
            raise ValueError("a conversation has more than 2^53-1 tokens")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationStatus:
    """A conversation works (``busy``), waits to try again (``retry``) or waits for its user (``idle``)."""

    type: Literal["conversation.status"] = "conversation.status"
    at_ms: int
    conversation: str
    status: Literal["busy", "retry", "idle"]
    directory: str | None = None

    def __post_init__(self) -> None:
        check_instants(self.at_ms)
        check_texts(self.conversation, self.directory)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationIdle:
    """A turn is over; ``outcome`` is known from OpenCode 2.x only."""

    type: Literal["conversation.idle"] = "conversation.idle"
    at_ms: int
    conversation: str
    outcome: Literal["succeeded", "failed", "interrupted"] | None = None

    def __post_init__(self) -> None:
        check_instants(self.at_ms)
        check_texts(self.conversation)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationFailed:
    """An error ended a turn; ``error`` is its name. Without ``conversation`` it concerns OpenCode itself."""

    type: Literal["conversation.failed"] = "conversation.failed"
    at_ms: int
    error: str
    conversation: str | None = None

    def __post_init__(self) -> None:
        check_instants(self.at_ms)
        check_texts(self.error, self.conversation)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationCompacted:
    """A conversation was compacted; the request that did it comes as a message of its own."""

    type: Literal["conversation.compacted"] = "conversation.compacted"
    at_ms: int
    conversation: str

    def __post_init__(self) -> None:
        check_instants(self.at_ms)
        check_texts(self.conversation)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestOpened:
    """OpenCode asks the user something and waits; ``about`` is the kind of permission, never its patterns."""

    type: Literal["request.opened"] = "request.opened"
    at_ms: int
    request: str
    kind: Literal["permission", "question"]
    conversation: str | None = None
    about: str | None = None

    def __post_init__(self) -> None:
        check_instants(self.at_ms)
        check_texts(self.request, self.conversation, self.about)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestClosed:
    """The user answered, or the request went away."""

    type: Literal["request.closed"] = "request.closed"
    at_ms: int
    request: str
    conversation: str | None = None

    def __post_init__(self) -> None:
        check_instants(self.at_ms)
        check_texts(self.request, self.conversation)


@dataclass(frozen=True, slots=True, kw_only=True)
class TitleRequested:
    """OpenCode asked a model for a conversation's title, whose tokens it reports nowhere.

    ``message`` is the user message it was made for: with the conversation it names the request once, however many
    copies of the plugin saw it.
    """

    type: Literal["title.requested"] = "title.requested"
    at_ms: int
    conversation: str
    message: str
    provider: str | None = None
    model: str | None = None

    def __post_init__(self) -> None:
        check_instants(self.at_ms)
        check_texts(self.conversation, self.message, self.provider, self.model)


Event = (
    RunStarted
    | RunEnded
    | WorkspaceOpened
    | WorkspaceClosed
    | PromptSubmitted
    | MessageSnapshot
    | ConversationSeen
    | ConversationUsage
    | ConversationStatus
    | ConversationIdle
    | ConversationFailed
    | ConversationCompacted
    | RequestOpened
    | RequestClosed
    | TitleRequested
    | LinesLost
)
