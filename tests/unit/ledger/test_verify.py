from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.support.clock import NOON_MS
from tests.support.ledgers import everything, take
from tests.support.script import Script

from opencode_stats.ledger.connection import open_ledger, open_reader
from opencode_stats.ledger.verify import verify

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

SCRIPT = Script().started().conversation("ses_a").answer("ses_a", input=5, directory="/w").titled("ses_a", "msg_1")


def test_a_ledger_that_holds(ledger: sqlite3.Connection) -> None:
    take(ledger, SCRIPT)
    before = everything(ledger)

    assert (verify(ledger), verify(ledger), everything(ledger)) == ([], [], before)


@pytest.mark.parametrize(
    ("damage", "finding"),
    [
        ("UPDATE sums SET input = input + 1 WHERE scope = 'all'", "sum of all 0"),
        ("UPDATE sums SET messages = 0 WHERE scope = 'run'", "sum of run 1"),
        ("UPDATE sums SET cost_microusd = 7 WHERE scope = 'slot'", "sum of slot"),
        ("DELETE FROM sums WHERE scope = 'all'", "sum of all 0"),
        ("INSERT INTO sums VALUES ('run', 99, '', 'p', 'm', 1, 0, 0, 0, 0, 0, 0)", "sum of run 99"),
        ("DELETE FROM title_requests", "title requests"),
        ("UPDATE counters SET value = 5", "title requests"),
    ],
)
def test_a_sum_that_is_not_that_of_its_rows_is_found(ledger: sqlite3.Connection, damage: str, finding: str) -> None:
    take(ledger, SCRIPT)
    ledger.execute(damage)

    assert any(finding in sentence for sentence in verify(ledger))


def test_a_row_of_zeros_is_no_finding(ledger: sqlite3.Connection) -> None:
    take(ledger, SCRIPT)
    ledger.execute("INSERT INTO sums VALUES ('run', 99, '', 'p', 'm', 0, 0, 0, 0, 0, 0, 0)")

    assert verify(ledger) == []


def test_a_writer_at_work_is_no_finding(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with closing(open_ledger(path, NOON_MS)) as writer, closing(open_reader(path)) as reader:
        take(writer, SCRIPT)
        questions = 0

        def meanwhile(_: str) -> None:
            nonlocal questions
            questions += 1
            script = Script(pid=questions + 1).started().answer("ses_b", f"msg_{questions}", input=questions)
            take(writer, script, file=f"{questions}.jsonl")

        reader.set_trace_callback(meanwhile)
        found = verify(reader)
        reader.set_trace_callback(None)

    assert (found, questions > 5) == ([], True)
