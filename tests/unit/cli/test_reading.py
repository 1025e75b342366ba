from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.support.clock import NOON_MS
from tests.support.ledgers import rows, take
from tests.support.script import Script

from opencode_stats.cli.reading import ask_ledger, read_ledger
from opencode_stats.errors import UserError
from opencode_stats.host.lock import exporter_lock
from opencode_stats.host.paths import Paths
from opencode_stats.ledger.connection import open_ledger

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path


def messages(connection: sqlite3.Connection) -> int:
    return int(rows(connection, "SELECT count(*) FROM messages")[0][0])


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    paths = Paths.of({}, tmp_path)
    with closing(open_ledger(paths.ledger, NOON_MS)) as connection:
        take(connection, Script().started().answer("ses_a", input=5))
    return paths


def test_where_nobody_is_at_work_no_file_appears(paths: Paths) -> None:
    assert ask_ledger(paths, messages) == 1
    assert os.listdir(paths.data) == ["ledger.db"]


def test_beside_a_daemon_its_last_word_is_seen(paths: Paths) -> None:
    with exporter_lock(paths.lock, os.getpid()), closing(open_ledger(paths.ledger, NOON_MS)) as connection:
        take(connection, Script(pid=2).started().answer("ses_b", "msg_b", input=5), file="2.jsonl")
        assert ask_ledger(paths, messages) == 2


def test_who_comes_meanwhile_is_seen_too(paths: Paths) -> None:
    asked = 0

    def ask(connection: sqlite3.Connection) -> int:
        nonlocal asked
        asked += 1
        if asked == 1:
            with closing(open_ledger(paths.ledger, NOON_MS)) as writer:
                take(writer, Script(pid=2).started().answer("ses_b", "msg_b", input=5), file="2.jsonl")
        return messages(connection)

    assert (ask_ledger(paths, ask), asked) == (2, 2)


def test_what_cannot_be_read_is_a_sentence(paths: Paths) -> None:
    paths.ledger.write_bytes(b"garbage" * 1000)

    with pytest.raises(UserError, match="can't be read: file is not a database"):
        read_ledger(paths, messages)
    paths.ledger.unlink()
    with pytest.raises(UserError, match="opencode-stats import makes it"):
        read_ledger(paths, messages)
    assert os.listdir(paths.data) == []


def test_one_that_only_an_exporter_could_make_readable_is_told_by_what_keeps_it_from_that(paths: Paths) -> None:
    trouble = UserError("The lock can't be taken.")
    assert read_ledger(paths, messages, trouble) == 1

    paths.ledger.unlink()

    with pytest.raises(UserError, match="The lock can't be taken"):
        read_ledger(paths, messages, trouble)
