from __future__ import annotations

import json
import os
import shutil
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.support.clock import NOON_MS
from tests.support.files import FaultyFiles, Killed, killed_at, no_fault
from tests.support.ledgers import rows, take
from tests.support.script import Script

from opencode_stats.errors import LedgerCorrupt, LedgerError
from opencode_stats.host.paths import Paths
from opencode_stats.ledger.backup import back_up
from opencode_stats.ledger.connection import Connection, open_ledger
from opencode_stats.ledger.opening import Ledger
from opencode_stats.ledger.queries import total
from opencode_stats.ledger.recoveries import is_pending, recoveries, sentence_of
from opencode_stats.ledger.recovery import KEPT_FOLDERS, finish, finish_swap, published_total, recover, tokens_of

if TYPE_CHECKING:
    from pathlib import Path

    from opencode_stats.host.files import Files

MODELS = {"claude-sonnet-5": {"totalTokens": 12, "messages": 2}}


def publish(paths: Paths, models: object = None, titles: object = 1) -> None:
    paths.stats_file.parent.mkdir(parents=True, exist_ok=True)
    document = {"schemaVersion": 1, "exporter": {}, "total": {"models": models or MODELS, "titleRequests": titles}}
    paths.stats_file.write_text(json.dumps(document))


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """A ledger with two messages, a backup that has the first one, and a stats.json."""
    paths = Paths.of({}, tmp_path)
    with closing(open_ledger(paths.ledger, NOON_MS)) as connection:
        take(connection, Script(pid=1).started().answer("ses_a", "msg_a", input=5), file="1.jsonl")
        back_up(paths.ledger, paths.backups, NOON_MS)
        take(connection, Script(pid=2).started().answer("ses_b", "msg_b", input=7).titled("ses_b", "t"), file="2.j")
        connection.execute("INSERT INTO sources VALUES ('/o.db', 1, 'm', 1, 'e', 1, 0, '')")
    publish(paths)
    return paths


def recovered(paths: Paths, files: Files | None = None) -> None:
    recover(paths, "a test said so", NOON_MS + 1, FaultyFiles(no_fault) if files is None else files)


def test_the_backup_is_in_place_and_the_damaged_files_are_aside(paths: Paths) -> None:
    damaged = paths.ledger.read_bytes()

    recovered(paths)

    with closing(open_ledger(paths.ledger, NOON_MS)) as connection:
        assert is_pending(connection)
        assert total(connection).whole.tokens.total == 5
        assert rows(connection, "SELECT count(*) FROM sources") == [(0,)]
        (one,) = recoveries(connection)
        assert (one.at_ms, one.cause, one.base) == (NOON_MS + 1, "a test said so", "ledger-20261121T120000000Z.db")
        assert "could be read yet" in sentence_of(one)
    (folder,) = paths.damaged.iterdir()
    assert (folder / "ledger.db").read_bytes() == damaged
    assert (folder / "stats.json").read_bytes() == paths.stats_file.read_bytes()
    assert sorted(os.listdir(paths.data)) == ["backups", "damaged", "ledger.db"]


def test_what_only_the_damaged_file_has_is_salvaged_and_the_rest_is_missing(paths: Paths) -> None:
    recovered(paths)

    with closing(open_ledger(paths.ledger, NOON_MS)) as connection:
        done = finish(connection, paths, NOON_MS + 2, everything_read=True)
        assert done is not None
        assert total(connection).whole.tokens.total == 12
        assert not is_pending(connection)
        assert finish(connection, paths, NOON_MS + 3, everything_read=True) is None
    assert (done.salvaged, done.missing_tokens, done.missing_messages, done.missing_titles) == (1, 0, 0, 1)
    assert "at least 0 tokens, 0 messages and 1 title requests" in sentence_of(done)
    report = json.loads((paths.damaged / done.folder / "report.json").read_bytes())
    assert (report["salvagedMessages"], report["publishedTokens"], report["missingTitleRequests"]) == (1, 12, 1)


def test_it_is_not_over_while_opencodes_storage_cannot_be_read(paths: Paths) -> None:
    publish(paths, {"claude-sonnet-5": {"totalTokens": 112, "messages": 3}}, 0)
    recovered(paths)

    with closing(open_ledger(paths.ledger, NOON_MS)) as connection:
        first = finish(connection, paths, NOON_MS + 2, everything_read=False)
        assert first is not None
        assert (first.finished_ms, first.missing_tokens) == (None, 100)
        take(connection, Script(pid=3).started().answer("ses_c", "msg_c", input=100), file="3.jsonl")
        then = finish(connection, paths, NOON_MS + 3, everything_read=True)

    assert then is not None
    assert (then.finished_ms, then.missing_tokens) == (NOON_MS + 3, 0)
    assert sentence_of(then).endswith("everything that had been published is there.")


def test_it_goes_on_where_the_user_threw_the_damaged_files_away(paths: Paths) -> None:
    recovered(paths)
    (folder,) = paths.damaged.iterdir()
    shutil.rmtree(folder)

    with closing(open_ledger(paths.ledger, NOON_MS)) as connection:
        first = finish(connection, paths, NOON_MS + 2, everything_read=False)
        then = finish(connection, paths, NOON_MS + 3, everything_read=True)

    assert first is not None
    assert then is not None
    assert (first.finished_ms, then.finished_ms) == (None, NOON_MS + 3)
    assert (then.salvaged, then.missing_tokens) == (0, 7)


def test_the_files_to_be_salvaged_stay_though_the_clock_was_set_back(paths: Paths) -> None:
    later = [f"2099010{day}T000000000Z" for day in range(1, KEPT_FOLDERS + 1)]
    for name in later:
        (paths.damaged / name).mkdir(parents=True)

    recovered(paths)

    with closing(open_ledger(paths.ledger, NOON_MS)) as connection:
        done = finish(connection, paths, NOON_MS + 2, everything_read=True)
    assert done is not None
    assert done.salvaged == 1
    assert sorted(os.listdir(paths.damaged)) == [done.folder, *later[1:]]


def test_whoever_is_killed_at_any_call_leaves_a_recovery_that_goes_on(paths: Paths, tmp_path: Path) -> None:
    files = FaultyFiles(no_fault)
    recovered(paths, files)
    calls = len(files.calls)
    assert calls > 10
    killed = 0
    for number in range(1, calls + 1):
        home = tmp_path / str(number)
        own = Paths.of({}, home)
        with closing(open_ledger(own.ledger, NOON_MS)) as connection:
            take(connection, Script(pid=1).started().answer("ses_a", "msg_a", input=5), file="1.jsonl")
            back_up(own.ledger, own.backups, NOON_MS)
        publish(own)
        own.ledger.write_bytes(b"damaged" * 2000)
        try:
            recovered(own, FaultyFiles(killed_at(number)))
        except Killed:
            killed += 1

        one = Ledger(own, NOON_MS + 9)
        assert total(one.connection).whole.tokens.total == 5
        (row,) = recoveries(one.connection)
        assert row.finished_ms is None
        # Where what is left of the old one is looked for.
        assert (own.damaged / row.folder / "ledger.db").read_bytes() == b"damaged" * 2000
        one.close()
        found = [path for path in own.damaged.rglob("ledger.db") if path.read_bytes() == b"damaged" * 2000]
        assert len(found) == 1
        assert sorted(os.listdir(own.data)) == ["backups", "closed", "damaged", "ledger.db"]
    assert killed == calls


@pytest.mark.parametrize("content", [b"", b"no database at all" * 100])
def test_one_that_was_made_and_damaged_since_is_thrown_away_while_its_source_is_there(
    paths: Paths, content: bytes
) -> None:
    made = paths.data / "ledger.recovered"
    made.write_bytes(content)

    with closing(Ledger(paths, NOON_MS + 1, FaultyFiles(no_fault), Connection).connection) as connection:
        assert total(connection).whole.tokens.total == 12
    assert not made.exists()

    made.write_bytes(content)
    paths.ledger.unlink()
    with pytest.raises(LedgerCorrupt):
        finish_swap(paths)


def test_without_a_right_to_write_it_is_said_and_nothing_moves(paths: Paths) -> None:
    (paths.data / "ledger.recovering").mkdir()

    with pytest.raises(LedgerError, match=r"damaged \(a test said so\) and could not be made again"):
        recovered(paths)
    assert paths.ledger.exists()
    assert not paths.damaged.exists()


def test_the_newest_damaged_ledgers_are_kept(paths: Paths) -> None:
    for number in range(KEPT_FOLDERS + 2):
        recover(paths, f"cause {number}", NOON_MS + number)

    assert len(list(paths.damaged.iterdir())) == KEPT_FOLDERS
    with closing(open_ledger(paths.ledger, NOON_MS)) as connection:
        assert [one.cause for one in recoveries(connection) if one.finished_ms is None] == [f"cause {KEPT_FOLDERS + 1}"]


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"schemaVersion": 1, "exporter": {}}', b"\xff"])
def test_a_stats_file_that_says_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "stats.json").write_bytes(content)

    assert published_total(tmp_path / "stats.json") == published_total(tmp_path / "none") == {}
    assert tokens_of({}) == 0
