from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.truth.history import history
from tests.truth.records import Answer, Mark, Prompt
from tests.truth.size import Chances, Size
from tests.truth.spool import spool
from tests.truth.strategies import SEEDS, histories, sizes
from tests.truth.total import Sum, sum_of, truth_of

from opencode_stats.core.tokens import NO_TOKENS, Tokens
from opencode_stats.core.usage import LONGEST_STALL_MS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.truth.history import History
    from tests.truth.records import Conversation
    from tests.truth.size import Era

LIVELY = Chances.lively()
ERAS: tuple[Era, ...] = ("v1", "v2", "migrated")


def large(era: Era) -> History:
    return history(11, Size(messages=600, era=era, processes=3, migrates_after=300, chances=LIVELY))


def time_in(identity: str) -> int:
    return int(identity[4:16], 16) >> 12


@given(SEEDS, sizes())
def test_a_seed_gives_one_history(seed: int, size: Size) -> None:
    first, second = history(seed, size), history(seed, size)

    assert (spool(first), truth_of(first)) == (spool(second), truth_of(second))


def test_another_seed_gives_another_history() -> None:
    size = Size(messages=5)

    assert truth_of(history(1, size)).spent.keys().isdisjoint(truth_of(history(2, size)).spent)


@given(SEEDS, sizes(), st.integers(1, 40))
def test_a_smaller_history_is_the_beginning_of_a_larger_one(seed: int, size: Size, more: int) -> None:
    early, late = history(seed, size), history(seed, size.of(size.messages + more))
    before, after = spool(early).files, spool(late).files

    assert {name: after[name][: len(lines)] for name, lines in before.items()} == before
    assert truth_of(late).spent.keys() >= truth_of(early).spent.keys()
    assert truth_of(late).total >= truth_of(early).total


@given(histories())
def test_it_is_as_large_as_was_asked(past: History) -> None:
    assert len(past.answers) >= past.size.messages


@given(histories())
def test_all_ways_to_add_up_agree(past: History) -> None:
    truth = truth_of(past)
    ways = [
        truth.by(lambda one: (one.provider, one.model)),
        truth.by(lambda one: one.agent),
        truth.by(lambda one: one.day),
        truth.by(lambda one: one.conversation),
        truth.by(lambda one: one.root),
        truth.by(lambda one: one.run),
        truth.by(lambda one: (one.directory, one.project)),
    ]
    added = [added_up(list(way.values())) for way in ways]

    assert added == [truth.whole] * len(ways)
    assert sum_of(truth.spent.values()) == truth.whole
    assert truth.whole.unknown == len(truth.unknown)


def added_up(sums: list[Sum]) -> Sum:
    tokens = NO_TOKENS
    for one in sums:
        tokens = tokens + one.tokens
    costs = sum(one.cost_microusd for one in sums)
    return Sum(tokens, costs, sum(one.messages for one in sums), sum(one.unknown for one in sums))


@given(histories())
def test_ids_are_unique_and_tell_their_time(past: History) -> None:
    entries = [entry for one in past.conversations for entry in one.entries]
    events = [one.event for one in past.journal if one.event]

    assert len({entry.id for entry in entries}) == len(entries)
    assert len(set(events)) == len(events)
    for entry in entries:
        early_ms = (entry.created_ms - time_in(entry.id)) % 2**36
        if entry.copy_of is None:
            # It is the next millisecond sometimes, and later where the process stalled before it looked at the clock.
            assert early_ms <= LONGEST_STALL_MS
        else:
            assert early_ms > 1
    for one in past.conversations:
        assert time_in(f"ses_{int(one.id[4:16], 16) ^ (2**48 - 1):012x}") == one.created_ms % 2**36


@given(histories(eras=("v2", "migrated")))
def test_a_running_total_is_what_it_contains_and_what_it_hides(past: History) -> None:
    for one in past.conversations:
        told = NO_TOKENS
        for part in [*(answer.tokens for answer in one.contained), *(hidden.tokens for hidden in one.hidden)]:
            assert part is not None
            told = told + part

        assert told == one.told


@given(histories(eras=("v2",)))
def test_a_fork_of_2x_starts_at_nothing(past: History) -> None:
    contained = [answer for one in past.conversations for answer in one.contained]

    assert all(answer.genuine for answer in contained)


@given(histories(eras=("migrated",)))
def test_taking_over_adds_up_all_rows_that_were_there(past: History) -> None:
    for one in past.conversations:
        if one.migrated:
            were_there = [entry for entry in one.rows_v1() if isinstance(entry, Answer) and entry.tokens is not None]

            assert [answer for answer in one.contained if answer.api == 1][: len(were_there)] == were_there


WITNESSES: dict[str, Callable[[Conversation], bool]] = {
    "sub-agent of a sub-agent": lambda one: one.parent is not None and one.parent.parent is not None,
    "fork": lambda one: one.fork_of is not None,
    "fork of a fork": lambda one: one.fork_of is not None and one.fork_of.fork_of is not None,
    "fork of a compaction": lambda one: one.fork_of is not None and any(map(compaction, one.entries)),
    "fork at a message": lambda one: one.fork_of is not None and 0 < copies(one) < originals(one.fork_of, one),
    "prompt in a fork": lambda one: one.fork_of is not None and any(e.copy_of is None for e in one.entries),
    "compaction": lambda one: any(map(compaction, one.entries)),
    "revert": lambda one: any(e.removed or e.removed_v2 for e in one.entries if isinstance(e, Prompt)),
    "deleted": lambda one: one.deleted or one.deleted_v2,
    "archived": lambda one: one.archived_ms is not None,
    "older message than its conversation": lambda one: any(
        e.created_ms < one.created_ms for e in one.entries if e.copy_of is None
    ),
    "across midnight": lambda one: any(
        (a.completed_ms or 0) // 86_400_000 > a.created_ms // 86_400_000 for a in answers(one)
    ),
    "aborted": lambda one: any(a.error in {"MessageAbortedError", "aborted"} for a in answers(one)),
    "failed": lambda one: any(a.error in {"APIError", "provider.error"} for a in answers(one)),
    "killed": lambda one: any(a.stage == "created" for a in answers(one)),
}
OF_1X: dict[str, Callable[[Conversation], bool]] = {
    "killed with its tokens known": lambda one: any(a.stage == "usage" for a in answers(one)),
    "wrapper": lambda one: any(a.kind == "wrapper" for a in answers(one)),
    "one message removed": lambda one: any(a.removed and not a.prompt.removed for a in answers(one) if a.prompt),
    "copy of an unfinished message": lambda one: any(a.copy_of and a.stage == "created" for a in answers(one)),
}
OF_2X: dict[str, Callable[[Conversation], bool]] = {
    "title": lambda one: any(hidden.source == "title" for hidden in one.hidden),
    "hidden compaction": lambda one: any(hidden.source == "compaction" for hidden in one.hidden),
    "told compaction": lambda one: any(compaction(a) and a.tokens for a in answers(one)),
    "failed with its tokens": lambda one: any(a.error is not None and a.tokens for a in answers(one)),
}
OF_MIGRATED: dict[str, Callable[[Conversation], bool]] = {
    "went on in 2.x": lambda one: one.migrated and any(a.api != 1 for a in answers(one)),
    "merged compaction": lambda one: one.migrated and any(compaction(a) and a.seq is None for a in answers(one)),
    "wrapper left out": lambda one: one.migrated and any(a.kind == "wrapper" and a.seq is None for a in answers(one)),
    "migrated fork of 1.x": lambda one: one.migrated and one.fork_of is not None,
    "fork in 2.x of what 1.x made": lambda one: one.api != 1 and one.fork_of is not None and one.fork_of.api == 1,
    "deleted in 2.x, there in 1.x": lambda one: one.migrated and one.deleted_v2 and not one.deleted,
    "removed in 2.x, there in 1.x": lambda one: any(
        a.removed_v2 and not a.removed and a.api == 1 for a in answers(one)
    ),
}


def answers(one: Conversation) -> list[Answer]:
    return [entry for entry in one.entries if isinstance(entry, Answer)]


def compaction(entry: object) -> bool:
    return isinstance(entry, Answer) and entry.kind == "compaction"


def copies(one: Conversation) -> int:
    return sum(entry.copy_of is not None for entry in one.entries)


def originals(source: Conversation, fork: Conversation) -> int:
    """What the source had when the fork was made, as far as it is told by times."""
    return sum(e.created_ms < fork.created_ms and not isinstance(e, Mark) for e in source.entries)


@pytest.mark.parametrize("era", ERAS)
def test_every_trouble_is_in_a_lively_history(era: Era) -> None:
    past = large(era)
    wanted = dict(WITNESSES)
    wanted |= OF_1X if era != "v2" else {}
    wanted |= OF_2X if era != "v1" else {}
    wanted |= OF_MIGRATED if era == "migrated" else {}

    assert [name for name, seen in wanted.items() if not any(map(seen, past.conversations))] == []


@pytest.mark.parametrize("era", ERAS)
def test_processes_of_every_fate(era: Era) -> None:
    past = large(era)

    assert {"killed", "ended"} <= {one.ending for one in past.processes}
    assert {one.pure for one in past.processes} == {True, False}
    assert {one.about for one in past.journal if one.kind == "conversation.status"} >= {"busy", "retry"}


def test_2x_is_followed_by_1x_again() -> None:
    past = large("migrated")

    late = [one for one in past.journal[past.migrated_at :] if one.process.api == 1 and one.kind == "message.snapshot"]
    assert late
    assert any(one.api == 1 and not one.migrated and one.in_v1 for one in past.conversations)


def test_two_processes_fork_at_once() -> None:
    past = large("v1")
    forked = [
        (one.conversation.fork_of.id, one.process.number, one.at_ms)
        for one in past.journal
        if one.kind == "conversation.created" and one.conversation and one.conversation.fork_of
    ]
    pairs = [(first, second) for first in forked for second in forked if first[1] < second[1]]

    assert any(first[0] == second[0] and abs(first[2] - second[2]) < 100 for first, second in pairs)


def test_a_calm_history_is_only_prompts_and_answers() -> None:
    past = history(5, Size(messages=100, chances=Chances.calm()))
    truth = truth_of(past)

    assert {answer.stage for answer in past.answers} == {"completed"}
    assert (truth.copies, truth.unknown) == (frozenset(), frozenset())
    assert all(one.told and one.on_disk for one in truth.spent.values())


def test_chances_are_named_one_at_a_time() -> None:
    past = history(5, Size(messages=100, chances=Chances.calm(abort=1.0)))

    assert truth_of(past).whole == Sum(Tokens(), 0, 100, 100)
