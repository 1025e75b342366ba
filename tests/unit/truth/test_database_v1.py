from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from hypothesis import given
from tests.truth.database_v1 import write_v1
from tests.truth.history import history
from tests.truth.records import Answer
from tests.truth.size import Chances, Size
from tests.truth.spool import spool
from tests.truth.storage import write_storage
from tests.truth.strategies import growths, histories
from tests.truth.total import KINDS, Sum, truth_of

from opencode_stats.contract.line import parse_line
from opencode_stats.core.events import MessageSnapshot
from opencode_stats.core.tokens import NO_TOKENS, Tokens

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.truth.history import History
    from tests.truth.total import Truth

SAMPLE_SCHEMA_SHA256 = "7aadd9e5b48bfa69ba91ae1e1be8a5f2c1faeb85aecb455d6c79bee265ecc006"
"""Of a database that OpenCode 1.18.33 made itself: type, name, table and SQL (white space aside) of all in it."""
SAMPLE_MIGRATIONS = 38
PATHS = ("input", "output", "reasoning", "cache.read", "cache.write")


def rows(path: Path, question: str) -> list[Any]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return connection.execute(question).fetchall()


def genuine(infos: Iterable[tuple[str, dict[str, Any]]], truth: Truth) -> Sum:
    """What a reader that was told which messages are copies would add up."""
    found = {name: info for name, info in infos if info["role"] == "assistant" and name not in truth.copies}
    tokens, cost_microusd, unknown = NO_TOKENS, 0, 0
    for info in found.values():
        counts = info["tokens"]
        cache = counts["cache"]
        one = Tokens(counts["input"], counts["output"], counts["reasoning"], cache["read"], cache["write"])
        begun = "completed" not in info["time"] and "finish" not in info
        unknown += begun or ("error" in info and one == NO_TOKENS)
        tokens = tokens + one
        cost_microusd += round(info["cost"] * 1_000_000)
    return Sum(tokens, cost_microusd, len(found), unknown)


def messages(path: Path) -> list[tuple[str, dict[str, Any]]]:
    return [(name, json.loads(data)) for name, data in rows(path, "SELECT id, data FROM message")]


@given(histories(eras=("v1",)))
def test_its_rows_are_the_truth(past: History) -> None:
    truth = truth_of(past)
    with TemporaryDirectory() as folder:
        path = Path(folder, "opencode.db")
        write_v1(past, path)

        assert genuine(messages(path), truth) == truth.only(lambda one: one.on_disk)
        assert rows(path, "PRAGMA integrity_check") == [("ok",)]
        assert rows(path, "PRAGMA foreign_key_check") == []
        assert rows(path, "PRAGMA journal_mode") == [("wal",)]


@given(histories(eras=("v1",)))
def test_json_files_say_the_same(past: History) -> None:
    truth = truth_of(past)
    with TemporaryDirectory() as folder:
        write_storage(past, Path(folder), old=True)
        files = [json.loads(path.read_bytes()) for path in Path(folder).glob("message/*/*.json")]
        sessions = {path.stem for path in Path(folder).glob("session/*/*.json")}

        assert genuine(((info["id"], info) for info in files), truth) == truth.only(lambda one: one.on_disk)
        assert sessions == {one.id for one in past.conversations if one.in_v1}
        assert all("agent" not in info and "total" not in info.get("tokens", {}) for info in files)


@given(histories(eras=("v1",)))
def test_a_sessions_row_adds_up_what_is_there_now(past: History) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "opencode.db")
        write_v1(past, path, events=False, parts=False)
        columns = ", ".join(f"tokens_{kind}" for kind in KINDS)
        sums = ", ".join(f"total(json_extract(data, '$.tokens.{path}'))" for path in PATHS)
        told = rows(path, f"SELECT id, {columns} FROM session ORDER BY id")
        added = rows(path, f"SELECT s.id, {sums} FROM session AS s LEFT JOIN message ON session_id = s.id GROUP BY 1")

        assert told == added


def test_a_fork_adds_to_its_row_and_a_revert_takes_away(tmp_path: Path) -> None:
    forked = history(3, Size(messages=60, chances=Chances.calm(fork=0.3)))
    reverted = history(3, Size(messages=60, chances=Chances.calm(revert=0.3)))
    for name, past in (("forked", forked), ("reverted", reverted)):
        write_v1(past, tmp_path / name)
    total = f"SELECT sum({' + '.join(f'tokens_{kind}' for kind in KINDS)}) FROM session"

    assert rows(tmp_path / "forked", total)[0][0] > truth_of(forked).total
    assert rows(tmp_path / "reverted", total)[0][0] < truth_of(reverted).total


@given(histories(eras=("v1",)))
def test_the_log_of_events_ends_as_the_rows_are(past: History) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "opencode.db")
        write_v1(past, path)
        told: dict[str, Any] = {}
        for type_, data in rows(path, "SELECT type, data FROM event ORDER BY rowid"):
            event = json.loads(data)
            if type_ == "message.updated.1":
                info = {name: value for name, value in event["info"].items() if name not in {"id", "sessionID"}}
                told[event["info"]["id"]] = info
            elif type_ == "message.removed.1":
                del told[event["messageID"]]

        assert told == dict(messages(path))
        gaps = "SELECT aggregate_id FROM event GROUP BY 1 HAVING count(*) != max(seq) + 1 OR min(seq) != 0"
        assert rows(path, gaps) == []
        ends = "SELECT aggregate_id, max(seq) FROM event GROUP BY 1 ORDER BY 1"
        assert rows(path, ends) == rows(path, "SELECT aggregate_id, seq FROM event_sequence ORDER BY 1")
        assert {row[0] for row in rows(path, ends)} == {one.id for one in past.conversations if one.in_v1}


def test_events_have_the_ids_that_the_plugin_saw(tmp_path: Path) -> None:
    past = history(3, Size(messages=50, chances=Chances.calm(fork=0.1)))
    write_v1(past, tmp_path / "opencode.db")
    seen = [parse_line(line[:-1]) for lines in spool(past).files.values() for line in lines]
    question = "SELECT id FROM event WHERE type = 'message.updated.1' AND data LIKE '%\"role\":\"assistant\"%'"

    assert {one.event for one in seen if isinstance(one, MessageSnapshot)} == {
        row[0] for row in rows(tmp_path / "opencode.db", question)
    }


@given(growths(eras=("v1",)))
def test_a_database_that_grew_holds_what_a_new_one_does(moments: list[History]) -> None:
    everything = {name: f"SELECT * FROM {name} ORDER BY 1" for name in ("session", "message", "part", "event")}
    with TemporaryDirectory() as folder:
        grown, new = Path(folder, "grown.db"), Path(folder, "new.db")
        for past in moments:
            before = dict(rows(grown, "SELECT id, rowid FROM event")) if grown.exists() else {}
            write_v1(past, grown)
            after = dict(rows(grown, "SELECT id, rowid FROM event"))

            assert {name: after[name] for name in before if name in after} == {
                name: number for name, number in before.items() if name in after
            }
        write_v1(moments[-1], new)

        assert {name: rows(grown, text) for name, text in everything.items()} == {
            name: rows(new, text) for name, text in everything.items()
        }


def test_what_is_deleted_is_gone_with_its_events(tmp_path: Path) -> None:
    past = history(8, Size(messages=150, chances=Chances.lively()))
    path = tmp_path / "opencode.db"
    write_v1(past, path)
    gone = {one.id for one in past.conversations if one.deleted}
    told = "SELECT id FROM session UNION SELECT session_id FROM message UNION SELECT aggregate_id FROM event_sequence"

    assert gone
    assert gone.isdisjoint(row[0] for row in rows(path, told))
    assert any(not one.on_disk for one in truth_of(past).spent.values())


def test_conversations_may_be_left_out(tmp_path: Path) -> None:
    past = history(8, Size(messages=30, chances=Chances.calm()))
    half = {one.id for one in past.conversations[::2]}
    write_v1(past, tmp_path / "opencode.db", only=lambda one: one.id in half)
    write_storage(past, tmp_path / "storage", only=lambda one: one.id not in half)
    files = {path.parent.name for path in (tmp_path / "storage" / "message").glob("*/*.json")}

    assert {row[0] for row in rows(tmp_path / "opencode.db", "SELECT session_id FROM message")} == half
    assert files == {one.id for one in past.conversations} - half


def test_the_schema_is_that_of_a_real_one(tmp_path: Path) -> None:
    path = tmp_path / "opencode.db"
    write_v1(history(1, Size(messages=1)), path)
    found = rows(path, "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    schema = sorted((type_, name, table, " ".join(sql.split())) for type_, name, table, sql in found)

    assert hashlib.sha256(repr(schema).encode()).hexdigest() == SAMPLE_SCHEMA_SHA256
    assert rows(path, "SELECT count(*) FROM migration") == [(SAMPLE_MIGRATIONS,)]


def test_messages_have_parts(tmp_path: Path) -> None:
    past = history(8, Size(messages=150, chances=Chances.lively()))
    path = tmp_path / "opencode.db"
    write_v1(past, path)
    finished = [
        one for conversation in past.conversations for one in conversation.rows_v1()
        if isinstance(one, Answer) and one.finish is not None and one.kind != "wrapper"
    ]  # fmt: skip
    steps = "SELECT message_id FROM part WHERE json_extract(data, '$.type') = 'step-finish'"

    assert sorted(row[0] for row in rows(path, steps)) == sorted(one.id for one in finished)
