"""Which conversations, runs and processes go with what is forgotten, and which stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.forgetting import LATER_MS, UNTIL_MS, forget, new_script, old_script, tell
from tests.support.ledgers import facts, rows, take
from tests.support.script import Script

from opencode_stats.core.events import MessageSnapshot
from opencode_stats.core.usage import message_of
from opencode_stats.ledger import sweeping
from opencode_stats.ledger.forgetting import forget_before
from opencode_stats.ledger.messages import take_snapshot

if TYPE_CHECKING:
    import sqlite3


def names(ledger: sqlite3.Connection) -> set[str]:
    return {row[0] for row in rows(ledger, "SELECT conversation FROM conversations")}


def pids(ledger: sqlite3.Connection) -> list[int]:
    return [row[0] for row in rows(ledger, "SELECT pid FROM processes ORDER BY pid")]


@pytest.fixture
def told(ledger: sqlite3.Connection) -> sqlite3.Connection:
    tell(ledger, old_script(), new_script())
    return ledger


def test_what_nothing_belongs_to_goes_with_what_the_user_was_asked(ledger: sqlite3.Connection) -> None:
    asked = old_script().asked("per_1", "ses_a").answered("per_1").prompt("ses_a").busy("ses_a").idle("ses_a", "failed")
    tell(ledger, asked, new_script())
    assert rows(ledger, "SELECT count(*) FROM attention")[0][0] > 0
    ledger.execute("DELETE FROM cursors")

    forget(ledger)

    assert names(ledger) == {"ses_new"}
    assert pids(ledger) == [2]
    for table in ("requests", "attention", "workspaces"):
        assert rows(ledger, f"SELECT * FROM {table}") == []
    assert rows(ledger, "PRAGMA foreign_keys") == [(1,)]
    assert rows(ledger, "SELECT swept FROM kept_from") == [(1,)]


def test_a_process_stays_while_its_spool_file_is_there(told: sqlite3.Connection) -> None:
    forget(told)

    assert pids(told) == [1, 2]
    assert rows(told, "SELECT process FROM runs JOIN processes ON key = process WHERE pid = 1") == []


def test_a_conversation_stays_with_its_sub_agents(told: sqlite3.Connection) -> None:
    later = Script(pid=2, at_ms=LATER_MS + 5, start_ticks=7).started()
    take(told, later.answer("ses_b", "msg_later", input=1))

    forget(told)

    assert names(told) == {"ses_a", "ses_b", "ses_new"}


def test_running_totals_stay(ledger: sqlite3.Connection) -> None:
    script = Script(pid=1, api=2).started().conversation("ses_c", host_version="2.0.1").answer("ses_c", input=5)
    tell(ledger, script.usage("ses_c", input=5), new_script())

    forget(ledger)

    assert names(ledger) == {"ses_c", "ses_new"}
    assert len(rows(ledger, "SELECT * FROM runs")) == 2
    assert rows(ledger, "PRAGMA foreign_key_check") == []


def test_what_comes_while_it_is_at_work_is_seen(told: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines of an old run, read late, between the look at the messages and the end of conversations and runs."""
    monkeypatch.setattr(sweeping, "_AT_ONCE", 1)
    for number in range(20):
        name = f"ses_{number}"
        old = Script(pid=5, start_ticks=number).started().conversation(name).answer(name, f"msg_{number}", input=1)
        tell(told, old.ended())
        steps = forget_before(told, UNTIL_MS)
        for _ in range(number):
            next(steps, None)
        tell(told, old.answer(name, f"msg_late_{number}", input=1).ended())
        for _ in steps:
            pass

        assert rows(told, "PRAGMA foreign_key_check") == [], number
        there = rows(told, "SELECT DISTINCT conversation FROM messages")
        assert {row[0] for row in there} <= names(told), number


def test_what_a_live_run_waits_for_stays(ledger: sqlite3.Connection) -> None:
    """An OpenCode that waits for an answer longer than detail is kept goes on waiting, and can still be answered."""
    asked = old_script().prompt("ses_a").busy("ses_a").asked("per_1", "ses_a")
    tell(ledger, asked, live=1)
    assert rows(ledger, "SELECT run FROM attention WHERE id = 'request/per_1'") == [(1,)]

    forget(ledger)

    assert [run.waiting for run in facts(ledger).runs] == [1]
    assert [item.id for item in facts(ledger).attention][:1] == ["request/per_1"]
    take(ledger, asked.answered("per_1"))
    assert [run.waiting for run in facts(ledger).runs] == [0]


def test_a_turn_of_a_live_run_asks_once(ledger: sqlite3.Connection) -> None:
    """What asked and was answered is kept with the run: a second end of the same turn would ask anew."""
    script = old_script().prompt("ses_a").busy("ses_a").idle("ses_a")
    tell(ledger, script, live=1)
    known = rows(ledger, "SELECT id, at_ms FROM attention")
    assert known

    forget(ledger)
    take(ledger, script.wait(LATER_MS - UNTIL_MS).busy("ses_a").idle("ses_a"))

    assert rows(ledger, "SELECT id, at_ms FROM attention") == known


def test_what_was_asked_in_a_run_that_is_over_goes(ledger: sqlite3.Connection) -> None:
    tell(ledger, old_script().prompt("ses_a").busy("ses_a").asked("per_1", "ses_a"), new_script())

    forget(ledger)

    assert rows(ledger, "SELECT * FROM requests") == rows(ledger, "SELECT * FROM attention") == []


@pytest.mark.parametrize("steps_before", range(6))
def test_a_message_that_gets_its_run_meanwhile_keeps_it(ledger: sqlite3.Connection, steps_before: int) -> None:
    """Of one that OpenCode's storage told first, and that has no figures, no sum says that its run has something."""
    old = Script(pid=5).started().snapshot("ses_a", "msg_a")
    found = next(event for event in old.events if isinstance(event, MessageSnapshot))
    take_snapshot(ledger, message_of(found, 1), run=None, origin="imported")
    # The conversation has gone on in a run that lives, so it does not hold the old one.
    later = Script(pid=2, at_ms=LATER_MS, start_ticks=7).started().conversation("ses_a")
    tell(ledger, Script(pid=5).started().ended(), later)
    steps = forget_before(ledger, UNTIL_MS)
    for _ in range(steps_before):
        next(steps, None)

    tell(ledger, old.ended(), later)
    for _ in steps:
        pass

    assert rows(ledger, "PRAGMA foreign_key_check") == []
    assert rows(ledger, "SELECT pid FROM messages JOIN runs ON runs.id = run JOIN processes ON key = process") == [(5,)]
    assert rows(ledger, "SELECT name FROM temp.sqlite_schema WHERE type = 'trigger'") == []


def test_a_pass_that_was_broken_off_begins_again(told: sqlite3.Connection) -> None:
    for steps_before in range(1, 6):
        broken_off = forget_before(told, UNTIL_MS)
        for _ in range(steps_before):
            next(broken_off, None)
        broken_off.close()
        take(told, new_script().answer("ses_new", input=1))

    forget(told)

    assert names(told) == {"ses_new"}
    assert rows(told, "SELECT swept FROM kept_from") == [(1,)]
