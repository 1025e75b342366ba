"""What a host tells, and what it takes in of others."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest
from tests.support.clock import NOON_MS
from tests.support.hosts import ME, ONE, OTHER, SCRIPT, head, merge, own, tokens
from tests.support.ledgers import everything, rows, take
from tests.support.script import Script

from opencode_stats.core.hosts import HostMessage
from opencode_stats.errors import BadEvent
from opencode_stats.ledger.foreign import (
    TakenIn,
    become_host,
    message_of,
    note_shared,
    own_host,
    own_messages,
    take_messages,
)
from opencode_stats.ledger.transactions import transaction


def test_an_id_is_given_once_and_the_name_follows(ledger: sqlite3.Connection) -> None:
    assert own_host(ledger) is None

    assert become_host(ledger, ME, "old") == become_host(ledger, OTHER, "new") == ME
    assert (own_host(ledger), rows(ledger, "SELECT name FROM hosts")) == (ME, [("new",)])


def test_what_a_host_tells_is_what_it_counts(ledger: sqlite3.Connection) -> None:
    copied = Script(pid=2).started().conversation("ses_fork").copy("ses_fork", created_ms=NOON_MS - 10**9, input=5)
    take(ledger, SCRIPT, copied.answer("ses_fork", error="MessageAbortedError"))

    number, lines = own_messages(ledger)

    (only,) = lines
    assert (number, only["conversation"], only["directory"], only["input"]) == (1, "ses_a", "/w", 100)
    assert not {"parent", "run", "error"} & set(only)


def test_what_only_its_own_file_knew_is_told_on(ledger: sqlite3.Connection) -> None:
    """Its ledger was made again from a backup, or goes on in two places."""
    with transaction(ledger):
        become_host(ledger, ME, "me")
    take(ledger, SCRIPT)
    further = replace(own(ledger), event="evt_zzz", input=130)
    forgotten = replace(ONE, message="msg_2")
    merge(ledger, ONE)
    merge(ledger, forgotten, further, of=head(ME, 9))

    number, lines = own_messages(ledger)

    assert [HostMessage(**line) for line in lines] == [further, forgotten]
    assert number == 2


def test_its_own_file_brings_a_host_nothing_but_what_it_forgot(ledger: sqlite3.Connection) -> None:
    with transaction(ledger):
        become_host(ledger, ME, "me")
    take(ledger, SCRIPT)

    assert merge(ledger, own(ledger), ONE, of=head(ME, 9, "else")) == TakenIn(new=1, known=1)

    assert rows(ledger, "SELECT host, name, own FROM hosts") == [(ME, "me", 1)]
    assert tokens(ledger) == {ME: 107}


def test_the_newest_file_names_a_host(ledger: sqlite3.Connection) -> None:
    for written_ms, name in ((5, "b"), (3, "z"), (5, "a")):
        merge(ledger, of=head(OTHER, written_ms, name))

    assert rows(ledger, "SELECT name, written_ms FROM hosts") == [("b", 5)]


def test_what_cannot_be_added_up_is_refused(ledger: sqlite3.Connection) -> None:
    largest = replace(ONE, message="auxiliary:1", input=2**53 - 1)
    before = everything(ledger)

    with pytest.raises(BadEvent, match="too large"):
        merge(ledger, *(replace(largest, message=f"auxiliary:{number}") for number in range(1_026)))
    assert everything(ledger) == before


def test_what_another_host_told_stays(ledger: sqlite3.Connection) -> None:
    merge(ledger, ONE)

    with pytest.raises(sqlite3.IntegrityError, match="never deleted"):
        ledger.execute("DELETE FROM foreign_messages")


def test_a_row_is_a_message(ledger: sqlite3.Connection) -> None:
    merge(ledger, ONE)
    names = ", ".join(HostMessage.__slots__)

    assert message_of(rows(ledger, f"SELECT {names} FROM foreign_messages")[0]) == ONE


def test_later_messages_are_noted_some_at_a_time(ledger: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opencode_stats.ledger.foreign.ROWS_AT_ONCE", 2)
    script = Script().started()
    for _ in range(5):
        script.answer("ses_a", input=1)
    with transaction(ledger):
        take_messages(ledger, head(), [replace(ONE, message=name) for name in script.messages[1::2]])
    take(ledger, script)

    left: list[bool] = []
    while not left or left[-1]:
        with transaction(ledger):
            left.append(note_shared(ledger))

    assert left == [True, True, False]
    assert rows(ledger, "SELECT message FROM shared_messages ORDER BY 1") == [(one,) for one in script.messages[1::2]]
    with transaction(ledger):
        assert not note_shared(ledger)
