from __future__ import annotations

from dataclasses import replace

import pytest

from opencode_stats.core.attention import (
    MOST_SHOWN,
    SHOWN_FOR_MS,
    AttentionItem,
    Turn,
    after_turn,
    news,
    silent_runs,
)
from opencode_stats.core.stats import RunFacts, WorkspaceStats
from opencode_stats.core.totals import Totals

TURN = Turn(
    conversation="ses_a",
    is_root=True,
    deleted=False,
    prompt="msg_1",
    prompted_ms=2,
    run_id="run",
    error=None,
    outcome=None,
    workspace="/w",
)


def test_a_finished_turn_asks_once_by_run_conversation_and_prompt() -> None:
    expected = AttentionItem("turn/run/ses_a/msg_1", "finished", "run", "ses_a", "/w", 5, 3)

    assert after_turn(TURN, 5) == expected
    assert after_turn(replace(TURN, outcome="succeeded"), 5) == expected


@pytest.mark.parametrize("turn", [replace(TURN, error="APIError"), replace(TURN, outcome="failed")])
def test_a_failed_turn_asks_as_an_error(turn: Turn) -> None:
    item = after_turn(turn, 5)

    assert item is not None
    assert (item.id, item.kind) == ("turn/run/ses_a/msg_1", "error")


@pytest.mark.parametrize(
    "turn",
    [
        replace(TURN, is_root=False),
        replace(TURN, deleted=True),
        replace(TURN, prompt=None),
        replace(TURN, run_id=None),
        replace(TURN, error="MessageAbortedError"),
        replace(TURN, error="aborted"),
        replace(TURN, outcome="interrupted"),
    ],
)
def test_turns_that_nobody_waits_for(turn: Turn) -> None:
    assert after_turn(turn, 5) is None


@pytest.mark.parametrize(("prompted_ms", "turn_ms"), [(5, 0), (None, None), (6, None)])
def test_a_turn_lasts_from_its_prompt_to_its_end(prompted_ms: int | None, turn_ms: int | None) -> None:
    item = after_turn(replace(TURN, prompted_ms=prompted_ms), 5)

    assert item is not None
    assert item.turn_ms == turn_ms


RUN = RunFacts(
    run_id="run",
    process="p",
    pid=7,
    started_ms=100,
    ended_ms=None,
    last_activity_ms=5_000,
    last_prompt_ms=200,
    idle_since_ms=5_000,
    busy=0,
    waiting=0,
    workspaces=(WorkspaceStats("/most", 9), WorkspaceStats("/least", 1)),
    totals=Totals(),
    title_requests=0,
)
FINISHED = AttentionItem("turn/run/ses_a/msg_1", "finished", "run", "ses_a", "/w", 5_000, 4_800)
AFTER_MS = 1_000


def silent_at(now_ms: int, run: RunFacts = RUN, *asking: AttentionItem) -> list[AttentionItem]:
    return silent_runs([run], asking, AFTER_MS, now_ms)[0]


def test_a_finished_turn_that_nobody_came_to_is_reminded_of_once_and_at_the_millisecond() -> None:
    expected = AttentionItem("inactive/run/5000", "inactive", "run", "ses_a", "/w", 6_000, None)

    assert silent_runs([RUN], [FINISHED], AFTER_MS, 5_999) == ([], 6_000)
    assert silent_runs([RUN], [FINISHED], AFTER_MS, 6_000) == ([expected], None)
    assert silent_at(10**9, RUN, FINISHED) == [expected]


@pytest.mark.parametrize("run", [replace(RUN, busy=1), replace(RUN, waiting=1), replace(RUN, busy=1, waiting=1)])
def test_a_run_that_has_not_finished_asks_where_most_of_its_tokens_went(run: RunFacts) -> None:
    (item,) = silent_at(6_000, run)

    assert (item.kind, item.conversation, item.workspace, item.at_ms) == ("inactive", None, "/most", 6_000)


def test_of_several_things_that_ask_the_newest_says_where_to_look() -> None:
    older = replace(FINISHED, id="turn/run/ses_b/msg_0", conversation="ses_b", workspace="/v", at_ms=4_000)

    assert silent_at(6_000, RUN, FINISHED, older) == silent_at(6_000, RUN, older, FINISHED)
    assert silent_at(6_000, RUN, FINISHED, older)[0].conversation == "ses_a"


def test_activity_begins_a_new_silence() -> None:
    again = replace(RUN, last_activity_ms=8_000)

    assert silent_at(8_500, again, FINISHED) == []
    assert silent_at(9_000, again, FINISHED)[0].id == "inactive/run/8000"


@pytest.mark.parametrize(
    ("run", "asking"),
    [
        (replace(RUN, ended_ms=5_500), [FINISHED]),
        (replace(RUN, ended_ms=5_500, busy=1), []),
        (replace(RUN, last_prompt_ms=0, busy=1), []),
        (replace(RUN, last_prompt_ms=0), [FINISHED]),
        (RUN, []),
        (RUN, [replace(FINISHED, run_id="other")]),
    ],
)
def test_silences_that_mean_nothing(run: RunFacts, asking: list[AttentionItem]) -> None:
    assert silent_runs([run], asking, AFTER_MS, 10**9) == ([], None)


def test_no_silence_is_too_long_where_the_user_says_so() -> None:
    assert silent_runs([replace(RUN, busy=1)], [FINISHED], 0, 10**9) == ([], None)


def test_the_next_silence_is_the_nearest_of_those_to_come() -> None:
    runs = [replace(RUN, run_id=str(at_ms), last_activity_ms=at_ms, busy=1) for at_ms in (9_000, 7_000, 5_000)]

    found, next_ms = silent_runs(runs, [], AFTER_MS, 6_500)

    assert ([item.run_id for item in found], next_ms) == (["5000"], 8_000)


def test_a_clock_that_was_set_back_makes_nobody_silent() -> None:
    assert silent_runs([replace(RUN, busy=1)], [], AFTER_MS, 10) == ([], 6_000)


def test_readers_see_the_newest_of_a_day() -> None:
    items = [replace(FINISHED, id=f"{number:03d}", at_ms=number // 2) for number in range(120)]

    seen = news(items, SHOWN_FOR_MS + 10)

    assert [item.id for item in seen[:4]] == ["118", "119", "116", "117"]
    assert len(seen) == MOST_SHOWN
    assert {item.at_ms for item in news(items[:30], SHOWN_FOR_MS + 10)} == {11, 12, 13, 14}
