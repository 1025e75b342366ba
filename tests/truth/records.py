"""What a made-up history consists of. Everything here is what *happened*; who tells it how is the writers' business.

A conversation's ``entries`` are all that was ever in it, in order. What OpenCode forgot since carries a flag, once for
1.x's tables (``removed``, ``deleted``) and once for 2.x's (``removed_v2``, ``deleted_v2``), since a migrated database
has both. Instants are Unix milliseconds, money is micro-dollars.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

from opencode_stats.core.tokens import NO_TOKENS, Tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

Api = Literal[1, 2]
Stage = Literal["created", "usage", "completed"]
AnswerKind = Literal["answer", "compaction", "wrapper"]
PromptKind = Literal["user", "agent", "compaction", "continue"]
MarkKind = Literal["idle", "compaction"]
Outcome = Literal["succeeded", "failed", "interrupted"]


@dataclass(frozen=True, slots=True)
class Place:
    """A directory in which OpenCode works, and the project it belongs to."""

    directory: str
    root: str
    project: str


@dataclass(frozen=True, slots=True)
class Model:
    """A model and its prices, in tenths of a micro-dollar a token; a model without prices costs nothing."""

    provider: str
    model: str
    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0

    def cost_microusd(self, tokens: Tokens) -> int:
        """What OpenCode would say, in whole micro-dollars, so that no rounding is in doubt."""
        answer = (tokens.output + tokens.reasoning) * self.output
        cache = tokens.cache_read * self.cache_read + tokens.cache_write * self.cache_write
        return (tokens.input * self.input + answer + cache) // 10


@dataclass(slots=True, eq=False)
class Process:
    """One OpenCode process. ``pure``: it loads no plugin, so that no line tells of it."""

    number: int
    pid: int
    boot_id: str
    start_ticks: int
    api: Api
    host_version: str
    places: list[Place]
    started_ms: int
    pure: bool
    ending: Literal["running", "ended", "killed"] = "running"

    @property
    def file_name(self) -> str:
        """Its spool file (docs/spool.md)."""
        return f"{self.pid}-{self.start_ticks}-{self.boot_id[:8]}.jsonl"


@dataclass(slots=True, eq=False)
class Entry:
    """What all that stands in a conversation has in common.

    ``api`` is the engine that wrote it, ``seq`` its place in 2.x's table (None: not there).
    """

    id: str
    conversation: Conversation = field(repr=False)
    created_ms: int
    api: Api = 1
    copy_of: Entry | None = field(default=None, repr=False)
    seq: int | None = None
    removed: bool = False
    removed_v2: bool = False


@dataclass(slots=True, eq=False)
class Prompt(Entry):
    """A user message. Only ``user`` and ``agent`` prompts were submitted by somebody."""

    kind: PromptKind = "user"
    agent: str = "build"
    model: Model = field(default=Model("mock", "m"))


@dataclass(slots=True, eq=False)
class Answer(Entry):
    """An assistant message: one request to a model.

    ``tokens`` is None where nobody can know them: aborted, failed, killed. ``stage`` is how far OpenCode got.
    A ``wrapper`` stands for a sub-agent that the user called; it made no request.
    """

    process: Process = field(kw_only=True, repr=False)
    prompt: Prompt | None = field(default=None, repr=False)
    kind: AnswerKind = "answer"
    agent: str | None = "build"
    model: Model = field(default=Model("mock", "m"))
    place: Place = field(default=Place("/", "/", "global"))
    stage: Stage = "created"
    tokens: Tokens | None = None
    cost_microusd: int | None = None
    settled_ms: int | None = None
    completed_ms: int | None = None
    finish: str | None = None
    error: str | None = None

    @property
    def genuine(self) -> bool:
        """Whether it is usage: not a fork's copy."""
        return self.copy_of is None

    @property
    def counted_at_ms(self) -> int:
        """The instant whose day it belongs to."""
        return self.created_ms if self.completed_ms is None else self.completed_ms


@dataclass(slots=True, eq=False)
class Mark(Entry):
    """A row of 2.x's table without usage: the end of a turn, or a compaction whose tokens its version did not say."""

    kind: MarkKind = "idle"
    outcome: Outcome = "succeeded"


@dataclass(frozen=True, slots=True)
class Hidden:
    """A request that 2.x reports in a running total only: for a title, or a compaction by an older version."""

    source: Literal["title", "compaction"]
    at_ms: int
    tokens: Tokens
    cost_microusd: int


@dataclass(slots=True, eq=False)
class Conversation:
    """What OpenCode calls a session.

    ``api`` is the engine that made it; ``migrated``: 1.x made it and 2.x took it over. ``contained`` are the answers
    whose tokens 2.x's running total ``told`` contains (with the copies that a migration added up), ``hidden`` the
    requests that are in nothing else. So ``told`` = the sum of both, always.
    """

    id: str
    api: Api
    version: str
    place: Place
    created_ms: int
    parent: Conversation | None = field(default=None, repr=False)
    fork_of: Conversation | None = field(default=None, repr=False)
    boundary: tuple[Literal["before", "through"], str] | None = None
    agent: str | None = None
    title: str = ""
    titled: bool = False
    entries: list[Entry] = field(default_factory=list, repr=False)
    updated_ms: int = 0
    archived_ms: int | None = None
    revert: Entry | None = field(default=None, repr=False)
    deleted: bool = False
    deleted_v2: bool = False
    migrated: bool = False
    seq: int = 0
    told: Tokens = NO_TOKENS
    told_microusd: int = 0
    contained: list[Answer] = field(default_factory=list, repr=False)
    hidden: list[Hidden] = field(default_factory=list, repr=False)

    @property
    def root(self) -> Conversation:
        """The conversation that the user talks to; a fork is its own."""
        return self if self.parent is None else self.parent.root

    @property
    def in_v1(self) -> bool:
        """Whether 1.x's tables have it."""
        return self.api == 1 and not self.deleted

    @property
    def in_v2(self) -> bool:
        """Whether 2.x's tables have it."""
        return (self.api == 2 or self.migrated) and not self.deleted_v2

    def rows_v1(self) -> Iterator[Prompt | Answer]:
        """What 1.x's ``message`` has of it."""
        if self.in_v1:
            for entry in self.entries:
                if isinstance(entry, (Prompt, Answer)) and entry.api == 1 and not entry.removed:
                    yield entry

    def rows_v2(self) -> Iterator[Entry]:
        """What 2.x's ``session_message`` has of it."""
        if self.in_v2:
            yield from (entry for entry in self.entries if entry.seq is not None and not entry.removed_v2)


class Happening(NamedTuple):
    """One thing that happened. ``kind`` is a line's type, OpenCode's own (``message.removed``), or an answer of
    OpenCode's to the plugin (``conversation.learned``).

    ``about`` is what ``kind`` needs: an answer and its stage, a prompt, a status, an error's name. ``event`` is the id
    of a durable event, in OpenCode's log and (of a snapshot) in the plugin's line.
    """

    kind: str
    at_ms: int
    process: Process
    conversation: Conversation | None
    about: object = None
    stage: str = ""
    event: str = ""
