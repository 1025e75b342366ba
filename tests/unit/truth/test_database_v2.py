from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from tests.truth.database_v1 import write_v1
from tests.truth.database_v2 import write_database, write_v2
from tests.truth.history import history
from tests.truth.size import Chances, Size
from tests.truth.strategies import growths, histories
from tests.truth.total import KINDS, truth_of

from opencode_stats.core.tokens import NO_TOKENS, Tokens

if TYPE_CHECKING:
    from tests.truth.history import History

COUNTS = ", ".join(f"tokens_{kind}" for kind in KINDS)
LARGE = history(6, Size(messages=500, era="migrated", migrates_after=250, chances=Chances.lively()))


def rows(path: Path, question: str) -> list[Any]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return connection.execute(question).fetchall()


def tokens_of(data: dict[str, Any]) -> Tokens | None:
    if "tokens" not in data:
        return None
    counts = data["tokens"]
    cache = counts["cache"]
    return Tokens(counts["input"], counts["output"], counts["reasoning"], cache["read"], cache["write"])


def known(path: Path) -> dict[str, Tokens]:
    """Message → its tokens, copies too: of both generations of tables, 2.x's first; nothing of those without any."""
    found: dict[str, Tokens] = {}
    legacy = rows(path, "SELECT count(*) FROM sqlite_master WHERE name = 'message'") != [(0,)]
    question = "SELECT id, data FROM message WHERE json_extract(data, '$.role') = 'assistant'"
    for name, data in (rows(path, question) if legacy else []) + rows(path, "SELECT id, data FROM session_message"):
        tokens = tokens_of(json.loads(data))
        if tokens is not None and tokens != NO_TOKENS:
            found[name] = tokens
    return found


@given(histories(eras=("v2", "migrated")))
def test_its_rows_are_the_truth(past: History) -> None:
    truth = truth_of(past)
    with TemporaryDirectory() as folder:
        path = Path(folder, "opencode.db")
        write_database(past, path)
        if past.size.era == "v2" or past.migrated_ms is not None:
            found = {name: tokens for name, tokens in known(path).items() if name not in truth.copies}

            wanted = {name: one.tokens for name, one in truth.spent.items() if one.on_disk}
            assert found == {name: tokens for name, tokens in wanted.items() if tokens not in {None, NO_TOKENS}}
            assert rows(path, "PRAGMA integrity_check") == [("ok",)]
            assert rows(path, "PRAGMA foreign_key_check") == []
            assert rows(path, "PRAGMA journal_mode") == [("wal",)]


@given(histories(eras=("v2",)))
def test_a_sessions_row_is_its_own_rows_what_was_removed_and_what_is_hidden(past: History) -> None:
    truth = truth_of(past)
    with TemporaryDirectory() as folder:
        path = Path(folder, "opencode.db")
        write_v2(past, path)
        found = known(path)
        removed = {name: one.tokens for name, one in truth.spent.items() if not one.on_disk and one.tokens is not None}
        for name, *counts in rows(path, f"SELECT id, {COUNTS} FROM session_v2"):
            inside = [row[0] for row in rows(path, f"SELECT id FROM session_message WHERE session_id = '{name}'")]
            parts = [found[one] for one in inside if one in found and one not in truth.copies]
            parts += [tokens for one, tokens in removed.items() if truth.spent[one].conversation == name]
            parts += [truth.auxiliary[name].tokens] if name in truth.auxiliary else []
            total = NO_TOKENS
            for part in parts:
                total = total + part

            assert Tokens(*counts) == total == truth.charged[name].tokens


@given(histories(eras=("v2",), chances=Chances.lively(clock_step=0, step_inside=0, overlap=0)))
def test_copies_are_older_than_their_fork(past: History) -> None:
    """Upstream's own rule for copies; it holds while no clock is stepped."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "opencode.db")
        write_v2(past, path)
        question = (
            "SELECT m.id FROM session_message AS m JOIN session_v2 AS s ON s.id = m.session_id "
            "WHERE s.fork_session_id IS NOT NULL AND m.time_created < s.time_created"
        )

        there = {row[0] for row in rows(path, "SELECT id FROM session_message")}
        assert {row[0] for row in rows(path, question)} == truth_of(past).copies & there


@given(growths(eras=("v2", "migrated")))
def test_a_database_that_grew_holds_what_a_new_one_does(moments: list[History]) -> None:
    with TemporaryDirectory() as folder:
        grown, new = Path(folder, "grown.db"), Path(folder, "new.db")
        for past in moments:
            write_database(past, grown)
        write_database(moments[-1], new)
        names = [row[0] for row in rows(new, "SELECT name FROM sqlite_master WHERE type = 'table' AND name != 'part'")]

        assert {name: sorted(rows(grown, f"SELECT * FROM {name}"), key=repr) for name in names} == {
            name: sorted(rows(new, f"SELECT * FROM {name}"), key=repr) for name in names
        }


@pytest.mark.parametrize(("upgraded", "last"), [(False, "resume_attempts"), (True, "idle_outcome")])
def test_both_orders_of_columns(tmp_path: Path, upgraded: bool, last: str) -> None:
    past = history(6, Size(messages=20, era="v2"))
    write_v2(past, tmp_path / "opencode.db", upgraded=upgraded)
    columns = [row[1] for row in rows(tmp_path / "opencode.db", "PRAGMA table_info(session_v2)")]

    assert (columns[-1], len(columns)) == (last, 36)
    assert len(rows(tmp_path / "opencode.db", "SELECT id FROM session_v2")) == sum(
        one.in_v2 for one in past.conversations
    )


def test_a_new_one_has_none_of_1xs_tables(tmp_path: Path) -> None:
    write_v2(history(6, Size(messages=20, era="v2")), tmp_path / "opencode.db")
    names = {row[0] for row in rows(tmp_path / "opencode.db", "SELECT name FROM sqlite_master")}

    assert names.isdisjoint({"session", "message", "part"})
    assert names >= {"session_v2", "session_message", "session_inbox", "kv", "event", "event_sequence", "project"}


def test_what_2x_took_over_is_in_both(tmp_path: Path) -> None:
    path = tmp_path / "opencode.db"
    write_v2(LARGE, path)
    both = {row[0] for row in rows(path, "SELECT id FROM session INTERSECT SELECT id FROM session_v2")}
    old_only = {row[0] for row in rows(path, "SELECT id FROM session EXCEPT SELECT id FROM session_v2")}

    assert both == {one.id for one in LARGE.conversations if one.migrated and one.in_v1 and one.in_v2}
    assert old_only == {one.id for one in LARGE.conversations if one.in_v1 and not one.in_v2}
    assert {one.id for one in LARGE.conversations if one.deleted_v2 and one.migrated} & old_only
    assert {one.id for one in LARGE.conversations if one.api == 1 and not one.migrated} & old_only
    assert rows(path, "SELECT key, value FROM kv") == [("migration.v1-v2", '{"phase":"completed"}')]


def test_a_compaction_of_1x_became_one_row_without_its_tokens(tmp_path: Path) -> None:
    path = tmp_path / "opencode.db"
    write_v2(LARGE, path)
    pairs = rows(
        path,
        "SELECT m.id, json_extract(m.data, '$.parentID') FROM message AS m JOIN session_v2 AS s ON s.id = m.session_id "
        "WHERE json_extract(m.data, '$.summary') = 1",
    )
    taken = dict(rows(path, "SELECT id, data FROM session_message WHERE type = 'compaction'"))
    merged = [json.loads(taken[prompt]) for _, prompt in pairs if prompt in taken]

    assert merged
    assert all("tokens" not in data and "cost" not in data for data in merged)
    assert taken.keys().isdisjoint(message for message, _ in pairs)


def test_a_log_of_1x_does_not_outlive_the_takeover(tmp_path: Path) -> None:
    early = history(6, LARGE.size.of(200))
    write_database(early, tmp_path / "opencode.db")
    before = {row[0] for row in rows(tmp_path / "opencode.db", "SELECT id FROM event")}
    write_database(LARGE, tmp_path / "opencode.db")
    after = {row[0] for row in rows(tmp_path / "opencode.db", "SELECT id FROM event")}

    assert early.migrated_ms is None
    assert before
    assert after
    assert before.isdisjoint(after)


def test_2x_does_not_write_before_it_took_over(tmp_path: Path) -> None:
    early = history(6, LARGE.size.of(20))

    with pytest.raises(ValueError, match="not taken over"):
        write_v2(early, tmp_path / "opencode.db")


def test_a_running_total_of_a_migrated_fork_contains_its_copies(tmp_path: Path) -> None:
    path = tmp_path / "opencode.db"
    write_v2(LARGE, path)
    forks = [one for one in LARGE.conversations if one.migrated and one.in_v2 and one.fork_of is not None]
    told = dict(rows(path, f"SELECT id, {' + '.join(COUNTS.split(', '))} FROM session_v2"))
    copied = {one.id: sum(a.tokens.total for a in one.contained if a.tokens and not a.genuine) for one in forks}

    assert any(copied.values())
    assert all(told[name] >= tokens for name, tokens in copied.items())
    assert rows(path, "SELECT count(*) FROM session_v2 WHERE version LIKE '1.%' AND fork_session_id IS NOT NULL") == [
        (0,)
    ]


def test_1x_rows_are_left_as_they_were(tmp_path: Path) -> None:
    early = history(6, LARGE.size.of(250))
    write_v1(early, tmp_path / "before.db")
    write_v2(LARGE, tmp_path / "after.db")
    question = "SELECT id, data FROM message WHERE session_id = '{}' ORDER BY id"
    same = [one.id for one in LARGE.conversations if one.migrated and one.in_v1]

    assert same
    assert early.migrated_ms is None
    for name in same:
        assert rows(tmp_path / "after.db", question.format(name)) == rows(tmp_path / "before.db", question.format(name))
