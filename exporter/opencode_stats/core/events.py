"""What can happen in OpenCode, as the spool tells it.

One frozen record a spool line; the field names are the line's keys (docs/spool.md). A record that exists is valid:
``contract.line`` builds them, ``__post_init__`` refuses what no honest plugin writes. Instants are Unix milliseconds
(``*_ms``), money is US dollars as OpenCode reports it (``cost_usd``) and becomes integer micro-dollars in the ledger.

A *conversation* is what OpenCode calls a session (``ses_…``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from opencode_stats.core.tokens import LARGEST_COUNT, Tokens

LATEST_INSTANT_MS: Final = 253_402_300_799_999
"""The last millisecond of the year 9999: the end of what a calendar here can name."""
LARGEST_MESSAGE_TOKENS: Final = 10**10
"""Tokens of one message, all kinds: a thousand times the largest context window, and a billion such fit the ledger."""
LARGEST_COST_USD: Final = 1_000_000_000.0
LONGEST_TEXT: Final = 4096
"""Characters in an id, a name or a path. Linux's PATH_MAX; OpenCode's ids have 30."""

UNKNOWN_VERSION: Final = "unknown"

Stage = Literal["created", "usage", "completed"]


def _check_instant(value: int | None) -> None:
    if value is not None and not 0 <= value <= LATEST_INSTANT_MS:
        raise ValueError("an instant is outside the years 1970 to 9999")


def _check_texts(*values: str | None) -> None:
    for value in values:
        if value is not None and not 0 < len(value) <= LONGEST_TEXT:
            raise ValueError("a text is empty or longer than 4096 characters")


def _check_cost(value: float | None) -> None:
    if value is not None and not 0 <= value <= LARGEST_COST_USD:
        raise ValueError("a cost is outside 0 … 10^9 dollars")


@dataclass(frozen=True, slots=True)
class ProcessKey:
    """Names one process of one boot for ever; a bare pid is reused.

    ``boot_id`` and ``pid_ns`` (the inode of the pid namespace) are None where the system has no ``/proc``;
    ``start_ticks`` is field 22 of ``/proc/PID/stat`` (proc(5)).
    """

    pid: int
    boot_id: str | None = None
    pid_ns: str | None = None
    start_ticks: int | None = None

    def __post_init__(self) -> None:
        if not 0 < self.pid < 2**31:
            raise ValueError("a pid is outside 1 … 2^31-1")
        if self.start_ticks is not None and not 0 <= self.start_ticks < 2**63:
            raise ValueError("start_ticks is outside 0 … 2^63-1")
        _check_texts(self.boot_id, self.pid_ns)

    @property
    def text(self) -> str:
        """The key as one string: boot, namespace, pid and start."""
        return f"{self.boot_id or '-'}/{self.pid_ns or '-'}/{self.pid}/{self.start_ticks or 0}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """The plugin came up in a process; the first line of every spool file."""

    type: Literal["run.started"] = "run.started"
    at_ms: int
    run: ProcessKey
    api: Literal[1, 2]
    plugin_version: str
    host_version: str | None = None

    def __post_init__(self) -> None:
        _check_instant(self.at_ms)
        _check_texts(self.plugin_version, self.host_version)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded:
    """The last plugin instance of the process was disposed of, or the process said goodbye."""

    type: Literal["run.ended"] = "run.ended"
    at_ms: int

    def __post_init__(self) -> None:
        _check_instant(self.at_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceOpened:
    """OpenCode started to serve a directory."""

    type: Literal["workspace.opened"] = "workspace.opened"
    at_ms: int
    directory: str
    worktree: str | None = None
    project: str | None = None

    def __post_init__(self) -> None:
        _check_instant(self.at_ms)
        _check_texts(self.directory, self.worktree, self.project)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceClosed:
    """OpenCode stopped serving a directory."""

    type: Literal["workspace.closed"] = "workspace.closed"
    at_ms: int
    directory: str

    def __post_init__(self) -> None:
        _check_instant(self.at_ms)
        _check_texts(self.directory)


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
        _check_instant(self.at_ms)
        _check_texts(self.conversation, self.message, self.agent, self.provider, self.model, self.directory)


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
        for instant in (self.at_ms, self.created_ms, self.completed_ms):
            _check_instant(instant)
        _check_texts(self.event, self.conversation, self.message, self.parent, self.agent, self.provider, self.model)
        _check_texts(self.variant, self.directory, self.root, self.finish, self.error)
        _check_cost(self.cost_usd)
        if self.tokens is not None and self.tokens.total > LARGEST_MESSAGE_TOKENS:
            raise ValueError("a message has more than 10^10 tokens")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationSeen:
    """A conversation exists, or stopped existing; ``parent`` makes it a sub-agent's, ``fork_of`` names a fork's source."""

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
        for instant in (self.at_ms, self.created_ms):
            _check_instant(instant)
        _check_texts(self.conversation, self.parent, self.fork_of, self.directory, self.project)
        _check_texts(self.agent, self.host_version)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationUsage:
    """OpenCode 2.x's running total of one conversation, hidden requests (titles) included."""

    type: Literal["conversation.usage"] = "conversation.usage"
    at_ms: int
    conversation: str
    tokens: Tokens
    cost_usd: float | None = None

    def __post_init__(self) -> None:
        _check_instant(self.at_ms)
        _check_texts(self.conversation)
        _check_cost(self.cost_usd)
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
        _check_instant(self.at_ms)
        _check_texts(self.conversation, self.directory)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationIdle:
    """A turn is over; ``outcome`` is known from OpenCode 2.x only."""

    type: Literal["conversation.idle"] = "conversation.idle"
    at_ms: int
    conversation: str
    outcome: Literal["succeeded", "failed", "interrupted"] | None = None

    def __post_init__(self) -> None:
        _check_instant(self.at_ms)
        _check_texts(self.conversation)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationFailed:
    """An error ended a turn; ``error`` is its name. Without ``conversation`` it concerns OpenCode itself."""

    type: Literal["conversation.failed"] = "conversation.failed"
    at_ms: int
    error: str
    conversation: str | None = None

    def __post_init__(self) -> None:
        _check_instant(self.at_ms)
        _check_texts(self.error, self.conversation)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationCompacted:
    """A conversation was compacted; the request that did it comes as a message of its own."""

    type: Literal["conversation.compacted"] = "conversation.compacted"
    at_ms: int
    conversation: str

    def __post_init__(self) -> None:
        _check_instant(self.at_ms)
        _check_texts(self.conversation)


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
        _check_instant(self.at_ms)
        _check_texts(self.request, self.conversation, self.about)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestClosed:
    """The user answered, or the request went away."""

    type: Literal["request.closed"] = "request.closed"
    at_ms: int
    request: str
    conversation: str | None = None

    def __post_init__(self) -> None:
        _check_instant(self.at_ms)
        _check_texts(self.request, self.conversation)


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
        _check_instant(self.at_ms)
        _check_texts(self.conversation, self.message, self.provider, self.model)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinesLost:
    """The plugin could not keep some lines (a full disk, missing rights) and had no room to hold them back."""

    type: Literal["spool.lost"] = "spool.lost"
    at_ms: int
    lines: int
    reason: str
    first_ms: int
    last_ms: int

    def __post_init__(self) -> None:
        for instant in (self.at_ms, self.first_ms, self.last_ms):
            _check_instant(instant)
        if not 0 < self.lines < 2**53:
            raise ValueError("lines is outside 1 … 2^53-1")
        _check_texts(self.reason)


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
