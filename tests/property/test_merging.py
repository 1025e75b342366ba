"""Honest snapshots of one message: the order of arrival, repetition and grouping make no difference."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import reduce

from hypothesis import given
from hypothesis import strategies as st
from tests.support.ids import timed_id

from opencode_stats.core.events import MessageSnapshot
from opencode_stats.core.tokens import NO_TOKENS, Tokens
from opencode_stats.core.usage import Message, merge, message_of, standing_of

AT_MS = 1_795_211_032_182
COUNTS = st.integers(0, 10**6)
TOKENS = st.builds(Tokens, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS)


@dataclass(frozen=True)
class History:
    """What OpenCode says of one message in its life; each update repeats what was said before, or leaves it out."""

    snapshots: tuple[MessageSnapshot, ...]


@st.composite
def histories(draw: st.DrawFn) -> History:
    tokens, cost = draw(TOKENS), draw(st.floats(0, 100))
    created = MessageSnapshot(
        at_ms=AT_MS,
        event="evt_1",
        conversation="ses_a",
        message=timed_id("msg", AT_MS),
        provider="mock",
        model="m",
        tokens=draw(st.sampled_from([None, NO_TOKENS])),
        created_ms=AT_MS,
    )
    used = replace(created, at_ms=AT_MS + 5, event="evt_2", tokens=tokens, cost_usd=cost, finish="tool-calls")
    completed = replace(used, at_ms=AT_MS + 9, event="evt_3", completed_ms=AT_MS + 9)
    aborted = replace(completed, tokens=NO_TOKENS, cost_usd=0.0, finish=None, error="MessageAbortedError")
    ending = draw(st.sampled_from([(used,), (used, completed), (used, aborted), (aborted,), (completed,)]))
    seen = (created, *ending)
    return History(tuple(_thinned(snapshot, draw(st.booleans())) for snapshot in seen))


def _thinned(snapshot: MessageSnapshot, really: bool) -> MessageSnapshot:
    return replace(snapshot, provider=None, model=None) if really else snapshot


def merged(snapshots: list[MessageSnapshot]) -> Message:
    message = reduce(merge, (message_of(snapshot, 1) for snapshot in snapshots), None)
    assert message is not None
    return message


@given(history=histories(), order=st.randoms(use_true_random=False), more=st.lists(st.integers(0, 2), max_size=4))
def test_order_and_repetition_make_no_difference(history: History, order: object, more: list[int]) -> None:
    snapshots = list(history.snapshots)
    shuffled = snapshots + [snapshots[index % len(snapshots)] for index in more]
    order.shuffle(shuffled)  # type: ignore[attr-defined]

    assert merged(shuffled) == merged(snapshots)


@given(history=histories())
def test_a_merged_message_takes_itself_without_change(history: History) -> None:
    message = merged(list(history.snapshots))

    assert merge(message, message) == message


@given(history=histories(), cut=st.integers(1, 2))
def test_what_was_merged_apart_merges_to_the_same(history: History, cut: int) -> None:
    snapshots = list(history.snapshots)
    head, tail = snapshots[:cut], snapshots[cut:]

    expected = merged(snapshots)
    assert (merge(merged(head), merged(tail)) if tail else merged(head)) == expected


@given(history=histories(), born_ms=st.none() | st.integers(AT_MS - 2, AT_MS))
def test_a_message_that_was_seen_from_its_start_is_always_counted(history: History, born_ms: int | None) -> None:
    assert standing_of(merged(list(history.snapshots)), born_ms) == "counted"
