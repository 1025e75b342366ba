"""The rule book of counting, rule by rule."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.support.ids import timed_id

from opencode_stats.core.events import MessageSnapshot
from opencode_stats.core.tokens import NO_TOKENS, Tokens
from opencode_stats.core.usage import (
    ID_TIME_MODULUS_MS,
    Message,
    id_contradicts_time,
    id_is_in_doubt,
    merge,
    message_of,
    stage_of,
    standing_of,
    tells_of_fork,
)

AT_MS = 1_795_211_032_182
SPENT = Tokens(800, 30, 20, 200, 0)
CREATED = MessageSnapshot(
    at_ms=AT_MS,
    event="evt_1",
    conversation="ses_a",
    message=timed_id("msg", AT_MS),
    provider="mock",
    model="m",
    tokens=NO_TOKENS,
    cost_usd=0.0,
    created_ms=AT_MS,
)
USED = replace(CREATED, at_ms=AT_MS + 9, event="evt_2", tokens=SPENT, cost_usd=0.00321, finish="stop")
COMPLETED = replace(USED, at_ms=AT_MS + 10, event="evt_3", completed_ms=AT_MS + 10)


def known(*snapshots: MessageSnapshot) -> Message:
    message = None
    for snapshot in snapshots:
        message = merge(message, message_of(snapshot, 1))
    assert message is not None
    return message


@pytest.mark.parametrize(
    ("snapshot", "stage"),
    [
        (CREATED, "created"),
        (replace(CREATED, tokens=None), "created"),
        (USED, "usage"),
        (replace(CREATED, finish="stop"), "usage"),
        (replace(CREATED, tokens=SPENT), "usage"),
        (COMPLETED, "completed"),
        (replace(CREATED, completed_ms=AT_MS), "completed"),
    ],
)
def test_how_far_along_a_snapshot_is(snapshot: MessageSnapshot, stage: str) -> None:
    assert stage_of(snapshot) == stage


def test_the_zeros_of_a_new_message_are_unknown_tokens() -> None:
    assert (message_of(CREATED, 1).tokens, message_of(CREATED, 1).cost_microusd) == (None, None)


def test_no_usage_in_the_answer_is_zero_tokens() -> None:
    assert message_of(replace(COMPLETED, tokens=NO_TOKENS), 1).tokens == NO_TOKENS


@pytest.mark.parametrize("error", ["MessageAbortedError", "APIError"])
def test_an_error_without_tokens_leaves_them_unknown(error: str) -> None:
    message = message_of(replace(COMPLETED, tokens=NO_TOKENS, finish=None, error=error), 1)

    assert (message.tokens, message.cost_microusd) == (None, None)


def test_an_error_with_tokens_was_paid_for() -> None:
    assert message_of(replace(COMPLETED, error="APIError"), 1).tokens == SPENT


def test_an_error_that_comes_after_the_usage_leaves_the_usage() -> None:
    aborted = replace(COMPLETED, tokens=NO_TOKENS, finish=None, error="MessageAbortedError")

    message = known(CREATED, USED, aborted)

    assert (message.tokens, message.cost_microusd, message.state) == (SPENT, 3210, "aborted")


@pytest.mark.parametrize(
    ("snapshot", "state"),
    [
        (CREATED, "unfinished"),
        (USED, "unfinished"),
        (COMPLETED, "final"),
        (replace(COMPLETED, error="aborted"), "aborted"),
        (replace(COMPLETED, error="MessageAbortedError"), "aborted"),
        (replace(COMPLETED, error="APIError"), "failed"),
    ],
)
def test_how_a_message_ended(snapshot: MessageSnapshot, state: str) -> None:
    assert message_of(snapshot, 1).state == state


def test_the_furthest_along_wins_whatever_comes_last() -> None:
    assert known(COMPLETED, USED, CREATED) == known(CREATED, USED, COMPLETED)


def test_between_equals_the_higher_event_id_wins() -> None:
    later = replace(COMPLETED, event="evt_4", tokens=Tokens(1))

    assert known(COMPLETED, later).tokens == known(later, COMPLETED).tokens == Tokens(1)


def test_what_the_winner_does_not_know_is_filled_in() -> None:
    message = known(replace(CREATED, agent="build", root="/w"), replace(COMPLETED, provider=None, model=None))

    assert (message.agent, message.root, message.provider, message.model) == ("build", "/w", "mock", "m")


def test_usage_belongs_to_the_moment_at_which_the_request_was_completed() -> None:
    assert known(CREATED, COMPLETED).counted_at_ms == AT_MS + 10
    assert known(CREATED, USED).counted_at_ms == AT_MS
    assert known(replace(USED, created_ms=None)).counted_at_ms == AT_MS + 9


def test_usage_of_a_request_that_never_was_completed_belongs_to_its_beginning() -> None:
    assert known(CREATED, USED).counted_at_ms == AT_MS
    assert known(replace(USED, created_ms=None, at_ms=AT_MS + 5)).counted_at_ms == AT_MS + 5


@pytest.mark.parametrize(
    ("made_ms", "created_ms", "expected"),
    [
        (AT_MS, AT_MS, False),
        (AT_MS + 1, AT_MS, False),
        (AT_MS - 1, AT_MS, False),
        (AT_MS + 2, AT_MS, True),
        # The id is made first, and the process may have to wait before it looks at the clock.
        (AT_MS - 4, AT_MS, False),
        (AT_MS - 2_000, AT_MS, False),
        (AT_MS - 2_001, AT_MS, True),
        # The id holds 36 bits of milliseconds: 2.2 years; an instant beside the wrap is still near.
        (26 * ID_TIME_MODULUS_MS, 26 * ID_TIME_MODULUS_MS - 1, False),
        (26 * ID_TIME_MODULUS_MS - 1, 26 * ID_TIME_MODULUS_MS, False),
        (26 * ID_TIME_MODULUS_MS, 26 * ID_TIME_MODULUS_MS - 3, True),
        (26 * ID_TIME_MODULUS_MS - 4, 26 * ID_TIME_MODULUS_MS, False),
    ],
)
def test_the_time_inside_an_id(made_ms: int, created_ms: int, expected: bool) -> None:
    assert id_contradicts_time(timed_id("msg", made_ms), created_ms) is expected


@pytest.mark.parametrize(
    "message",
    [
        "msg_mine",
        "x",
        "",
        "msg_0x1234567890zz",
        "msg_1_2_3_4_5_6_7",
        "msg_ 1faea76760 ",
        "msg_" + "\uff11" * 12,  # Python's int() would take such digits
    ],
)
def test_an_id_without_a_time_contradicts_nothing(message: str) -> None:
    assert id_contradicts_time(message, AT_MS) is False


MADE_NOW = timed_id("msg", AT_MS)
MADE_LATER = timed_id("msg", AT_MS + 5_000_000)


@pytest.mark.parametrize(
    ("message_id", "created_seen", "conversation_created_ms", "standing"),
    [
        (MADE_NOW, True, None, "counted"),  # no witness: genuine
        (MADE_NOW, True, AT_MS - 1, "counted"),
        (MADE_NOW, True, AT_MS + 1, "counted"),  # the third witness alone
        (MADE_LATER, False, None, "copy"),  # the first two agree
        (MADE_LATER, False, AT_MS - 1, "copy"),
        (MADE_LATER, True, None, "pending"),  # one witness, the conversation not known yet
        (MADE_LATER, True, AT_MS - 1, "counted"),  # a stepped clock
        (MADE_LATER, True, AT_MS + 1, "copy"),
        (MADE_NOW, False, None, "counted"),  # a plugin that came late: its id is of its beginning, and it went on
        (MADE_NOW, False, AT_MS - 1, "counted"),
        (MADE_NOW, False, AT_MS + 60_000, "counted"),  # and a clock that was stepped back besides
        (MADE_LATER, True, AT_MS + 4_999_900, "copy"),  # the clock was stepped back before the fork: a younger copy
        (MADE_LATER, True, AT_MS + 4_939_999, "copy"),
        ("msg_mine", False, None, "pending"),
        ("msg_mine", False, AT_MS - 1, "counted"),
        ("msg_mine", False, AT_MS + 1, "copy"),
    ],
)
def test_whether_a_message_is_a_copy(
    message_id: str,
    created_seen: bool,
    conversation_created_ms: int | None,
    standing: str,
) -> None:
    snapshots = [CREATED, COMPLETED] if created_seen else [COMPLETED]
    message = known(*(replace(snapshot, message=message_id) for snapshot in snapshots))

    assert standing_of(message, conversation_created_ms) == standing


@pytest.mark.parametrize(
    ("first_at_ms", "completed_ms", "conversation_created_ms", "standing"),
    [
        (AT_MS + 3, None, None, "counted"),  # it went on after its id was made
        (AT_MS + 2, None, None, "pending"),  # it may have been copied in the millisecond in which it began
        (AT_MS + 2, None, AT_MS - 1, "counted"),
        (AT_MS + 2, None, AT_MS + 1, "copy"),
        (AT_MS + 2, None, AT_MS + 3, "counted"),  # the id is older than the conversation, too: a stepped clock
        (AT_MS + 2, AT_MS + 2, AT_MS + 1, "copy"),
        (AT_MS + 2, AT_MS + 3, AT_MS + 1, "counted"),
    ],
)
def test_a_message_that_was_first_seen_with_its_tokens_and_whose_id_is_of_its_time(
    first_at_ms: int, completed_ms: int | None, conversation_created_ms: int | None, standing: str
) -> None:
    message = known(replace(USED, message=MADE_NOW, at_ms=first_at_ms, completed_ms=completed_ms))

    assert standing_of(message, conversation_created_ms) == standing


@pytest.mark.parametrize(
    ("id_after_ms", "created_after_ms", "foreign"),
    [
        (0, 0, False),  # genuine
        (30, 35_000, True),  # a fork's copy after the clock was stepped back
        (60_000, 70_000, True),
        (60_001, 70_000, False),  # too late for its fork
        (-1, 70_000, True),
        (-2, 70_000, False),
        (30, -35_000, True),  # a fork's copy
        (-35_000, -35_000, False),  # genuine: the clock was stepped back before the conversation's row was written
        (0, -1, True),
    ],
)
def test_whether_a_message_belongs_into_its_conversation(
    id_after_ms: int, created_after_ms: int, foreign: bool
) -> None:
    assert tells_of_fork(timed_id("msg", AT_MS + id_after_ms), AT_MS + created_after_ms, AT_MS) is foreign


@pytest.mark.parametrize("snapshots", [(CREATED, COMPLETED), (COMPLETED,)])
def test_the_first_message_of_a_process_that_stalled_while_it_made_it_is_counted(
    snapshots: tuple[MessageSnapshot, ...],
) -> None:
    """As OpenCode 1.18.33 told it on a busy machine: the id 4 ms older, the conversation 2 s."""
    message = known(*(replace(snapshot, message=timed_id("msg", AT_MS - 4)) for snapshot in snapshots))

    assert standing_of(message, AT_MS - 2_078) == "counted"
    assert standing_of(message, None) == "counted"


@pytest.mark.parametrize(
    ("made_ms", "in_doubt"),
    [
        (AT_MS, False),
        (AT_MS - 1, False),
        (AT_MS - 2, True),
        (AT_MS - 2_000, True),
        (AT_MS - 2_001, False),
        (AT_MS + 2, False),
        (AT_MS - 2 + 2 * ID_TIME_MODULUS_MS, True),
    ],
)
def test_an_id_that_is_a_little_older_than_its_message_is_in_doubt(made_ms: int, in_doubt: bool) -> None:
    assert id_is_in_doubt(timed_id("msg", made_ms), AT_MS) is in_doubt
    assert not id_is_in_doubt("msg_mine", AT_MS)


@pytest.mark.parametrize(
    ("made_ms", "heard_ms", "snapshots", "standing"),
    [
        # Its copy, made while the clock was stepped back: heard of before it was created, and all of it at once.
        (AT_MS - 300, AT_MS - 299, (COMPLETED,), "copy"),
        # Its own id, heard of by a plugin that came late, after the clock was stepped back.
        (AT_MS, AT_MS - 299, (COMPLETED,), "counted"),
        # A process that had to wait, and a plugin that came late.
        (AT_MS - 300, AT_MS + 5, (COMPLETED,), "counted"),
        # Seen as it began: no copy is.
        (AT_MS - 300, AT_MS - 299, (CREATED, COMPLETED), "counted"),
    ],
)
def test_an_id_in_doubt_is_a_copy_s_where_it_was_heard_of_before_its_time(
    made_ms: int, heard_ms: int, snapshots: tuple[MessageSnapshot, ...], standing: str
) -> None:
    message = known(*(replace(one, message=timed_id("msg", made_ms), at_ms=heard_ms) for one in snapshots))

    assert standing_of(message, AT_MS - 2_078) == standing
    assert standing_of(message, None) == standing


def test_what_opencode_2_reports_is_genuine() -> None:
    message = message_of(replace(COMPLETED, message=MADE_LATER), 2)

    assert standing_of(message, AT_MS + 1) == "counted"


def test_a_message_without_a_time_of_its_own_is_counted() -> None:
    message = message_of(replace(COMPLETED, created_ms=None), 1)

    assert standing_of(message, AT_MS + 1) == "counted"


def test_a_compaction_of_opencode_2_has_the_agent_that_its_row_names() -> None:
    told = replace(COMPLETED, summary=True)

    assert message_of(told, 2).agent == "compaction"
    assert message_of(replace(told, agent="other"), 2).agent == "other"
    assert (message_of(told, 1).agent, message_of(COMPLETED, 2).agent) == (None, None)
