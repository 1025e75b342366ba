"""OpenCode and its user as they are at one moment: what is there, what the clock says, and the record of it all."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Final

from tests.truth.ids import Ids
from tests.truth.records import Api, Conversation, Happening, Hidden, Model, Place, Process

from opencode_stats.core.tokens import Tokens
from opencode_stats.core.usage import LONGEST_STALL_MS

if TYPE_CHECKING:
    from tests.truth.records import Answer, Entry
    from tests.truth.size import Size

BEGIN_MS: Final = 1_787_220_000_000
DAY_MS: Final = 86_400_000
HOUR_MS: Final = 3_600_000
V1_VERSIONS: Final = ("1.17.4", "1.18.33")
V2_VERSIONS: Final = ("2.0.18", "2.1.2")
TELLS_COMPACTION: Final = "2.1.2"
"""From this on 2.x says what a compaction cost; before, it is in the running total only."""
PLACES: Final = (
    Place("/home/dev/alpha", "/home/dev/alpha", "4c098f394dcb58f415112d1d6de4f8c7809e5ba3"),
    Place("/home/dev/alpha/web", "/home/dev/alpha", "4c098f394dcb58f415112d1d6de4f8c7809e5ba3"),
    Place("/home/dev/bêta gamma", "/home/dev/bêta gamma", "9d1f0ac22b7be0cd0c1d9a3fd6a2b4e15a5cf001"),
    Place("/tmp/loose", "/", "global"),
)
MODELS: Final = (
    Model("anthropic", "claude-sonnet-5", 30, 150, 3, 38),
    Model("openai", "gpt-5", 13, 100, 1, 0),
    Model("openrouter", "anthropic/claude-sonnet-5", 30, 150, 3, 38),
    Model("mock", "mock-1"),
)
AGENTS: Final = ("build", "plan")
SUB_AGENTS: Final = ("general", "explore")
DURABLE: Final = frozenset({"conversation.created", "conversation.updated", "message.prompt", "message.removed"})
"""What OpenCode 1.x keeps in its log of events, besides the snapshots."""
UNREAD: Final = frozenset({"message.prompt", "message.removed", "title.requested"})
"""What no event of 2.x's that a plugin reads tells of."""


class World:
    """The state, the clock, the dice and the record; what can be done in it is in ``turns`` and ``acts``."""

    def __init__(self, seed: int, size: Size) -> None:
        self.rng = Random(seed)
        # Dice of their own, so that histories without stalls are what they were.
        self.stalls = Random(~seed)
        self.ids = Ids(self.rng)
        self.size = size
        self.chances = size.chances
        self.now_ms = BEGIN_MS + self.rng.randrange(DAY_MS)
        self.processes: list[Process] = []
        self.conversations: list[Conversation] = []
        self.answers: list[Answer] = []
        self.copies = 0
        self.heard_of: set[tuple[Process, Conversation]] = set()
        self.journal: list[Happening] = []
        self.api: Api = 2 if size.era == "v2" else 1
        self.migrated_ms: int | None = None
        self.migrated_at = 0

    def happens(self, chance: float) -> bool:
        """A throw of the dice. It is thrown for 0 too, so that chances can be changed one at a time."""
        return self.rng.random() < chance

    def tick(self, least_ms: int, most_ms: int) -> int:
        """Time passes; gives the new time."""
        self.now_ms += self.rng.randint(least_ms, most_ms)
        return self.now_ms

    def stall(self) -> int:
        """The process may have to wait before it looks at the clock; gives the time that it sees then."""
        if self.stalls.random() < self.chances.stall:
            self.now_ms += self.stalls.choice((2, 4, 40, 300, self.stalls.randint(2, LONGEST_STALL_MS - 1)))
        return self.now_ms

    def tell(
        self, kind: str, process: Process, conversation: Conversation | None = None, about: object = None
    ) -> Happening:
        """It is on the record, at this instant."""
        event = self.ids.make("evt", self.now_ms) if kind in DURABLE else ""
        happening = Happening(kind, self.now_ms, process, conversation, about, "", event)
        self.journal.append(happening)
        self._ask(kind, process, conversation)
        return happening

    def tell_stage(self, answer: Answer, process: Process, stage: str) -> None:
        """An update of an assistant message: an event with an id, in OpenCode's log and in the plugin's line."""
        event = self.ids.make("evt", self.now_ms)
        self.journal.append(
            Happening("message.snapshot", self.now_ms, process, answer.conversation, answer, stage, event)
        )
        self._ask("message.snapshot", process, answer.conversation)

    def _ask(self, kind: str, process: Process, conversation: Conversation | None) -> None:
        """A plugin in 2.x asks for a conversation that it did not hear the beginning of, at its first event."""
        if process.api == 1 or conversation is None or kind in UNREAD or (process, conversation) in self.heard_of:
            return
        self.heard_of.add((process, conversation))
        if kind not in {"conversation.created", "conversation.deleted"}:
            told = (conversation.told, conversation.told_microusd)
            self.journal.append(Happening("conversation.learned", self.now_ms, process, conversation, told))

    def running(self, api: Api) -> list[Process]:
        """The processes that live."""
        return [one for one in self.processes[-12:] if one.ending == "running" and one.api == api]

    def start(self, api: Api) -> Process:
        """A new process; it serves one directory or several."""
        rng = self.rng
        self.tick(500, 4000)
        process = Process(
            number=len(self.processes),
            pid=rng.randint(300, 4_000_000),
            boot_id=f"{rng.getrandbits(32):08x}-5e3c-4b6e-9d2a-{rng.getrandbits(48):012x}",
            start_ticks=rng.randint(1000, 10**8),
            api=api,
            host_version=rng.choice(V1_VERSIONS if api == 1 else V2_VERSIONS),
            places=rng.sample(PLACES, rng.choice((1, 1, 1, 3)) if api == 1 else len(PLACES)),
            started_ms=self.now_ms,
            pure=self.happens(self.chances.pure),
        )
        self.processes.append(process)
        self.tell("run.started", process)
        for place in process.places if api == 1 else ():
            self.tell("workspace.opened", process, None, place)
        return process

    def end(self, process: Process, *, killed: bool) -> None:
        """It stops: by itself, or with no chance to say so."""
        process.ending = "killed" if killed else "ended"
        if not killed:
            for place in process.places if process.api == 1 else ():
                self.tell("workspace.closed", process, None, place)
            self.tell("run.ended", process)

    def converse(
        self, process: Process, place: Place, *, parent: Conversation | None = None, agent: str | None = None
    ) -> Conversation:
        """A new conversation. A sub-agent's has a parent, and its title from the start."""
        self.tick(1, 30)
        conversation = Conversation(
            id=self.ids.make("ses", self.now_ms),
            api=process.api,
            version=process.host_version,
            place=place,
            created_ms=self.now_ms,
            parent=parent,
            agent=agent,
            title="New session" if parent is None else f"Look into it (@{agent} subagent)",
            titled=parent is not None,
            updated_ms=self.now_ms,
        )
        self.conversations.append(conversation)
        if process.api == 2:
            conversation.seq = 1
        self.tell("conversation.created", process, conversation)
        return conversation

    def add(self, entry: Entry, process: Process, *, skipped: int = 0) -> None:
        """It stands in its conversation; in 2.x it takes a place in the log, after ``skipped`` events without a row."""
        conversation = entry.conversation
        entry.api = process.api
        if process.api == 2:
            conversation.seq += skipped
            entry.seq = conversation.seq
            conversation.seq += 1
        conversation.entries.append(entry)
        conversation.updated_ms = self.now_ms

    def charge(self, process: Process, conversation: Conversation, spent: Answer | Hidden) -> None:
        """2.x adds to the conversation's running total, and says it a moment later."""
        if isinstance(spent, Hidden):
            conversation.hidden.append(spent)
        elif spent.tokens is not None:
            conversation.contained.append(spent)
        if spent.tokens is not None:
            conversation.told = conversation.told + spent.tokens
            conversation.told_microusd += spent.cost_microusd or 0
        self.tick(1, 6)
        self.tell("conversation.usage", process, conversation, (conversation.told, conversation.told_microusd))

    def tokens(self) -> Tokens:
        """What a request costs: mostly cached input, sometimes none of it, sometimes a great deal."""
        rng = self.rng
        scale = rng.choice((50, 2000, 2000, 20_000, 190_000))
        reasoning = rng.randint(0, 900) if rng.random() < 0.4 else 0
        cache_read = rng.randint(0, scale * 4) if rng.random() < 0.7 else 0
        cache_write = rng.randint(0, scale) if rng.random() < 0.3 else 0
        return Tokens(rng.randint(1, scale), rng.randint(1, 1500), reasoning, cache_read, cache_write)
