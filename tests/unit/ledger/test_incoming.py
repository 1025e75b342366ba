"""What follows from a message's row as a disk tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.support.clock import NOON_MS
from tests.support.ids import timed_id

from opencode_stats.core.bounds import LARGEST_MESSAGE_COST_USD, LARGEST_MESSAGE_TOKENS, LATEST_INSTANT_MS, LONGEST_TEXT
from opencode_stats.core.usage import copied_by_fork
from opencode_stats.ledger import incoming

if TYPE_CHECKING:
    import sqlite3

ROW: dict[str, Any] = {
    **dict.fromkeys(incoming.FACTS), **dict.fromkeys(incoming.COUNTS, 0), "message": "msg_a", "conversation": "ses_a",
    "created_ms": NOON_MS, "completed_ms": NOON_MS + 5, "finish": "stop", "input": 10, "cost_usd": 0.5,
    "row_created_ms": NOON_MS + 1, "conversation_created_ms": NOON_MS - 9, "summary": 0, "told": 1, "api": 1,
    "forked": 0,
}  # fmt: skip
OLD: dict[str, Any] = {
    "message": timed_id("msg", NOON_MS),
    "conversation_created_ms": NOON_MS - 5,
    "created_ms": NOON_MS - 60_000,
}


@pytest.fixture(autouse=True)
def prepared(ledger: sqlite3.Connection) -> None:
    incoming.prepare(ledger)


def made(ledger: sqlite3.Connection, column: str, brought: str | None = None, **said: object) -> object:
    row = {**ROW, **said}
    incoming.lay_out(ledger, f"SELECT {', '.join(f':{name} AS {name}' for name in row)}", row, brought)
    value: object = ledger.execute(f"SELECT {column} FROM temp.incoming").fetchone()[0]
    return value


def test_a_row_begins_when_it_says_or_else_when_it_was_written(ledger: sqlite3.Connection) -> None:
    assert made(ledger, "created") == NOON_MS
    assert made(ledger, "created", created_ms=None) == NOON_MS + 1
    assert made(ledger, "created", created_ms="now") is None


@pytest.mark.parametrize(
    ("said", "stage", "known"),
    [
        ({}, "completed", 1),
        ({"completed_ms": None}, "usage", 1),
        ({"completed_ms": None, "finish": None}, "usage", 1),
        ({"completed_ms": None, "finish": None, "input": 0}, "created", 0),
        # No request is without a token: of one that failed, zeros are what nobody filled in.
        ({"error": "MessageAbortedError", "input": 0}, "completed", 0),
        ({"error": "MessageAbortedError"}, "completed", 1),
        ({"input": 0}, "completed", 1),
        ({"told": 0}, "completed", 0),
    ],
)
def test_how_far_along_it_is_and_whether_its_tokens_are_known(
    ledger: sqlite3.Connection, said: dict[str, Any], stage: str, known: int
) -> None:
    assert (made(ledger, "stage", **said), made(ledger, "known", **said)) == (stage, known)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"completed_ms": None, "cost_usd": None, "created_ms": None},
        {"input": LARGEST_MESSAGE_TOKENS, "cost_usd": LARGEST_MESSAGE_COST_USD, "completed_ms": LATEST_INSTANT_MS},
        {"created_ms": 0, "completed_ms": 0, "cost_usd": 0},
        {"model": "m" * (LONGEST_TEXT + 1)},
    ],
)
def test_a_row_that_makes_sense(ledger: sqlite3.Connection, said: dict[str, Any]) -> None:
    assert made(ledger, "sound", **said) == 1


@pytest.mark.parametrize(
    "said",
    [
        {"message": ""}, {"message": b"msg"}, {"message": 3}, {"conversation": None}, {"conversation": ""},
        {"message": "m" * (LONGEST_TEXT + 1)}, {"conversation": "s" * (LONGEST_TEXT + 1)}, {"input": -1},
        {"input": 1.0}, {"input": "12"}, {"output": b"1"}, {"cache_write": LARGEST_MESSAGE_TOKENS}, {"cost_usd": -0.1},
        {"cost_usd": LARGEST_MESSAGE_COST_USD + 1}, {"cost_usd": "free"}, {"created_ms": "now"}, {"created_ms": 5.5},
        {"created_ms": -1}, {"created_ms": LATEST_INSTANT_MS + 1}, {"created_ms": None, "row_created_ms": None},
        {"completed_ms": "then"}, {"completed_ms": 7.0}, {"completed_ms": LATEST_INSTANT_MS + 1},
    ],
)  # fmt: skip
def test_a_row_that_makes_none(ledger: sqlite3.Connection, said: dict[str, Any]) -> None:
    assert made(ledger, "sound", **said) == 0


def test_what_2x_copied_into_a_fork_and_what_was_brought_in_are_copies(ledger: sqlite3.Connection) -> None:
    assert made(ledger, "copied") == 0
    assert made(ledger, "copied", message="msg_evt_3", api=2) == 0
    assert made(ledger, "copied", message="msg_evt_3", api=2, forked=1) == 1
    assert made(ledger, "copied", brought="told_of.conversation = 'ses_a'") == 1
    assert made(ledger, "copied", brought="told_of.conversation = 'ses_b'") == 0


def test_the_witnesses_of_a_fork_of_1x(ledger: sqlite3.Connection) -> None:
    assert (made(ledger, "contradicted", **OLD), made(ledger, "strange", **OLD)) == (1, 1)
    own = {**OLD, "message": timed_id("msg", NOON_MS - 60_000)}
    assert (made(ledger, "contradicted", **own), made(ledger, "older", **own)) == (0, 1)
    assert made(ledger, "contradicted", **{**OLD, "message": timed_id("msg", NOON_MS - 60_300)}) is None
    assert made(ledger, "contradicted", **{**OLD, "api": 2}) == 0
    assert made(ledger, "strange", **{**OLD, "conversation_created_ms": None}) is None
    assert made(ledger, "strange") == 0


@pytest.mark.parametrize("created_ms", [NOON_MS - 1, NOON_MS, NOON_MS + 1])
@pytest.mark.parametrize(
    "message",
    [
        "msg_evt_3", "msg_0123abcde_12", "msg_a_b_7", "evt_3", "evt_x_3", "msg__1", "msg_1", "msg_", "msg_x_",
        "msg_x_3a", "msg_x_3_", "msg_3_x", "_1", "MSG_x_3", "msg_x_٣", "msg_x_3٣", "msg_2_3",
        timed_id("msg", NOON_MS - 1), timed_id("msg", NOON_MS + 1), timed_id("msg", NOON_MS - 90_000),
    ],
)  # fmt: skip
@pytest.mark.parametrize("conversation_created_ms", [NOON_MS, None])
def test_what_sql_sees_of_a_fork_s_copy_is_what_the_rule_says(
    ledger: sqlite3.Connection, message: str, created_ms: int, conversation_created_ms: int | None
) -> None:
    said = made(
        ledger, "copied", message=message, created_ms=created_ms, conversation_created_ms=conversation_created_ms,
        api=2, forked=1,
    )  # fmt: skip

    assert said == copied_by_fork(message, created_ms, conversation_created_ms)
