"""Whole batches: the fork rule of 1.x on disk, merging with what was live, and what is noted as senseless."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.support.clock import NOON_MS
from tests.support.ids import timed_id
from tests.support.ledgers import rows, take
from tests.support.script import Script

from opencode_stats.ledger import bulk
from opencode_stats.ledger.bulk import Rejecting, Taken
from opencode_stats.ledger.soundness import findings
from opencode_stats.ledger.sums import MANY
from opencode_stats.ledger.verify import verify

if TYPE_CHECKING:
    import sqlite3

HERE = Rejecting("/opencode.db", NOON_MS)
FACTS: dict[str, Any] = {
    "message": "msg_a", "conversation": "ses_a", "parent": None, "agent": "build", "provider": "mock", "model": "m",
    "variant": None, "directory": "/work", "root": "/work", "created_ms": NOON_MS, "row_created_ms": NOON_MS,
    "completed_ms": NOON_MS + 5, "finish": "stop", "error": None, "summary": 0, "told": 1, "api": 1, "forked": 0,
    "input": 10, "output": 0, "reasoning": 0, "cache_read": 0, "cache_write": 0, "cost_usd": 0.5,
    "conversation_created_ms": NOON_MS - 9,
}  # fmt: skip


@pytest.fixture(autouse=True)
def prepared(ledger: sqlite3.Connection) -> None:
    bulk.prepare(ledger)


def taken(ledger: sqlite3.Connection, *messages: dict[str, Any], charged: bool = False) -> Taken:
    table = [{**FACTS, **one} for one in messages]
    names = list(table[0])
    values = {f"{name}{place}": row[name] for place, row in enumerate(table) for name in names}
    select = " UNION ALL ".join(
        "SELECT " + ", ".join(f":{name}{place} AS {name}" for name in names) for place in range(len(table))
    )
    return bulk.take_messages(ledger, select, values, HERE, charged=charged, brought="told_of.message = 'msg_brought'")


def standings(ledger: sqlite3.Connection) -> dict[str, str]:
    return dict(rows(ledger, "SELECT message, standing FROM messages"))


def test_what_is_new_is_added_once_with_its_sums(ledger: sqlite3.Connection) -> None:
    assert taken(ledger, {}, {"message": "msg_b"}) == Taken(new=2)
    assert taken(ledger, {}, {"message": "msg_b"}) == Taken()

    assert rows(ledger, "SELECT input, cost_microusd, messages FROM sums WHERE scope = 'all'") == [(20, 1_000_000, 2)]
    assert verify(ledger) == []


def test_what_was_live_is_merged_only_where_more_is_known(ledger: sqlite3.Connection) -> None:
    take(ledger, Script().started().snapshot("ses_a", "msg_a", created_ms=NOON_MS))

    assert taken(ledger, {}) == Taken(changed=1)
    assert rows(ledger, "SELECT origin, input, state, run IS NULL FROM messages") == [("live", 10, "final", 0)]
    assert taken(ledger, {"input": 99}) == Taken()
    assert verify(ledger) == []


LATER = {"created_ms": NOON_MS + 35_000, "row_created_ms": NOON_MS + 35_000, "completed_ms": NOON_MS + 36_000}
OLD = {"created_ms": NOON_MS - 60_000, "row_created_ms": NOON_MS - 60_000, "completed_ms": NOON_MS - 59_000}


@pytest.mark.parametrize(
    ("name", "members", "standing"),
    [
        (timed_id("msg", NOON_MS), {}, "counted"),
        # A copy: an id of its own moment, older than its conversation.
        (timed_id("msg", NOON_MS), OLD, "copy"),
        # The clock was stepped back while the conversation lasted: its own id agrees.
        (timed_id("msg", NOON_MS - 60_000), OLD, "counted"),
        # The conversation is gone; nothing speaks for a copy but the id.
        (timed_id("msg", NOON_MS), {**OLD, "conversation_created_ms": None}, "counted"),
        # The clock was stepped back before the fork, and the original is gone: younger than its conversation, with an
        # id that was made when the conversation was.
        (timed_id("msg", NOON_MS + 20), {**LATER, "conversation_created_ms": NOON_MS - 9}, "copy"),
        # Its own clock was stepped between the id and the time, late in its conversation.
        (timed_id("msg", NOON_MS + 20), {**LATER, "conversation_created_ms": NOON_MS - 90_000}, "counted"),
        ("msg_brought", {}, "copy"),
    ],
)
def test_the_fork_rule_on_disk(ledger: sqlite3.Connection, name: str, members: dict[str, Any], standing: str) -> None:
    taken(ledger, {"message": name, **members})

    assert standings(ledger) == {name: standing}


def test_of_two_twins_the_one_whose_id_is_not_of_its_time_is_the_copy(ledger: sqlite3.Connection) -> None:
    original, copy = timed_id("msg", NOON_MS - 60_000), timed_id("msg", NOON_MS)
    # The clock was stepped back during the original's conversation, and the fork's is gone.
    taken(ledger, {"message": original, **OLD}, {"message": copy, **OLD, "conversation_created_ms": None})

    assert standings(ledger) == {original: "counted", copy: "copy"}


DOUBTFUL = timed_id("msg", NOON_MS - 300)


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize(
    ("twin", "standing"),
    [
        ({"message": timed_id("msg", NOON_MS)}, "copy"),
        # Another that began and ended in the same milliseconds.
        ({"message": timed_id("msg", NOON_MS), "input": 11}, "counted"),
        # Its own copy: a process that had to wait after it had made the id.
        ({"message": timed_id("msg", NOON_MS + 90_000), "conversation_created_ms": NOON_MS + 89_990}, "counted"),
        ({"message": timed_id("msg", NOON_MS), "completed_ms": NOON_MS + 6}, "counted"),
    ],
)
def test_an_id_in_doubt_is_a_copy_s_where_there_is_an_original(
    ledger: sqlite3.Connection, twin: dict[str, Any], standing: str, *, together: bool
) -> None:
    """The clock was stepped back before the fork by so little that the id is hardly older than its message."""
    doubtful = {"message": DOUBTFUL, "conversation": "ses_fork"}
    for batch in [(twin, doubtful)] if together else [(twin,), (doubtful,)]:
        taken(ledger, *batch)

    assert standings(ledger)[DOUBTFUL] == standing


@pytest.mark.parametrize("conversation_created_ms", [NOON_MS - 9, None])
def test_an_id_in_doubt_is_its_message_s_own_where_there_is_none(
    ledger: sqlite3.Connection, conversation_created_ms: int | None
) -> None:
    taken(ledger, {"message": DOUBTFUL, "conversation_created_ms": conversation_created_ms})

    assert standings(ledger) == {DOUBTFUL: "counted"}


def test_a_copy_in_a_fork_of_2x_says_nothing_about_its_original(ledger: sqlite3.Connection) -> None:
    late = {**OLD, "conversation_created_ms": None}
    taken(ledger, {"message": "msg_evt_3", **OLD, "api": 2, "forked": 1}, charged=True)
    taken(ledger, {"message": timed_id("msg", NOON_MS), **late})

    assert sorted(standings(ledger).values()) == ["copy", "counted"]


def test_what_is_in_no_total_is_told_of_what_is_new_alone(ledger: sqlite3.Connection) -> None:
    copied = {"message": "msg_evt_3", **OLD, "api": 2, "forked": 1}
    unknown = {"message": "msg_b", "told": 0, "api": 2}
    senseless = {"message": "msg_evt_4", **OLD, "api": 2, "forked": 1, "input": -1}

    assert taken(ledger, copied, unknown, senseless, {}) == Taken(new=3, unsound=1, copies=1, unknown=1)
    more = [copied | {"message": "msg_evt_5"}, unknown | {"message": "msg_c"}]
    assert taken(ledger, copied, unknown, senseless, {}, *more) == Taken(new=2, copies=1, unknown=1)


def test_a_fork_s_copy_that_was_in_no_total_yet_stays_out(ledger: sqlite3.Connection) -> None:
    take(ledger, Script(api=2).started().snapshot("ses_a", "msg_evt_3"))

    taken(ledger, {"message": "msg_evt_3", **OLD, "api": 2, "forked": 1}, charged=True)

    assert rows(ledger, "SELECT standing, input FROM messages") == [("copy", None)]


def test_a_message_of_1x_stays_one_when_2x_has_it_too(ledger: sqlite3.Connection) -> None:
    taken(ledger, {"completed_ms": None})
    taken(ledger, {"api": 2, "forked": 0}, charged=True)

    assert rows(ledger, "SELECT api, state FROM messages") == [(1, "final")]


def test_what_makes_no_sense_is_noted_once_and_forgiven(ledger: sqlite3.Connection) -> None:
    assert taken(ledger, {"created_ms": "now"}) == Taken(unsound=1)
    assert taken(ledger, {"input": "many"}) == Taken()
    assert rows(ledger, "SELECT * FROM rejected") == [("/opencode.db", "msg_a", NOON_MS)]

    assert taken(ledger, {}) == Taken(new=1)
    assert rows(ledger, "SELECT * FROM rejected") == []


def test_many_are_added_up_together_and_give_the_same(ledger: sqlite3.Connection) -> None:
    many = [
        {"message": f"msg_{number}", "completed_ms": NOON_MS + number * 60_000, "cost_usd": number % 3}
        for number in range(MANY)
    ]
    ledger.execute("BEGIN")
    assert taken(ledger, *many[:5], *many[:MANY]) == Taken(new=MANY)
    ledger.execute("COMMIT")

    assert verify(ledger) == []
    assert findings(ledger) == []
