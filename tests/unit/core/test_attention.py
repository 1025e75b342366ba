from __future__ import annotations

from dataclasses import replace

import pytest

from opencode_stats.core.attention import AttentionItem, Turn, after_turn

TURN = Turn(
    conversation="ses_a",
    is_root=True,
    deleted=False,
    prompt="msg_1",
    run_id="run",
    error=None,
    outcome=None,
    workspace="/w",
)


def test_a_finished_turn_asks_once_by_run_conversation_and_prompt() -> None:
    expected = AttentionItem("turn/run/ses_a/msg_1", "finished", "run", "ses_a", "/w", 5)

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
