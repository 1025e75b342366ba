"""OpenCode's databases of both generations: what is taken in, once."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.support.clock import NOON_MS
from tests.support.ledgers import rows, take
from tests.support.opencode2_database import OpenCode2Database, taken_over
from tests.support.opencode_database import SAMPLE, OpenCodeDatabase
from tests.support.script import Script

from opencode_stats.core.tokens import Tokens
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


def test_a_database_of_the_real_opencode(kept: sqlite3.Connection, tmp_path: Path) -> None:
    copy = tmp_path / "opencode.db"
    shutil.copy(SAMPLE, copy)

    taken = take_database(kept, copy, NOON_MS)

    # A fork of three messages, which are no usage; one that failed and one that was killed are marked.
    standings = dict(rows(kept, "SELECT standing, count(*) FROM messages GROUP BY 1"))
    assert (taken, standings) == (Taken(new=11, copies=3, unknown=2), {"counted": 8, "copy": 3})
    assert take_database(kept, copy, NOON_MS) == Taken()
    assert verify(kept) == []


def test_a_step_of_2x_says_all_that_its_line_says(kept: sqlite3.Connection, v2: OpenCode2Database) -> None:
    v2.step("ses_a", 100)

    assert take_database(kept, v2.path, NOON_MS) == Taken(new=1)
    facts = "agent, provider, model, variant, directory, input, cost_microusd, state, standing, api, counted_at_ms"
    at_ms = v2.at_ms + 500
    expected = ("build", "mock", "m-1", "high", "/work", 100, 1000, "final", "counted", 2, at_ms)
    assert rows(kept, f"SELECT {facts} FROM messages") == [expected]


def test_a_running_step_is_unknown_and_settles_in_place(kept: sqlite3.Connection, v2: OpenCode2Database) -> None:
    v2.step("ses_a", None)
    take_database(kept, v2.path, NOON_MS)
    assert rows(kept, "SELECT state, input FROM messages") == [("unfinished", None)]

    v2.charge("ses_a", 70, 0.001).write(
        "UPDATE session_message SET data = json_patch(data, json(?))",
        '{"finish": "stop", "tokens": {"input": 70, "cache": {}}, "cost": 0.001, "time": {"completed": 1795262402000}}',
    )

    assert take_database(kept, v2.path, NOON_MS) == Taken(changed=1)
    assert rows(kept, "SELECT state, input FROM messages") == [("final", 70)]
    assert take_database(kept, v2.path, NOON_MS) == Taken()


@pytest.mark.parametrize(("error", "state"), [("aborted", "aborted"), ("provider.unknown", "failed")])
def test_a_failed_step_without_usage_is_unknown(
    kept: sqlite3.Connection, v2: OpenCode2Database, error: str, state: str
) -> None:
    v2.step("ses_a", None, error={"type": error, "message": "…"}, time={"created": NOON_MS, "completed": NOON_MS + 9})
    take_database(kept, v2.path, NOON_MS)

    assert rows(kept, "SELECT state, error, input FROM messages") == [(state, error, None)]


def test_a_text_where_a_name_belongs_stays_out(kept: sqlite3.Connection, v2: OpenCode2Database) -> None:
    v2.step("ses_a", 5, finish="she said stop", error={"type": "a secret text"})
    take_database(kept, v2.path, NOON_MS)

    assert rows(kept, "SELECT finish, error FROM messages") == [(None, "UnknownError")]


def test_a_compaction_with_tokens_is_a_message_and_one_without_is_in_the_total(
    kept: sqlite3.Connection, v2: OpenCode2Database
) -> None:
    data = {"time": {"created": v2.at_ms}, "status": "completed", "reason": "auto", "summary": "…"}
    counts = {"input": 500, "output": 0, "reasoning": 0, "cache": {"read": 0, "write": 0}}
    told = {**data, "tokens": counts, "cost": 0.002, "model": {"id": "m-2", "providerID": "mock"}}
    v2.row("ses_a", "compaction", told).charge("ses_a", 500, 0.002)
    v2.row("ses_a", "compaction", data).charge("ses_a", 40, 0.003)
    take_database(kept, v2.path, NOON_MS)

    facts = "SELECT agent, model, summary, state, input, cost_microusd FROM messages ORDER BY id"
    assert rows(kept, facts) == [
        ("compaction", "m-2", 1, "final", 500, 2000),
        (None, "auxiliary", 0, "final", 40, 3000),
    ]


def test_a_title_is_in_the_running_total_alone(kept: sqlite3.Connection, v2: OpenCode2Database) -> None:
    v2.step("ses_a", 100).charge("ses_a", 30, 0.0005)
    take_database(kept, v2.path, NOON_MS)
    assert total(kept).by_model[None, "auxiliary"].tokens == Tokens(30)

    # Nothing else changes, and no row is new.
    v2.charge("ses_a", 12)
    take_database(kept, v2.path, NOON_MS)
    assert whole(kept) == 142
    assert verify(kept) == []


def test_what_was_reverted_unseen_is_in_the_residual_until_its_line_comes(
    kept: sqlite3.Connection, v2: OpenCode2Database
) -> None:
    v2.step("ses_a", 100, name="msg_gone").step("ses_a", 20).write("DELETE FROM session_message WHERE id = 'msg_gone'")
    take_database(kept, v2.path, NOON_MS)
    assert total(kept).by_model[None, "auxiliary"].tokens == Tokens(100)

    take(kept, Script(api=2).started().answer("ses_a", "msg_gone", input=100, cost_usd=0.001))

    assert (None, "auxiliary") not in total(kept).by_model
    assert whole(kept) == 120


@pytest.mark.parametrize("upgraded", [False, True])
def test_a_fork_of_2x_copies_nothing_into_the_figures(
    kept: sqlite3.Connection, tmp_path: Path, *, upgraded: bool
) -> None:
    v2 = OpenCode2Database(tmp_path / "opencode.db", upgraded=upgraded).session("ses_a").step("ses_a", 100)
    source = v2.at_ms
    v2.at_ms += 60_000
    v2.session("ses_fork", fork_session_id="ses_a").row(
        "ses_fork", "assistant", {**v2.settled(100), "agent": "build"}, name="msg_02aa_7", at_ms=source
    )
    v2.step("ses_fork", 7)
    take_database(kept, v2.path, NOON_MS)

    assert rows(kept, "SELECT standing, count(*) FROM messages GROUP BY 1") == [("copy", 1), ("counted", 2)]
    assert whole(kept) == 107


def test_a_copy_without_its_usual_name_is_older_than_its_fork(kept: sqlite3.Connection, v2: OpenCode2Database) -> None:
    v2.at_ms += 60_000
    v2.session("ses_fork", fork_session_id="ses_a")
    old = {**v2.settled(100), "time": {"created": NOON_MS, "completed": NOON_MS + 5}}
    v2.row("ses_fork", "assistant", old, name="msg_copied", at_ms=NOON_MS)
    take_database(kept, v2.path, NOON_MS)

    assert rows(kept, "SELECT message, standing FROM messages") == [("msg_copied", "copy")]


def test_what_2x_took_over_is_the_same_row_and_in_its_total(kept: sqlite3.Connection, tmp_path: Path) -> None:
    v2 = taken_over(tmp_path)
    take_database(kept, v2.path, NOON_MS)

    facts = "SELECT message, api, standing, input FROM messages ORDER BY message"
    assert rows(kept, facts) == [
        ("msg_1fffffffffffcopy", 1, "copy", 40),
        ("msg_step", 1, "counted", 100),
        ("msg_summary", 1, "counted", 5_000),
    ]
    # A title, and a step of 2.x's own.
    v2.step("ses_old", 7).charge("ses_old", 30)
    take_database(kept, v2.path, NOON_MS)
    assert total(kept).by_model[None, "auxiliary"].tokens == Tokens(30)
    assert whole(kept) == 5_100 + 7 + 30


def test_what_2x_deleted_stays_with_1xs_rows(kept: sqlite3.Connection, tmp_path: Path) -> None:
    v2 = taken_over(tmp_path)
    v2.write("DELETE FROM session_message").write("DELETE FROM session_v2")
    take_database(kept, v2.path, NOON_MS)

    assert whole(kept) == 5_100


def test_the_same_ids_in_another_channels_database_count_once(
    kept: sqlite3.Connection, v2: OpenCode2Database, tmp_path: Path
) -> None:
    v2.step("ses_a", 100).charge("ses_a", 30)
    other = tmp_path / "opencode-next.db"
    shutil.copy(v2.path, other)
    for path in (other, v2.path, other):
        take_database(kept, path, NOON_MS)

    assert whole(kept) == 130


def embedded(path: Path) -> OpenCodeDatabase:
    """What the 2.x engine inside of 1.18.33 wrote (observed): its own rows, nothing in the conversation's totals."""
    made = OpenCodeDatabase(path).session("ses_api").session("ses_v1").message("ses_v1", 5)
    with closing(sqlite3.connect(SAMPLE)) as sample:
        (shape,) = sample.execute("SELECT sql FROM sqlite_schema WHERE name = 'session_message'").fetchone()
    made.remove(shape)
    data = (
        '{"time":{"created":1795243575841,"completed":1795243576072},"agent":"build",'
        '"model":{"id":"mock-1","providerID":"mock"},"content":[{"type":"text","id":"text-0","text":"…"}],'
        '"finish":"stop","cost":0,"tokens":{"input":1161,"output":44,"reasoning":11,"cache":{"read":128,"write":0}}}'
    )
    return made.remove(
        "INSERT INTO session_message VALUES ('msg_1fcdb0a21001zPIhR1IKESXhEo', 'ses_api', 'assistant', 3, "
        f"1795243575841, 1795243576077, '{data}')"
    )


def test_the_2x_engine_inside_of_1x_counts(kept: sqlite3.Connection, tmp_path: Path) -> None:
    made = embedded(tmp_path / "opencode.db")

    assert take_database(kept, made.path, NOON_MS) == Taken(new=2)
    facts = (
        "SELECT api, provider, model, agent, directory, state, standing FROM messages WHERE conversation = 'ses_api'"
    )
    assert rows(kept, facts) == [(2, "mock", "mock-1", "build", "/work", "final", "counted")]
    assert whole(kept) == 5 + 1161 + 44 + 11 + 128
    assert take_database(kept, made.path, NOON_MS) == Taken()


@pytest.mark.parametrize(
    ("said", "state"),
    [("Provider turn interrupted", "aborted"), ("Something else", "failed"), (None, "failed")],
)
def test_an_interrupt_of_that_engine_is_no_failure(
    kept: sqlite3.Connection, v2: OpenCode2Database, said: str | None, state: str
) -> None:
    v2.step("ses_a", None, error={"type": "unknown", "message": said}, finish="error")
    take_database(kept, v2.path, NOON_MS)

    assert rows(kept, "SELECT state, input FROM messages") == [(state, None)]


COMPACTED: dict[str, object] = {
    "time": {"created": NOON_MS}, "status": "completed", "reason": "manual", "summary": "…",
    "model": {"id": "mock-1", "providerID": "mock"}, "cost": 0.002,
    "tokens": {"input": 900, "output": 60, "reasoning": 0, "cache": {"read": 40, "write": 0}},
}  # fmt: skip
RUNNING: dict[str, object] = {"time": {"created": NOON_MS}, "status": "running", "reason": "manual"}
PUT = "INSERT OR REPLACE INTO session_message VALUES ('msg_sum', 'ses_api', 'compaction', 4, ?, ?, ?)"


def compaction(path: Path, data: dict[str, object]) -> None:
    """A compaction's row as v2 facts §3.3 has it: OpenCode 1.18.33 answers 503 to ``/api/session/:id/compact``."""
    row = (NOON_MS, NOON_MS + 700, json.dumps(data))
    with closing(sqlite3.connect(path)) as connection, connection:
        there = connection.execute(
            "UPDATE session_message SET data = ?, time_updated = ? WHERE id = 'msg_sum'", (row[2], row[1])
        )
        if not there.rowcount:
            connection.execute(PUT, row)


@pytest.mark.parametrize("seen", ["running", "completed"])
def test_a_compaction_of_that_engine_counts_also_when_it_was_seen_while_it_ran(
    kept: sqlite3.Connection, tmp_path: Path, seen: str
) -> None:
    made = embedded(tmp_path / "opencode.db")
    before = 5 + 1161 + 44 + 11 + 128
    if seen == "running":
        compaction(made.path, RUNNING)
        take_database(kept, made.path, NOON_MS)
        assert whole(kept) == before
    compaction(made.path, COMPACTED)
    take_database(kept, made.path, NOON_MS)

    facts = "SELECT agent, model, state, summary, input, cost_microusd FROM messages WHERE message = 'msg_sum'"
    assert rows(kept, facts) == [("compaction", "mock-1", "final", 1, 900, 2_000)]
    assert whole(kept) == before + 1_000
    assert take_database(kept, made.path, NOON_MS) == Taken()
    assert verify(kept) == []


def test_a_compaction_that_ends_without_figures_is_looked_at_no_more(kept: sqlite3.Connection, tmp_path: Path) -> None:
    made = embedded(tmp_path / "opencode.db")
    compaction(made.path, RUNNING)
    take_database(kept, made.path, NOON_MS)
    compaction(made.path, RUNNING | {"status": "completed", "summary": "…"})
    take_database(kept, made.path, NOON_MS)

    assert rows(kept, "SELECT stage, input FROM messages WHERE message = 'msg_sum'") == [("completed", None)]
    assert take_database(kept, made.path, NOON_MS) == Taken()
