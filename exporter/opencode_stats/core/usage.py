"""Which snapshot of a message wins, and whether a message is usage at all: the rule book of counting.

A message is one row, named by its id, however often and in whatever order its snapshots arrive:

=====================  ==========================================================================
snapshot               what it says
=====================  ==========================================================================
created                the request began; its tokens are *unknown*, although OpenCode writes zeros
usage                  the model's answer is there with its tokens; no ``completed_ms`` yet
completed              OpenCode closed the message, with tokens, or with an error and none
=====================  ==========================================================================

The furthest along wins; between equals the higher event id (OpenCode's ids sort by time). What the winner does not
know is filled in from the other. An error that left no tokens behind leaves them unknown, which is not zero.

A fork copies messages under new ids, and a copy is no usage. Three witnesses say "copy" (OpenCode 1.x):

1. the time inside the message's id is not that of ``created_ms`` (the id was made when the fork was);
2. no snapshot of its creation was seen: its first one was already final;
3. it does not belong into its conversation (``tells_of_fork``): it is older, and its id is not; or its id was made when
   the conversation was, and the message at another time.

The id of a message may be a little older than that: OpenCode makes it first, and may be stopped before it looks at the
clock. So the first witness is *in doubt* about an id that is up to ``LONGEST_STALL_MS`` older; a copy has such a one
where the clock was stepped back before the fork by as little. It was, where a message was heard of before it was
created: then the id is no message's own. What is read from a disk is a copy if it is in doubt and has a twin: another
message of the same instants and figures, whose id is of that very time.

One witness alone can be wrong (a stepped clock, a plugin that came late), so two must agree; until then the message
is *pending* and in no total. Where the id agrees with the time, and the message went on for longer than a fork takes,
it is settled at once: a copy's id is younger than all that the original says. The third witness has two halves because
a clock that was stepped back before a fork makes copies that are younger than their conversation, and one that was
stepped back within a conversation makes its messages older.

OpenCode 2.x tells nothing of the copies, so every message that it reports is genuine; in its database they are found by
``copied_by_fork``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, TypeVar

from opencode_stats.core.cost import microusd_of
from opencode_stats.core.tokens import NO_TOKENS

if TYPE_CHECKING:
    from opencode_stats.core.events import MessageSnapshot, Stage
    from opencode_stats.core.tokens import Tokens

_T = TypeVar("_T")

Standing = Literal["counted", "pending", "copy"]
State = Literal["final", "unfinished", "aborted", "failed"]

STAGE_ORDER: Final[dict[Stage, int]] = {"created": 0, "usage": 1, "completed": 2}
ABORT_ERRORS: Final = frozenset({"MessageAbortedError", "aborted"})
ID_TIME_MODULUS_MS: Final = 2**36
"""An id carries the low 36 bits of the milliseconds at which it was made."""
ID_TIME_TOLERANCE_MS: Final = 1
LONGEST_STALL_MS: Final = 2_000
"""OpenCode makes the id and looks at the clock after that: a process that had to wait between the two (4 ms were seen
of a first message on a busy machine) leaves an id that is older than its message. A copy's id is younger."""
LONGEST_FORK_MS: Final = 60_000
"""OpenCode 1.18.33 copies some messages in each millisecond; nobody forks more than a minute's worth."""
_ID_PREFIX_LENGTH: Final = 4
_ID_TIME_DIGITS: Final = 12
_HEX_DIGITS: Final = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One assistant message: one request to a model, and what it cost.

    ``tokens`` is None where they are unknown. ``cost_microusd`` is OpenCode's own figure. ``first_at_ms`` stands in for
    ``created_ms`` where that never arrived.
    """

    message: str
    conversation: str
    api: int
    stage: Stage
    event: str
    created_seen: bool
    first_at_ms: int
    parent: str | None = None
    agent: str | None = None
    provider: str | None = None
    model: str | None = None
    variant: str | None = None
    directory: str | None = None
    root: str | None = None
    tokens: Tokens | None = None
    cost_microusd: int | None = None
    created_ms: int | None = None
    completed_ms: int | None = None
    finish: str | None = None
    error: str | None = None
    summary: bool = False

    @property
    def counted_at_ms(self) -> int:
        """The instant whose day the usage belongs to: when the request was completed, as OpenCode's database says too.

        One that never was (a killed OpenCode) belongs to when it began, which is all that the database tells of it.
        """
        if self.completed_ms is not None:
            return self.completed_ms
        return self.first_at_ms if self.created_ms is None else self.created_ms

    @property
    def state(self) -> State:
        """How the request ended, or that it has not."""
        if self.error is not None:
            return "aborted" if self.error in ABORT_ERRORS else "failed"
        return "final" if self.stage == "completed" else "unfinished"


def message_of(snapshot: MessageSnapshot, api: int) -> Message:
    """The snapshot as a row of its own."""
    stage = stage_of(snapshot)
    tokens, cost_usd = snapshot.tokens, snapshot.cost_usd
    if stage == "created" or (snapshot.error is not None and tokens == NO_TOKENS):
        tokens, cost_usd = None, None
    return Message(
        message=snapshot.message,
        conversation=snapshot.conversation,
        api=api,
        stage=stage,
        event=snapshot.event or "",
        created_seen=stage == "created",
        first_at_ms=snapshot.at_ms,
        parent=snapshot.parent,
        # 2.x names none in the events of a compaction; 1.x, and the rows of both, call it so.
        agent=snapshot.agent or ("compaction" if api != 1 and snapshot.summary else None),
        provider=snapshot.provider,
        model=snapshot.model,
        variant=snapshot.variant,
        directory=snapshot.directory,
        root=snapshot.root,
        tokens=tokens,
        cost_microusd=None if cost_usd is None else microusd_of(cost_usd),
        created_ms=snapshot.created_ms,
        completed_ms=snapshot.completed_ms,
        finish=snapshot.finish,
        error=snapshot.error,
        summary=snapshot.summary,
    )


def stage_of(snapshot: MessageSnapshot) -> Stage:
    """How far along the message was (facts: three updates a message, in this order)."""
    if snapshot.completed_ms is not None:
        return "completed"
    if snapshot.finish is not None or (snapshot.tokens is not None and snapshot.tokens.total > 0):
        return "usage"
    return "created"


def merge(known: Message | None, new: Message) -> Message:
    """What is known of a message after one more snapshot of it; the order of arrival makes no difference."""
    if known is None:
        return new
    winner, other = (new, known) if _rank(new) > _rank(known) else (known, new)
    return replace(
        winner,
        created_seen=known.created_seen or new.created_seen,
        first_at_ms=min(known.first_at_ms, new.first_at_ms),
        summary=known.summary or new.summary,
        parent=_first(winner.parent, other.parent),
        agent=_first(winner.agent, other.agent),
        provider=_first(winner.provider, other.provider),
        model=_first(winner.model, other.model),
        variant=_first(winner.variant, other.variant),
        directory=_first(winner.directory, other.directory),
        root=_first(winner.root, other.root),
        tokens=_first(winner.tokens, other.tokens),
        cost_microusd=_first(winner.cost_microusd, other.cost_microusd),
        created_ms=_first(winner.created_ms, other.created_ms),
        completed_ms=_first(winner.completed_ms, other.completed_ms),
        finish=_first(winner.finish, other.finish),
        error=_first(winner.error, other.error),
    )


def standing_of(message: Message, conversation_created_ms: int | None) -> Standing:
    """Whether the message is usage, a fork's copy, or not decided yet.

    ``conversation_created_ms`` is None while the message's conversation is not known.
    """
    if message.api != 1 or message.created_ms is None:
        return "counted"
    before_its_time = message.first_at_ms < message.created_ms and not message.created_seen
    if before_its_time and id_is_in_doubt(message.message, message.created_ms):
        return "copy"
    if _outlived_its_id(message, message.created_ms):
        return "counted"
    witnesses = [id_contradicts_time(message.message, message.created_ms), not message.created_seen]
    if witnesses[0] is not witnesses[1]:
        if conversation_created_ms is None:
            return "pending"
        witnesses.append(tells_of_fork(message.message, message.created_ms, conversation_created_ms))
    enough = 2
    return "copy" if sum(witnesses) >= enough else "counted"


def _outlived_its_id(message: Message, created_ms: int) -> bool:
    """Whether its id was made when it was, and it went on after that.

    No copy is like that: a fork copies what is there, so it makes the id after all that the message says.
    """
    went_on_ms = message.first_at_ms if message.completed_ms is None else message.completed_ms
    agrees = _id_time_ms(message.message) is not None and not id_contradicts_time(message.message, created_ms)
    return agrees and message.stage != "created" and went_on_ms > created_ms + 2 * ID_TIME_TOLERANCE_MS


def standing_from_disk(contradicted: int | None, strange: int | None, has_twin: int) -> Standing:
    """Whether a message that only OpenCode 1.x's database tells of is usage or a fork's copy.

    Nobody saw its creation, so the second witness is dumb. ``contradicted`` (None: in doubt) and ``strange`` are the
    first and the third (None: its conversation is not there either). Where they disagree, ``has_twin`` decides: a copy
    has an original that was made at the very same moment.
    """
    if contradicted is None:
        return "copy" if has_twin else "counted"
    if strange is None or bool(contradicted) is not bool(strange):
        return "copy" if has_twin and (contradicted or strange) else "counted"
    return "copy" if contradicted else "counted"


def tells_of_fork(message: str, created_ms: int, conversation_created_ms: int) -> bool:
    """Whether a message of 1.x does not belong into its conversation: the third witness.

    A fork makes the conversation first and then, all at once, the ids of the copies, which keep their times.
    """
    older = created_ms < conversation_created_ms
    id_ms = _id_time_ms(message)
    if id_ms is None:
        return older
    after_ms = _after_ms(id_ms, conversation_created_ms)
    if id_contradicts_time(message, created_ms):
        return older or -ID_TIME_TOLERANCE_MS <= after_ms <= LONGEST_FORK_MS
    return older and after_ms >= -ID_TIME_TOLERANCE_MS


def copied_by_fork(message: str, created_ms: int, conversation_created_ms: int | None) -> bool:
    """Whether a message of a fork that OpenCode 2.x made was copied into it (v2 facts §3.5).

    A copy is named ``msg_EVENT_NUMBER`` after the fork's event, or, should that change, is older than the fork. What is
    older but bears its own time in its id was made there, while the clock was stepped back.
    """
    own, _, number = message.removeprefix("msg_").rpartition("_")
    if own and number.isdecimal():
        return True
    older = conversation_created_ms is not None and created_ms < conversation_created_ms
    return older and (_id_time_ms(message) is None or id_contradicts_time(message, created_ms))


def surely_copied(message: str, api: int, created_ms: int | None, conversation_created_ms: int | None) -> bool:
    """Whether a copy can't turn out to be none: enough witnesses say so, whatever is still told of it."""
    if created_ms is None or conversation_created_ms is None:
        return False
    if api != 1:
        return copied_by_fork(message, created_ms, conversation_created_ms)
    return id_contradicts_time(message, created_ms) and tells_of_fork(message, created_ms, conversation_created_ms)


def id_contradicts_time(message: str, created_ms: int) -> bool:
    """Whether the time inside the id is not the time at which the message says it was created.

    It may be a little before that, since the id is made first. An id that carries no time (not OpenCode's own make)
    contradicts nothing.
    """
    id_ms = _id_time_ms(message)
    return id_ms is not None and not -LONGEST_STALL_MS <= _after_ms(id_ms, created_ms) <= ID_TIME_TOLERANCE_MS


def id_is_in_doubt(message: str, created_ms: int) -> bool:
    """Whether the time inside the id is so little before the message's that it may be that of a fork, or its own."""
    id_ms = _id_time_ms(message)
    return id_ms is not None and -LONGEST_STALL_MS <= _after_ms(id_ms, created_ms) < -ID_TIME_TOLERANCE_MS


def _after_ms(id_ms: int, at_ms: int) -> int:
    """How long after an instant an id was made: an id carries only so much of its time."""
    half = ID_TIME_MODULUS_MS // 2
    return (id_ms - at_ms + half) % ID_TIME_MODULUS_MS - half


def _id_time_ms(message: str) -> int | None:
    digits = message[_ID_PREFIX_LENGTH : _ID_PREFIX_LENGTH + _ID_TIME_DIGITS]
    if len(digits) < _ID_TIME_DIGITS or not _HEX_DIGITS.issuperset(digits):
        return None
    return int(digits, 16) >> 12


def _rank(message: Message) -> tuple[int, str, int]:
    return STAGE_ORDER[message.stage], message.event, -1 if message.tokens is None else message.tokens.total


def _first(winner: _T | None, other: _T | None) -> _T | None:
    return other if winner is None else winner
