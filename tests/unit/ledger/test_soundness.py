from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.fault.damage import unseen
from tests.support.clock import NOON_MS
from tests.support.ledgers import everything, take
from tests.support.script import Script

from opencode_stats.ledger.connection import open_ledger
from opencode_stats.ledger.messages import read_messages
from opencode_stats.ledger.soundness import cheap_findings, findings, findings_now, is_damage, sum_findings

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = Script().started().conversation("ses_a").answer("ses_a", input=5, directory="/w").titled("ses_a", "msg_1")


def harm(ledger: sqlite3.Connection, statement: str) -> None:
    """Something that was never written: no trigger makes up for it."""
    kept = ledger.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
    for name, _ in kept:
        ledger.execute(f"DROP TRIGGER {name}")
    ledger.execute(statement)
    for _, trigger in kept:
        ledger.execute(trigger)


def test_a_sound_ledger_stays_as_it_is(ledger: sqlite3.Connection) -> None:
    take(ledger, SCRIPT)
    before = everything(ledger)

    assert (cheap_findings(ledger), findings_now(ledger), everything(ledger)) == ([], [], before)


@pytest.mark.parametrize(
    "column", ["input", "output", "reasoning", "cache_read", "cache_write", "cost_microusd", "created_ms", "run"]
)
def test_the_guard_follows_every_figure(ledger: sqlite3.Connection, column: str) -> None:
    take(ledger, SCRIPT)
    guards = []
    for value in ("1", "2", str(2**52 + 1)):
        ledger.execute("PRAGMA foreign_keys = OFF")
        ledger.execute(f"UPDATE messages SET {column} = {value}")
        guards.append(ledger.execute("SELECT guard FROM messages").fetchone()[0])

    assert len(set(guards)) == 3
    assert all(isinstance(guard, int) for guard in guards)


def test_a_bit_of_a_figure_that_turned_is_found_wherever_it_is(ledger: sqlite3.Connection) -> None:
    take(ledger, SCRIPT)
    (made,) = ledger.execute("SELECT sql FROM sqlite_schema WHERE name = 'messages'").fetchone()
    expression = made[made.index("GENERATED ALWAYS AS (") + 21 : made.rindex(") STORED")]
    figures = dict.fromkeys(("output", "reasoning", "cache_read", "cache_write", "cost_microusd", "created_ms"), "0")
    figures |= {"input": "12345", "counted_at_ms": "1795262400000", "completed_ms": "1795262400000", "run": "1"}
    select = "SELECT " + expression + " FROM (SELECT 1 AS api, {})"

    def guard(**changed: int) -> int:
        named = ", ".join(f"{value} AS {name}" for name, value in {**figures, **changed}.items())
        return int(ledger.execute(select.format(named)).fetchone()[0])

    for name in figures:
        for bit in range(53):
            assert guard(**{name: int(figures[name]) ^ (1 << bit)}) != guard(), (name, bit)


@pytest.mark.parametrize(
    ("damage", "finding"),
    [
        ("UPDATE sums SET input = input + 1 WHERE scope = 'all'", "sum of all 0"),
        ("UPDATE sums SET messages = 0 WHERE scope = 'run'", "sum of run 1"),
        ("DELETE FROM sums WHERE scope = 'run'", "sum of run 1"),
        ("INSERT INTO sums VALUES ('run', 99, '', 'p', 'm', 1, 0, 0, 0, 0, 0, 0)", "sum of run 99"),
        ("UPDATE messages SET model = 'm-2'", "sum of all 0"),
        ("UPDATE messages SET directory = '/v'", "sum of run 1"),
        ("UPDATE messages SET standing = 'copy'", "sum of all 0"),
        ("DELETE FROM messages", "sum of all 0"),
        ("DELETE FROM title_requests", "title requests"),
        ("PRAGMA application_id = 1", "something else"),
        ("DELETE FROM migrations", "list of the schema's steps"),
    ],
)
def test_what_is_not_as_it_was_made_is_found(ledger: sqlite3.Connection, damage: str, finding: str) -> None:
    take(ledger, SCRIPT)
    harm(ledger, damage)

    assert any(finding in sentence for sentence in findings(ledger))


def test_what_makes_up_for_itself_in_every_sum_is_found_by_the_guard_alone(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with closing(open_ledger(path, NOON_MS)) as ledger:
        take(ledger, Script().started().answer("ses_a", "msg_1", input=50).answer("ses_a", "msg_2", input=50))
    unseen(path, "UPDATE messages SET input = CASE message WHEN 'msg_1' THEN 43 ELSE 57 END")

    with closing(open_ledger(path, NOON_MS)) as ledger:
        assert sum_findings(ledger) == []
        assert findings(ledger) == ["2 messages have a figure that was never written."]


def test_a_rule_that_is_gone_is_found(ledger: sqlite3.Connection) -> None:
    take(ledger, SCRIPT)
    ledger.execute("DROP TRIGGER messages_changed")

    assert findings(ledger) == ["The schema is not the one that was made."]


def test_a_step_that_nobody_ever_took_is_found(ledger: sqlite3.Connection) -> None:
    ledger.execute("UPDATE migrations SET step = 'm001_inytial.sql' WHERE step = 'm001_initial.sql'")

    assert cheap_findings(ledger) == ["The list of the schema's steps is not one that was ever written."]


def test_a_locked_ledger_is_no_damaged_one() -> None:
    locked = sqlite3.OperationalError("database is locked")
    locked.sqlite_errorcode = sqlite3.SQLITE_BUSY
    malformed = sqlite3.DatabaseError("database disk image is malformed")
    malformed.sqlite_errorcode = sqlite3.SQLITE_CORRUPT_INDEX

    assert [is_damage(error) for error in (locked, malformed, OSError(), sqlite3.ProgrammingError())] == [
        False,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize("column", ["agent", "model", "directory", "conversation", "finish"])
def test_a_name_that_is_no_text_any_more(ledger: sqlite3.Connection, column: str) -> None:
    take(ledger, SCRIPT)
    harm(ledger, f"UPDATE messages SET {column} = CAST(x'6175ff' AS TEXT)")

    with pytest.raises(sqlite3.OperationalError, match="decode") as found:
        findings_now(ledger)
    assert is_damage(found.value)


def test_a_stage_that_was_never_written(ledger: sqlite3.Connection) -> None:
    take(ledger, SCRIPT)
    ledger.execute("PRAGMA ignore_check_constraints = ON")
    harm(ledger, "UPDATE messages SET stage = 'comxleted'")

    with pytest.raises(sqlite3.DatabaseError, match="stage") as found:
        list(read_messages(ledger))
    assert is_damage(found.value)
    assert findings_now(ledger)[0] == "1 message has a word that was never written."
