"""What is said where something in OpenCode's database makes no sense, can't be read, or is interrupted."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.support.clock import NOON_MS
from tests.support.ledgers import rows
from tests.support.opencode2_database import OpenCode2Database, taken_over
from tests.support.opencode_database import OpenCodeDatabase

from opencode_stats.errors import UnknownSchema
from opencode_stats.ingest import opencode_database
from opencode_stats.ingest.opencode_database import take_database
from opencode_stats.ledger.bulk import Taken
from opencode_stats.ledger.queries import total
from opencode_stats.ledger.sources import rejected_rows
from opencode_stats.ledger.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def v2(tmp_path: Path) -> OpenCode2Database:
    return OpenCode2Database(tmp_path / "opencode.db").session("ses_a")


def whole(kept: sqlite3.Connection) -> int:
    return total(kept).whole.tokens.total


def test_rows_that_make_no_sense_are_left_out_and_told(kept: sqlite3.Connection, v2: OpenCode2Database) -> None:
    v2.step("ses_a", 100).row("ses_a", "assistant", "{no json")
    v2.row("ses_a", "assistant", {**v2.settled(1), "tokens": {"input": "many"}})
    v2.row("ses_a", "assistant", {**v2.settled(1), "time": {"created": "now", "completed": -5}})

    assert take_database(kept, v2.path, NOON_MS) == Taken(new=1, unsound=3)
    assert (whole(kept), rejected_rows(kept)) == (100, 3)
    # One is put right, and all is read again because the last row is another.
    v2.write("DELETE FROM session_message WHERE data = '{no json'").write(
        "DELETE FROM session_message WHERE id = ?", v2.names[-1]
    )
    v2.write(
        "UPDATE session_message SET data = ? WHERE id = ?", '{"tokens": {"input": 3}, "finish": "stop"}', v2.names[2]
    )
    take_database(kept, v2.path, NOON_MS)
    assert (whole(kept), rejected_rows(kept)) == (103, 2)


def test_the_same_of_1x(kept: sqlite3.Connection, tmp_path: Path) -> None:
    made = OpenCodeDatabase(tmp_path / "opencode.db").session("ses_a").message("ses_a", 100)
    made.message("ses_a", 0, counts={"input": 1.5}).message("ses_a", 0, time={"created": "now"})
    made.remove("INSERT INTO message VALUES ('msg_bad', 'ses_a', 1, 1, 'no json')")

    assert take_database(kept, made.path, NOON_MS) == Taken(new=1, unsound=3)
    assert (whole(kept), rejected_rows(kept)) == (100, 3)
    assert take_database(kept, made.path, NOON_MS) == Taken()


@pytest.mark.parametrize(
    "figure", ["tokens_input = 'many'", "tokens_output = -1", "cost = 1e300", "tokens_input = 1e18"]
)
def test_a_total_that_makes_no_sense_is_left_out_and_noted_until_it_is_put_right(
    kept: sqlite3.Connection, v2: OpenCode2Database, figure: str
) -> None:
    v2.step("ses_a", 100).charge("ses_a", 30).write(f"UPDATE session_v2 SET {figure}")

    assert take_database(kept, v2.path, NOON_MS) == Taken(new=1, unsound=1)
    assert (whole(kept), rejected_rows(kept)) == (100, 1)
    assert take_database(kept, v2.path, NOON_MS) == Taken()

    v2.write("UPDATE session_v2 SET tokens_input = 130, tokens_output = 0, cost = 0")
    take_database(kept, v2.path, NOON_MS)
    assert (whole(kept), rejected_rows(kept)) == (130, 0)

    # What was known stays; that the total is none now is noted.
    v2.write(f"UPDATE session_v2 SET {figure}")
    assert take_database(kept, v2.path, NOON_MS) == Taken(unsound=1)
    assert (whole(kept), rejected_rows(kept)) == (130, 1)


def test_a_total_that_makes_no_sense_bounds_nothing(kept: sqlite3.Connection, tmp_path: Path) -> None:
    v2 = taken_over(tmp_path).write("UPDATE session_v2 SET tokens_input = -5")
    take_database(kept, v2.path, NOON_MS)
    v2.write("UPDATE session_v2 SET tokens_input = 5140")
    take_database(kept, v2.path, NOON_MS)

    assert whole(kept) == 5_100


def test_an_interrupted_reading_goes_on_where_it_was(
    kept: sqlite3.Connection, v2: OpenCode2Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opencode_database, "BATCH_ROWS", 2)
    for number in range(7):
        v2.step("ses_a", 10 + number)
    seen: list[tuple[int, int]] = []

    def stop_in_the_second(done: int, of: int) -> None:
        seen.append((done, of))
        if len(seen) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        take_database(kept, v2.path, NOON_MS, stop_in_the_second)
    assert (seen, whole(kept)) == ([(2, 7), (4, 7)], 10 + 11 + 12 + 13)

    assert take_database(kept, v2.path, NOON_MS) == Taken(new=3)
    assert whole(kept) == sum(range(10, 17))
    assert verify(kept) == []


def test_a_cursor_that_fits_no_more_reads_all_again(kept: sqlite3.Connection, v2: OpenCode2Database) -> None:
    v2.step("ses_a", 10).step("ses_a", 20)
    take_database(kept, v2.path, NOON_MS)
    v2.write("DELETE FROM session_message").step("ses_a", 40).step("ses_a", 50)

    assert take_database(kept, v2.path, NOON_MS) == Taken(new=2)
    assert whole(kept) == 120


def no_column(path: Path) -> None:
    OpenCode2Database(path).session("ses_a").write("ALTER TABLE session_v2 DROP COLUMN tokens_reasoning")


def no_rows_table(path: Path) -> None:
    OpenCode2Database(path).session("ses_a").write("DROP TABLE session_message")


def empty(path: Path) -> None:
    path.write_bytes(b"")


def gone(path: Path) -> None:
    path.unlink(missing_ok=True)


def garbage(path: Path) -> None:
    path.write_bytes(b"Once upon a time there was no database.\n" * 99)


@pytest.mark.parametrize(
    ("make", "error", "sentence"),
    [
        (no_column, UnknownSchema, "the column tokens_reasoning of table session_v2 is missing .*OpenCode 2.1.2"),
        (no_rows_table, UnknownSchema, "the table session_message is missing .*OpenCode 2.1.2"),
        (empty, UnknownSchema, "it has neither a table message nor a table session_v2"),
        (gone, sqlite3.OperationalError, "it can't be opened; it may be gone"),
        (garbage, sqlite3.DatabaseError, "it is no SQLite database"),
    ],
)
def test_what_cannot_be_read_is_told(
    kept: sqlite3.Connection, tmp_path: Path, make: Callable[[Path], None], error: type[Exception], sentence: str
) -> None:
    path = tmp_path / "opencode.db"
    make(path)

    with pytest.raises(error, match=sentence):
        take_database(kept, path, NOON_MS)
    assert "source" not in {row[1] for row in rows(kept, "PRAGMA database_list")}


def test_a_locked_database_is_told(
    kept: sqlite3.Connection, v2: OpenCode2Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opencode_database, "PATIENCE_MS", 1)
    with closing(sqlite3.connect(v2.path, isolation_level=None)) as holder:
        holder.execute("PRAGMA journal_mode = DELETE")
        holder.execute("BEGIN EXCLUSIVE")

        with pytest.raises(sqlite3.OperationalError, match="another program holds it locked"):
            take_database(kept, v2.path, NOON_MS)
    assert take_database(kept, v2.path, NOON_MS) == Taken()


def test_a_part_that_is_not_as_we_know_it_keeps_the_rest_from_nothing(kept: sqlite3.Connection, tmp_path: Path) -> None:
    v2 = taken_over(tmp_path).write("ALTER TABLE session_v2 DROP COLUMN fork_session_id")

    with pytest.raises(UnknownSchema, match="column fork_session_id of table session_v2"):
        take_database(kept, v2.path, NOON_MS)
    assert whole(kept) == 5_100


def test_opencodes_database_is_not_written(kept: sqlite3.Connection, v2: OpenCode2Database) -> None:
    v2.step("ses_a", 1)
    before = v2.path.read_bytes()
    take_database(kept, v2.path, NOON_MS)

    assert v2.path.read_bytes() == before
    # What SQLite makes for any reader, with nothing in the log.
    beside = {path.name: path.stat().st_size for path in v2.path.parent.glob("opencode*") if path != v2.path}
    assert beside.get("opencode.db-wal", 0) == 0
    assert beside.keys() <= {"opencode.db-wal", "opencode.db-shm"}


def test_what_opencode_writes_while_it_is_read_is_read_next_time(
    kept: sqlite3.Connection, v2: OpenCode2Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opencode_database, "BATCH_ROWS", 2)
    for number in range(4):
        v2.step("ses_a", 10 + number)
    wrote: list[int] = []

    def write(done: int, of: int) -> None:
        if not wrote:
            wrote.append(done)
            v2.step("ses_a", 100)

    take_database(kept, v2.path, NOON_MS, write)
    take_database(kept, v2.path, NOON_MS)

    assert (wrote, whole(kept)) == ([2], 10 + 11 + 12 + 13 + 100)
    assert verify(kept) == []


def test_names_that_can_hardly_be_kept_cost_no_figure(kept: sqlite3.Connection, tmp_path: Path) -> None:
    opencode = OpenCodeDatabase(tmp_path / "opencode.db").session("ses_a")
    for number, model in enumerate(["x" * 2**20, "x" * 2**20 + "y", "half \ud800", "\ud55c\uad6d", "a\x1b[2J"]):
        opencode.message("ses_a", 10**number, modelID=model, agent="\udfff")

    assert take_database(kept, opencode.path, NOON_MS) == Taken(new=5)

    sums = total(kept)
    assert sums.whole.tokens.total == 11_111
    assert {
        (model or "")[:8]: usage.tokens.total for (_, model), usage in sums.by_model.items() if len(model or "") < 90
    } == {
        "half \ufffd\ufffd\ufffd": 100,
        "\ud55c\uad6d": 1_000,
        "a\x1b[2J": 10_000,
    }
    long = [(model, usage.tokens.total) for (_, model), usage in sums.by_model.items() if len(model or "") > 90]
    assert sorted(tokens for _, tokens in long) == [1, 10]
    assert {len(model or "") for model, _ in long} == {97}
    assert rows(kept, "SELECT DISTINCT agent FROM messages") == [("\ufffd\ufffd\ufffd",)]
    assert verify(kept) == []
