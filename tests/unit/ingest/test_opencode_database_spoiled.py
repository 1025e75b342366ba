"""What a damaged or senseless database of OpenCode must not do: hold up the rest, hang, or poison the ledger."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.clock import NOON_MS
from tests.support.ledgers import rows
from tests.support.opencode2_database import OpenCode2Database, taken_over
from tests.support.opencode_database import OpenCodeDatabase

from opencode_stats.core.bounds import digest
from opencode_stats.errors import UnknownSchema
from opencode_stats.ingest.opencode_database import take_database
from opencode_stats.ledger.bulk import Taken
from opencode_stats.ledger.queries import total
from opencode_stats.ledger.verify import verify

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def v2(tmp_path: Path) -> OpenCode2Database:
    return OpenCode2Database(tmp_path / "opencode.db").session("ses_a")


def whole(kept: sqlite3.Connection) -> int:
    return total(kept).whole.tokens.total


NO_TEXTS = ["CAST(x'ff' AS TEXT)", "CAST(x'eda080' AS TEXT)", "x'00ff'", "x'61'", f"'{'n' * 5_000}'"]


@pytest.mark.parametrize("value", NO_TEXTS, ids=lambda value: value[:20])
@pytest.mark.parametrize("column", ["directory", "parent_id", "version", "project_id"])
def test_a_conversation_with_a_name_that_is_no_text_loses_no_message(
    kept: sqlite3.Connection, tmp_path: Path, v2: OpenCode2Database, column: str, value: str
) -> None:
    made = OpenCodeDatabase(tmp_path / "old.db").session("ses_a").message("ses_a", 100)
    made.remove(f"UPDATE session SET {column} = {value}")
    v2.step("ses_a", 30).write(f"UPDATE session_v2 SET {column} = {value}")

    take_database(kept, made.path, NOON_MS)
    take_database(kept, v2.path, NOON_MS)

    assert (whole(kept), verify(kept)) == (130, [])
    assert [row for table in ("messages", "conversations") for row in rows(kept, f"SELECT * FROM {table}")]


def test_a_message_with_a_name_that_is_no_text_counts(
    kept: sqlite3.Connection, tmp_path: Path, v2: OpenCode2Database
) -> None:
    half = '{"role": "assistant", "finish": "stop", "tokens": {"input": 7}, "agent": "\\ud800", "modelID": "m"}'
    made = OpenCodeDatabase(tmp_path / "old.db").session("ses_a")
    made.remove(f"INSERT INTO message VALUES ('msg_half', 'ses_a', 1, 1, '{half}')")
    made.remove(f"INSERT INTO message VALUES (CAST(x'6d80' AS TEXT), 'ses_a', 1, 1, '{half}')")
    v2.row("ses_a", "assistant", {**v2.settled(30), "agent": "x" * 5_000, "model": {"id": "m"}})

    assert take_database(kept, made.path, NOON_MS) == Taken(new=1, unsound=1, copies=1)
    take_database(kept, v2.path, NOON_MS)

    known = rows(kept, "SELECT agent, model, input FROM messages ORDER BY input")
    assert known == [
        ("\ufffd\ufffd\ufffd", "m", 7),
        (f"{'x' * 64}…{digest('x' * 5_000)}", "m", 30),
    ]
    assert verify(kept) == []


def test_a_beginning_that_is_no_text_costs_that_message_alone(kept: sqlite3.Connection, v2: OpenCode2Database) -> None:
    v2.step("ses_a", 5).row("ses_a", "assistant", {**v2.settled(1), "time": {"created": "\ud800"}})
    v2.session("ses_fork", fork_session_id="ses_a").row("ses_fork", "assistant", {"time": {"created": "\ud800"}})

    assert take_database(kept, v2.path, NOON_MS) == Taken(new=1, unsound=2)


def test_an_empty_name_is_none(kept: sqlite3.Connection, tmp_path: Path, v2: OpenCode2Database) -> None:
    made = OpenCodeDatabase(tmp_path / "old.db").session("ses_old", directory="")
    empty: dict[str, Any] = {
        "providerID": "",
        "modelID": "",
        "agent": "",
        "variant": "",
        "parentID": "",
        "path": {"cwd": "", "root": ""},
    }
    made.message("ses_old", 100, **empty)
    for message, conversation in (("", "ses_old"), ("msg_x", "")):
        data = '{"role": "assistant", "finish": "stop", "tokens": {"input": 7}}'
        made.remove(f"INSERT INTO message VALUES ('{message}', '{conversation}', 1, 1, '{data}')")
    v2.session("ses_b", directory="").step("ses_b", 30, agent="", model={"id": "", "providerID": "", "variant": ""})
    for path in (made.path, v2.path):
        take_database(kept, path, NOON_MS)

    assert (
        rows(kept, "SELECT provider, model, agent, variant, parent, directory, root FROM messages") == [(None,) * 7] * 2
    )
    assert verify(kept) == []


def test_a_compaction_whose_id_is_no_text_is_no_hindrance(kept: sqlite3.Connection, tmp_path: Path) -> None:
    made = taken_over(tmp_path).write("UPDATE session_message SET id = x'61' WHERE type = 'compaction'")

    take_database(kept, made.path, NOON_MS)

    assert whole(kept) == 5_100
    assert verify(kept) == []


@pytest.mark.parametrize("value", ["NULL", "x'ff'", "CAST(x'ff' AS TEXT)"])
def test_a_last_row_with_a_strange_id_is_no_hindrance(
    kept: sqlite3.Connection, v2: OpenCode2Database, value: str
) -> None:
    v2.step("ses_a", 5).write("CREATE TABLE loose AS SELECT * FROM session_message")
    v2.write("DROP TABLE session_message").write("ALTER TABLE loose RENAME TO session_message").step("ses_a", 6)
    v2.write(f"UPDATE session_message SET id = {value} WHERE id = '{v2.names[-1]}'")

    take_database(kept, v2.path, NOON_MS)

    assert take_database(kept, v2.path, NOON_MS) == Taken()
    assert rows(kept, "SELECT input FROM messages WHERE message NOT LIKE 'auxiliary:%'") == [(5,)]


@pytest.mark.timeout(20)
@pytest.mark.parametrize("table", ["session", "message", "project", "event"])
def test_an_endless_view_in_a_tables_place_is_not_looked_into(
    kept: sqlite3.Connection, tmp_path: Path, table: str
) -> None:
    made = OpenCodeDatabase(tmp_path / "opencode.db").session("ses_a").message("ses_a", 100)
    made.remove("PRAGMA legacy_alter_table = ON").remove(f"ALTER TABLE {table} RENAME TO kept")
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT kept.* FROM n CROSS JOIN kept"
    made.remove(f"CREATE VIEW {table} AS {endless}")

    if table in ("session", "message"):
        with pytest.raises(UnknownSchema, match=f"table {table}"):
            take_database(kept, made.path, NOON_MS)
    else:
        take_database(kept, made.path, NOON_MS)
        assert whole(kept) == 100


def test_a_damaged_schema_whose_message_python_cannot_read_is_told(
    kept: sqlite3.Connection, v2: OpenCode2Database
) -> None:
    v2.write("PRAGMA user_version = 1")
    content = v2.path.read_bytes().replace(
        b"CREATE TABLE `session_message`", b"CREATE \xec\xff\xfeLE `session_message`"
    )
    v2.path.write_bytes(content)

    with pytest.raises(sqlite3.DatabaseError, match="it is damaged"):
        take_database(kept, v2.path, NOON_MS)
