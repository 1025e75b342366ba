"""The files of workspaces: whose figures are in them, and how often they are written."""

from __future__ import annotations

import json
import logging
from datetime import UTC
from typing import TYPE_CHECKING

import pytest
from tests.support.clock import NOON_MS
from tests.support.files import FaultyFiles, no_fault
from tests.support.ledgers import ledger_in_memory, take
from tests.support.script import Script

from opencode_stats.core.days import day_of
from opencode_stats.daemon.workspaces import MINUTE_MS, Workspaces
from opencode_stats.host.paths import Paths

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

    from tests.unit.daemon.household import Household

DAY_MS = 86_400_000


@pytest.fixture
def ledger() -> Iterator[sqlite3.Connection]:
    with ledger_in_memory() as connection:
        yield connection


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    paths = Paths.of({}, tmp_path)
    (paths.data / "tmp").mkdir(parents=True, mode=0o700)
    return paths


class Told:
    """One exporter's, and what its files say."""

    def __init__(self, paths: Paths, ledger: sqlite3.Connection) -> None:
        self._one = Workspaces(FaultyFiles(no_fault), paths)
        self._folder = paths.workspace_stats
        self._ledger = ledger

    def at(self, now_ms: int, *, wanted: bool = True) -> dict[str, tuple[int, int]]:
        self._one.publish(self._ledger, day_of(now_ms, UTC), now_ms, wanted=wanted)
        documents = [json.loads(path.read_bytes()) for path in self._folder.glob("*")]
        return {one["directory"]: (one["daily"]["totalTokens"], one["total"]["totalTokens"]) for one in documents}


def used(directory: str | None, tokens: int, at_ms: int = NOON_MS) -> Script:
    # Ids are made of instants, and each message is to have its own.
    script = Script(pid=at_ms % 1_000_003 + tokens, at_ms=at_ms + 40 * tokens).started()
    return script.answer(f"ses_{at_ms}_{tokens}", input=tokens, directory=directory)


def test_each_workspace_has_its_figures(ledger: sqlite3.Connection, paths: Paths) -> None:
    take(ledger, used("/a", 1, NOON_MS - DAY_MS), used("/a", 2), used("/b", 4), used("/old", 8, NOON_MS - DAY_MS))

    assert Told(paths, ledger).at(NOON_MS + 1_000) == {"/a": (2, 3), "/b": (4, 4), "/old": (0, 8)}


def test_nothing_is_written_where_nobody_asked(ledger: sqlite3.Connection, paths: Paths) -> None:
    take(ledger, used("/a", 1))

    assert Told(paths, ledger).at(NOON_MS, wanted=False) == {}
    assert not paths.workspace_stats.exists()
    assert Told(paths, ledger).at(NOON_MS) != {}


def test_who_asks_for_them_once_more_gets_all_of_them(ledger: sqlite3.Connection, paths: Paths) -> None:
    told = Told(paths, ledger)
    take(ledger, used("/a", 1), used("/b", 2))
    told.at(NOON_MS)

    told.at(NOON_MS + 1, wanted=False)
    for path in paths.workspace_stats.iterdir():
        path.unlink()

    assert told.at(NOON_MS + 2) == {"/a": (1, 1), "/b": (2, 2)}


def test_an_empty_ledger_has_none(ledger: sqlite3.Connection, paths: Paths) -> None:
    assert Told(paths, ledger).at(NOON_MS) == {}


def test_they_are_at_most_a_minute_old(ledger: sqlite3.Connection, paths: Paths) -> None:
    told = Told(paths, ledger)
    take(ledger, used("/a", 1))
    assert told.at(NOON_MS + 100) == {"/a": (1, 1)}
    take(ledger, used("/a", 2, NOON_MS + 1), file="2.jsonl")

    assert told.at(NOON_MS + MINUTE_MS) == {"/a": (1, 1)}
    assert told.at(NOON_MS + 100 + MINUTE_MS) == {"/a": (3, 3)}


def test_a_clock_that_was_set_back_holds_nothing_up(ledger: sqlite3.Connection, paths: Paths) -> None:
    told = Told(paths, ledger)
    take(ledger, used("/a", 1))
    told.at(NOON_MS + DAY_MS)
    take(ledger, used("/a", 2, NOON_MS + 1), file="2.jsonl")

    assert told.at(NOON_MS + 1_000) == {"/a": (3, 3)}


def test_a_ledger_that_nobody_wrote_to_is_not_asked(ledger: sqlite3.Connection, paths: Paths) -> None:
    take(ledger, used("/a", 1))
    told = Told(paths, ledger)
    told.at(NOON_MS)
    questions: list[str] = []
    ledger.set_trace_callback(questions.append)

    told.at(NOON_MS + 2 * MINUTE_MS)

    assert questions == []


def test_what_cannot_be_written_is_logged_once_and_tried_again(
    ledger: sqlite3.Connection, paths: Paths, caplog: pytest.LogCaptureFixture
) -> None:
    take(ledger, used("/a", 1))
    paths.workspace_stats.write_text("in its place")
    one = Workspaces(FaultyFiles(no_fault), paths)
    with caplog.at_level(logging.WARNING):
        for minute in range(3):
            now_ms = NOON_MS + minute * MINUTE_MS
            one.publish(ledger, day_of(now_ms, UTC), now_ms, wanted=True)
    assert [record.getMessage().partition(" ")[0] for record in caplog.records] == ["workspaces.unwritten"]

    paths.workspace_stats.unlink()
    one.publish(ledger, day_of(NOON_MS, UTC), NOON_MS + 3 * MINUTE_MS, wanted=True)

    assert len(list(paths.workspace_stats.iterdir())) == 1


@pytest.mark.processes
def test_the_exporter_writes_them_where_the_settings_say_so(household: Household) -> None:
    household.write(Script(at_ms=NOON_MS).started().answer("ses_a", input=5, directory="/a"))
    household.call("import")
    assert not household.paths.workspace_stats.exists()

    assert household.call("config", "set", "workspace_stats", "true").returncode == 0
    household.call("import")

    (file,) = household.paths.workspace_stats.iterdir()
    assert json.loads(file.read_bytes())["total"]["totalTokens"] == household.tokens == 5
