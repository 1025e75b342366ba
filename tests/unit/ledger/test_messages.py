"""Messages in the ledger: what is counted, what waits, and what is never taken back."""

from __future__ import annotations

import sqlite3

import pytest
from tests.support.clock import NOON_MS
from tests.support.ids import timed_id
from tests.support.ledgers import go_on, rows, take
from tests.support.script import Script, tokens_of

from opencode_stats.core.tokens import Tokens
from opencode_stats.core.totals import Usage
from opencode_stats.ledger.messages import read_message
from opencode_stats.ledger.queries import pending_messages, total
from opencode_stats.ledger.verify import verify


def test_the_three_updates_of_a_message_are_one_message(ledger: sqlite3.Connection) -> None:
    take(ledger, Script().started().answer("ses_a", input=800, output=30, reasoning=20, cache_read=200))

    assert total(ledger).by_model == {
        ("anthropic", "claude-sonnet-5"): Usage(Tokens(800, 30, 20, 200, 0), 250_000, 1),
    }


def test_a_message_stays_in_the_run_and_the_origin_that_made_it(ledger: sqlite3.Connection) -> None:
    first, second = Script(pid=1).started().answer("ses_a", "msg_x", input=5), Script(pid=2, at_ms=NOON_MS + 900)
    take(ledger, first, second.started().answer("ses_a", "msg_x", input=6))

    assert rows(ledger, "SELECT pid FROM messages JOIN runs ON runs.id = run JOIN processes ON key = process") == [(1,)]
    assert total(ledger).whole.tokens.total == 6


def test_unfinished_messages_count_what_is_known(ledger: sqlite3.Connection) -> None:
    script = Script().started()
    script.snapshot("ses_a", timed_id("msg", script.at_ms), tokens=tokens_of(), created_ms=script.at_ms)
    take(ledger, script)

    assert total(ledger).whole == Usage()
    assert rows(ledger, "SELECT state, input FROM messages") == [("unfinished", None)]


def test_an_aborted_message_has_unknown_tokens(ledger: sqlite3.Connection) -> None:
    script = Script().started()
    made = script.at_ms
    script.snapshot("ses_a", timed_id("msg", made), tokens=tokens_of(), created_ms=made)
    script.snapshot(
        "ses_a",
        timed_id("msg", made),
        tokens=tokens_of(),
        created_ms=made,
        completed_ms=made + 5,
        error="MessageAbortedError",
    )
    take(ledger, script)

    assert (total(ledger).whole, verify(ledger)) == (Usage(), [])
    assert rows(ledger, "SELECT state, input FROM messages") == [("aborted", None)]


def fork(script: Script) -> Script:
    """A conversation with one message, and its fork an hour later, as OpenCode 1.x tells it."""
    script.started().conversation("ses_a").answer("ses_a", input=100)
    made_ms = script.at_ms - 20
    script.wait(3_600_000).conversation("ses_fork")
    return script.copy("ses_fork", created_ms=made_ms, input=100)


def test_a_forks_copies_are_no_usage(ledger: sqlite3.Connection) -> None:
    script = fork(Script())
    take(ledger, script.answer("ses_fork", input=7))

    assert rows(ledger, "SELECT standing FROM messages ORDER BY id") == [("counted",), ("copy",), ("counted",)]
    assert (total(ledger).whole.tokens.total, verify(ledger)) == (107, [])


@pytest.mark.parametrize(("born", "standing"), [(-1000, "counted"), (1000, "copy")])
def test_a_message_in_doubt_is_decided_when_its_conversation_becomes_known(
    ledger: sqlite3.Connection, born: int, standing: str
) -> None:
    # The plugin came late: it saw neither the message's creation nor its conversation's; and the id tells no time.
    script = Script().started()
    made_ms = script.at_ms
    script.copy("ses_a", created_ms=made_ms, input=100)
    script.lines[-1]["message"] = script.messages[0] = "msg_without_a_time"
    take(ledger, script)
    assert (pending_messages(ledger), total(ledger).whole, verify(ledger)) == (1, Usage(), [])

    more = Script(at_ms=made_ms + 500).conversation("ses_a", change="updated", created_ms=made_ms + born)
    go_on(ledger, script.key, more.events)

    message = read_message(ledger, script.messages[0])
    assert message is not None
    assert (message[1], pending_messages(ledger)) == (standing, 0)
    assert (total(ledger).whole.tokens.total, verify(ledger)) == (100 if standing == "counted" else 0, [])


def test_what_was_counted_stays_counted(ledger: sqlite3.Connection) -> None:
    # Its clock was stepped between the id and the time: one witness, and then a conversation that says it is younger.
    script = Script().started().conversation("ses_a", created_ms=NOON_MS)
    made_ms = script.at_ms
    message = timed_id("msg", made_ms + 60_000)
    script.snapshot("ses_a", message, tokens=tokens_of(), created_ms=made_ms)
    script.snapshot("ses_a", message, tokens=tokens_of(input=9), created_ms=made_ms, finish="stop")
    script.conversation("ses_a", change="updated", created_ms=made_ms + 500)
    script.snapshot("ses_a", message, tokens=tokens_of(input=9), created_ms=made_ms, completed_ms=made_ms + 9)
    take(ledger, script)

    assert total(ledger).whole.tokens.total == 9


def test_deleting_a_conversation_takes_nothing_back(ledger: sqlite3.Connection) -> None:
    take(ledger, Script().started().conversation("ses_a").answer("ses_a", input=100).deleted("ses_a"))

    assert total(ledger).whole.tokens.total == 100


def test_a_message_is_never_deleted(ledger: sqlite3.Connection) -> None:
    take(ledger, Script().started().answer("ses_a", input=100))

    with pytest.raises(sqlite3.IntegrityError, match="never deleted"):
        ledger.execute("DELETE FROM messages")
