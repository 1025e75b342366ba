"""What is forgotten and told again: by a spool that is replayed, a database, a fork, another host, a damaged ledger."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date
from typing import TYPE_CHECKING

import pytest
from tests.support.clock import NOON_MS
from tests.support.forgetting import LATER_MS, UNTIL_MS, forget, messages, new_script, old_script, tell
from tests.support.hosts import ME, ONE, OTHER, head, merge, tokens
from tests.support.ids import timed_id
from tests.support.ledgers import everything, rows, stats_of, take
from tests.support.script import Script
from tests.unit.ledger.test_bulk import taken

from opencode_stats.contract.stats_document import document_of, encode
from opencode_stats.core.days import day_named
from opencode_stats.core.history import FORGOTTEN
from opencode_stats.core.totals import Totals
from opencode_stats.ledger import bulk
from opencode_stats.ledger.audit_rows import forgotten_rows
from opencode_stats.ledger.bulk import Taken
from opencode_stats.ledger.connection import open_ledger
from opencode_stats.ledger.foreign import OWN, become_host, message_of, own_messages
from opencode_stats.ledger.history import usage_between, usage_by
from opencode_stats.ledger.queries import total
from opencode_stats.ledger.rebuild import rebuild
from opencode_stats.ledger.salvage import salvage
from opencode_stats.ledger.transactions import transaction
from opencode_stats.ledger.verify import prove, verify

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path


@pytest.fixture
def gone(ledger: sqlite3.Connection) -> sqlite3.Connection:
    """A ledger whose old run is forgotten."""
    tell(ledger, old_script(), new_script())
    forget(ledger)
    assert messages(ledger) == ["msg_new"]
    return ledger


def test_a_spool_that_is_read_again_adds_nothing(gone: sqlite3.Connection) -> None:
    before, titles = total(gone), stats_of(gone, LATER_MS).total.title_requests

    tell(gone, old_script())

    assert messages(gone) == ["msg_new"]
    assert total(gone) == before
    assert stats_of(gone, LATER_MS).total.title_requests == titles == 1
    assert rows(gone, "SELECT count(*) FROM prompts") == [(1,)]
    assert verify(gone) == []
    forget(gone, UNTIL_MS + 900_000)
    assert rows(gone, "SELECT prompts, titles FROM forgotten_requests") == [(1, 1)]


def test_a_database_that_is_read_again_adds_nothing(gone: sqlite3.Connection) -> None:
    bulk.prepare(gone)
    before = total(gone)

    assert taken(gone, {"message": "msg_1"}, {"message": "msg_2"}) == Taken()

    assert total(gone) == before
    assert messages(gone) == ["msg_new"]


def test_figures_that_nobody_knew_count_when_they_are_told(ledger: sqlite3.Connection) -> None:
    bulk.prepare(ledger)
    failed = Script(pid=1).started().conversation("ses_a").answer("ses_a", "msg_f", error="UnknownError")
    tell(ledger, failed, new_script())
    forget(ledger)
    before = total(ledger).whole.tokens.total
    assert rows(ledger, "SELECT what FROM forgotten_ids") == [("unknown",)]

    assert taken(ledger, {"message": "msg_f", "input": 0, "error": "UnknownError"}) == Taken()
    assert taken(ledger, {"message": "msg_f", "error": "UnknownError"}) == Taken(new=1)
    forget(ledger, UNTIL_MS + 900_000)
    assert taken(ledger, {"message": "msg_f", "error": "UnknownError"}) == Taken()

    assert total(ledger).whole.tokens.total == before + 10
    assert rows(ledger, "SELECT what FROM forgotten_ids") == [("counted",)]
    assert verify(ledger) == []


@pytest.mark.parametrize("twin", [True, False])
def test_a_copy_knows_its_original_though_that_is_forgotten(ledger: sqlite3.Connection, *, twin: bool) -> None:
    """Its id is of the fork's time and its conversation is older than it (a clock was set): only a twin tells."""
    bulk.prepare(ledger)
    began = {"created_ms": NOON_MS, "row_created_ms": NOON_MS, "completed_ms": NOON_MS + 5}
    original = {**began, "message": timed_id("msg", NOON_MS, 1, "a" * 12)}
    if twin:
        assert taken(ledger, original) == Taken(new=1)
    tell(ledger, new_script())
    forget(ledger)
    before = total(ledger).whole.tokens.total

    copy = {**began, "message": timed_id("msg", NOON_MS + 10**8, 1, "b" * 12), "conversation": "ses_fork"}
    taken(ledger, {**copy, "conversation_created_ms": NOON_MS - 10**7})

    assert total(ledger).whole.tokens.total == before + (0 if twin else 10)


def test_a_running_total_contains_what_is_forgotten(ledger: sqlite3.Connection) -> None:
    script = Script(pid=1, api=2).started().conversation("ses_a", host_version="2.0.1")
    script.answer("ses_a", "msg_1", input=100).usage("ses_a", input=107)
    tell(ledger, script, new_script())
    assert total(ledger).whole.tokens.total == 111
    forget(ledger)
    assert messages(ledger) == ["auxiliary:ses_a", "msg_new"]

    tell(ledger, Script(pid=3, api=2, start_ticks=3, at_ms=LATER_MS).started().usage("ses_a", input=109))

    assert rows(ledger, "SELECT input FROM messages WHERE message = 'auxiliary:ses_a'") == [(9,)]
    assert total(ledger).whole.tokens.total == 113
    assert verify(ledger) == []


def test_what_another_host_has_too_counts_once(gone: sqlite3.Connection, tmp_path: Path) -> None:
    with closing(open_ledger(tmp_path / "copy.db", 0)) as copy:
        tell(copy, old_script())
        said = [message_of((*line,)) for line in copy.execute(OWN)]
    own = tokens(gone)[""]

    assert merge(gone, *said, of=head(OTHER)).known == len(said) == 2

    assert sum(tokens(gone).values()) == own
    with transaction(gone):
        become_host(gone, ME, "me")
    assert merge(gone, *said, of=head(ME)).known == 2
    assert sum(tokens(gone).values()) == own
    new = replace(said[0], message="msg_theirs")
    assert merge(gone, new, of=head(OTHER)).new == 1


def test_messages_whose_numbers_come_again_are_looked_at_beside_other_hosts(ledger: sqlite3.Connection) -> None:
    late = Script(pid=1).started().conversation("ses_a").answer("ses_a", "msg_old", input=1)
    tell(ledger, new_script(), late)
    ((highest,),) = rows(ledger, "SELECT max(id) FROM messages")
    merge(ledger, replace(ONE, message="msg_shared", counted_at_ms=LATER_MS))
    assert rows(ledger, "SELECT message_id FROM shared_until") == [(highest,)]

    forget(ledger)
    shared = Script(pid=2, at_ms=LATER_MS + 10, start_ticks=7).started()
    take(ledger, shared.answer("ses_new", "msg_shared", input=7))

    assert rows(ledger, "SELECT id FROM messages WHERE message = 'msg_shared'") == [(highest,)]
    assert sum(tokens(ledger).values()) == 1 + 4 + 7


def test_a_damaged_ledger_does_not_bring_it_back(gone: sqlite3.Connection, tmp_path: Path) -> None:
    path = tmp_path / "damaged.db"
    with closing(open_ledger(path, 0)) as damaged:
        tell(damaged, old_script(), Script(pid=5).started().conversation("ses_x").answer("ses_x", "msg_x", input=1))

    with transaction(gone):
        assert salvage(gone, path) == 1

    assert messages(gone) == ["msg_new", "msg_x"]
    assert verify(gone) == []


@pytest.mark.parametrize("known", [True, False])
def test_figures_that_nobody_knew_are_salvaged_once_they_were_told(
    ledger: sqlite3.Connection, tmp_path: Path, *, known: bool
) -> None:
    failed = Script(pid=1).started().conversation("ses_a").answer("ses_a", "msg_f", error="UnknownError")
    tell(ledger, failed, new_script())
    forget(ledger)
    path = tmp_path / "damaged.db"
    with closing(open_ledger(path, 0)) as damaged:
        told = Script(pid=1).started().conversation("ses_a")
        take(damaged, told.answer("ses_a", "msg_f", input=8) if known else failed)

    with transaction(ledger):
        assert salvage(ledger, path) == known

    assert messages(ledger) == (["msg_f", "msg_new"] if known else ["msg_new"])
    assert verify(ledger) == []


def test_what_is_published_is_proven_with_what_is_forgotten(gone: sqlite3.Connection) -> None:
    document = json.loads(encode(document_of(stats_of(gone, LATER_MS))))
    day = lambda name: day_named(date.fromisoformat(name), UTC)  # noqa: E731

    assert prove(gone, lambda: document, day) == ([], [])
    document["total"]["tokens"]["input"] += 1
    assert prove(gone, lambda: document, day)[1] != []


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE forgotten_sums SET output = output + 1 WHERE messages = 1 AND output > 0",
        "DELETE FROM forgotten_sums",
        "UPDATE forgotten_unbilled SET cache_read = cache_read + 4",
        "UPDATE forgotten_requests SET titles = 0",
    ],
)
def test_a_sum_that_came_to_harm_is_found(gone: sqlite3.Connection, harm: str) -> None:
    gone.execute(harm)

    assert verify(gone) != []


def test_running_sums_are_made_again_from_what_is_left(gone: sqlite3.Connection) -> None:
    before = everything(gone)
    for table in ("sums", "unbilled", "counters"):
        gone.execute(f"DELETE FROM {table}")

    assert rebuild(gone).changes != ()

    assert {name: found for name, found in everything(gone).items() if name != "shared_until"} == {
        name: found for name, found in before.items() if name != "shared_until"
    }


def test_questions_about_parts_of_it_say_all_and_twice_nothing(gone: sqlite3.Connection) -> None:
    middle_ms = NOON_MS + 100_000
    parts = [
        usage_between(gone, *ends) for ends in ((0, middle_ms), (middle_ms, middle_ms + 5), (middle_ms + 5, 2**52))
    ]
    assert sum(part.whole.tokens.total for part in parts) == total(gone).whole.tokens.total
    by = usage_by(gone, "agent", 0, 2**52)
    assert sum(part.whole.tokens.total for part in by.values()) == total(gone).whole.tokens.total
    assert isinstance(by[FORGOTTEN], Totals)


def test_the_audit_is_told_what_is_left(gone: sqlite3.Connection) -> None:
    left = forgotten_rows(gone)

    assert sorted((name, api, amounts.tokens, number) for name, api, amounts, number in left.conversations) == [
        ("ses_a", 1, 1_030, 1),
        ("ses_b", 1, 200_001, 1),
    ]
    assert left.of("msg_1") == ("counted", 1)
    assert left.of("msg_new") is None
    assert left.of("title:msg_title") is None
    assert (left.unpriced[0].tokens, left.unpriced[1]) == (200_001, 1)


def test_the_own_file_has_what_is_kept(gone: sqlite3.Connection) -> None:
    number, said = own_messages(gone)
    assert (number, [line["message"] for line in said]) == (1, ["msg_new"])
