"""The exact truth of a history: what was spent, by whom, when; and what nobody can know."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from tests.truth.records import Prompt
from tests.truth.turns import ABORTED

from opencode_stats.core.tokens import NO_TOKENS, Tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping

    from tests.truth.history import History
    from tests.truth.records import Answer, Conversation

KINDS: Final = ("input", "output", "reasoning", "cache_read", "cache_write")


@dataclass(frozen=True, slots=True)
class Spent:
    """One genuine message. ``tokens`` None: unknown. ``day`` is that of UTC on which it was completed, else created.

    ``run`` is the spool file of the process that made it. ``told``: a plugin saw all of it. ``on_disk``: OpenCode's
    database still says what it cost. ``state`` as in ``core.usage``.
    """

    message: str
    conversation: str
    root: str
    agent: str | None
    provider: str
    model: str
    directory: str
    project: str
    created_ms: int
    completed_ms: int | None
    tokens: Tokens | None
    cost_microusd: int | None
    state: str
    run: str
    api: int
    day: str
    told: bool
    on_disk: bool


@dataclass(frozen=True, slots=True)
class Sum:
    """Tokens and money of some messages; those whose tokens are unknown are counted only."""

    tokens: Tokens = NO_TOKENS
    cost_microusd: int = 0
    messages: int = 0
    unknown: int = 0


@dataclass(frozen=True, slots=True)
class Truth:
    """``auxiliary``: conversation → what 2.x charged to it besides its messages (titles, older compactions).

    ``titles``: (conversation, message) of the requests for titles that 1.x made and whose tokens nobody knows;
    ``titles_told``: those that a plugin saw. ``charged``: conversation → 2.x's own running total.
    ``auxiliary_on_disk``, ``auxiliary_told``: the conversations whose last running total is in OpenCode's database, was
    seen by a plugin. ``copies``: ids of messages that are no usage.
    """

    spent: Mapping[str, Spent]
    auxiliary: Mapping[str, Sum]
    charged: Mapping[str, Sum]
    auxiliary_on_disk: frozenset[str]
    auxiliary_told: frozenset[str]
    titles: frozenset[tuple[str, str]]
    titles_told: frozenset[tuple[str, str]]
    copies: frozenset[str]
    whole: Sum = field(default=Sum())

    @property
    def tokens(self) -> Tokens:
        """All that is known to have been spent in messages."""
        return self.whole.tokens

    @property
    def total(self) -> int:
        """All tokens there are: of messages, and what 2.x charged besides."""
        return self.whole.tokens.total + sum(one.tokens.total for one in self.auxiliary.values())

    @property
    def unknown(self) -> frozenset[str]:
        """The messages whose tokens nobody can know."""
        return frozenset(name for name, one in self.spent.items() if one.tokens is None)

    def by(self, key: Callable[[Spent], Hashable]) -> dict[Hashable, Sum]:
        """Sums by any attribute: ``truth.by(lambda one: (one.provider, one.model))``."""
        groups: defaultdict[Hashable, list[Spent]] = defaultdict(list)
        for one in self.spent.values():
            groups[key(one)].append(one)
        return {name: sum_of(group) for name, group in groups.items()}

    def only(self, wanted: Callable[[Spent], bool]) -> Sum:
        """The sum of some: ``truth.only(lambda one: one.on_disk or one.told)``."""
        return sum_of(one for one in self.spent.values() if wanted(one))


def truth_of(past: History) -> Truth:
    """The truth of that history."""
    spent = {answer.id: _spent(answer) for answer in past.answers}
    copies = [entry.id for one in past.conversations for entry in one.entries if entry.copy_of is not None]
    titles = _titles(past)
    return Truth(
        spent,
        {one.id: _hidden(one) for one in past.conversations if one.hidden},
        {one.id: Sum(one.told, one.told_microusd) for one in past.conversations if one.api != 1 or one.migrated},
        frozenset(one.id for one in past.conversations if one.in_v2 and one.hidden),
        frozenset(one.id for one, pure in _totals_told(past).items() if one.hidden and not pure),
        frozenset(titles),
        frozenset(title for title, pure in titles.items() if not pure),
        frozenset(copies),
        sum_of(spent.values()),
    )


def sum_of(spent: Iterable[Spent]) -> Sum:
    """The sum of those messages."""
    counts: Counter[str] = Counter()
    cost_microusd = messages = unknown = 0
    for one in spent:
        messages += 1
        cost_microusd += one.cost_microusd or 0
        if one.tokens is None:
            unknown += 1
            continue
        for kind in KINDS:
            counts[kind] += getattr(one.tokens, kind)
    return Sum(Tokens(**{kind: counts[kind] for kind in KINDS}), cost_microusd, messages, unknown)


def _spent(answer: Answer) -> Spent:
    conversation = answer.conversation
    return Spent(
        message=answer.id,
        conversation=conversation.id,
        root=conversation.root.id,
        agent=answer.agent,
        provider=answer.model.provider,
        model=answer.model.model,
        directory=answer.place.directory,
        project=answer.place.project,
        created_ms=answer.created_ms,
        completed_ms=answer.completed_ms,
        tokens=answer.tokens,
        cost_microusd=answer.cost_microusd,
        state=_state(answer),
        run=answer.process.file_name,
        api=answer.process.api,
        day=datetime.fromtimestamp(answer.counted_at_ms / 1000, UTC).date().isoformat(),
        told=not answer.process.pure,
        on_disk=_on_disk(answer),
    )


def _state(answer: Answer) -> str:
    if answer.error is not None:
        return "aborted" if answer.error in ABORTED.values() else "failed"
    return "final" if answer.stage == "completed" else "unfinished"


def _on_disk(answer: Answer) -> bool:
    """A migrated message is in both generations of tables, and may have gone from one of them."""
    in_v1 = answer.conversation.in_v1 and answer.api == 1 and not answer.removed
    return in_v1 or (answer.conversation.in_v2 and answer.seq is not None and not answer.removed_v2)


def _hidden(conversation: Conversation) -> Sum:
    tokens = NO_TOKENS
    for one in conversation.hidden:
        tokens = tokens + one.tokens
    return Sum(tokens, sum(one.cost_microusd for one in conversation.hidden), len(conversation.hidden))


def _totals_told(past: History) -> dict[Conversation, bool]:
    """Conversation → whether no plugin saw its last running total."""
    told = (one for one in past.journal if one.kind == "conversation.usage")
    return {one.conversation: one.process.pure for one in told if one.conversation is not None}


def _titles(past: History) -> dict[tuple[str, str], bool]:
    """Conversation and user message → whether no plugin saw it."""
    return {
        (happening.about.conversation.id, happening.about.id): happening.process.pure
        for happening in past.journal
        if happening.kind == "title.requested" and happening.process.api == 1 and isinstance(happening.about, Prompt)
    }
