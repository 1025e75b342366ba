"""What is not kept, as the exporter forgets it: bit by bit, when the setting says so, and nobody waits for it."""

from __future__ import annotations

import logging
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.support.clock import FakeClock
from tests.support.forgetting import DAY_MS, LATER_MS, new_script, old_script
from tests.support.ledgers import rows
from tests.unit.daemon.test_limits import exporter, published, write

from opencode_stats.daemon import open_ledger
from opencode_stats.daemon.exporter import refresh
from opencode_stats.host.paths import Paths
from opencode_stats.ledger import forgetting
from opencode_stats.ledger.connection import open_reader

if TYPE_CHECKING:
    from pathlib import Path


FIRST_TIME = "detail.forgotten_for_the_first_time"


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    found = Paths.of({}, tmp_path)
    for script in (old_script(), new_script()):
        write(found, script)
    return found


@pytest.fixture
def clock() -> FakeClock:
    made = FakeClock()
    made.wall_ms = LATER_MS + DAY_MS
    return made


def number(paths: Paths) -> int:
    with closing(open_reader(paths.ledger)) as ledger:
        ((found,),) = rows(ledger, "SELECT count(*) FROM messages")
    return int(found)


def test_the_setting_is_followed_bit_by_bit(
    paths: Paths, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(forgetting, "MESSAGES_AT_ONCE", 1)
    with exporter(paths, clock, "") as made:
        refresh(made)
        there = number(paths)
        figures = {key: part for key, part in published(paths).items() if key != "exporter"}
        assert (there, made.forgetting) == (4, False)

        paths.settings_file.write_text("keep_days = 32\n")
        refresh(made)
        assert (number(paths), made.forgetting, made.is_behind) == (3, True, True)
        told = [record for record in caplog.records if record.message.startswith(FIRST_TIME)]
        assert [record.levelno for record in told] == [logging.WARNING]

        steps = 0
        while made.is_behind:
            made.catch_up()
            steps += 1
        assert (number(paths), made.forgetting) == (1, False)
        assert steps > 3
        refresh(made)
        assert {key: part for key, part in published(paths).items() if key != "exporter"} == figures
        assert len([record for record in caplog.records if record.message.startswith(FIRST_TIME)]) == 1


def test_one_that_is_started_anew_goes_on(paths: Paths, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "MESSAGES_AT_ONCE", 1)
    for left in (3, 2, 1):
        with exporter(paths, clock, "keep_days = 32\n") as made:
            refresh(made)
            assert number(paths) == left


def test_a_ledger_that_is_made_again_reads_everything_first(
    paths: Paths, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with exporter(paths, clock, "keep_days = 32\n") as made:
        with monkeypatch.context() as patched:
            patched.setattr(open_ledger, "is_pending", lambda _: True)
            refresh(made)
            assert (number(paths), made.forgetting) == (4, False)
        made.forget(to_the_end=True)
        assert number(paths) == 1


def test_a_ledger_that_is_recovered_counts_what_it_forgets_once(paths: Paths, clock: FakeClock) -> None:
    with exporter(paths, clock, "keep_days = 32\n") as made:
        refresh(made)
        made.back_up_if_due()
        made.forget(to_the_end=True)
        tokens = published(paths)["total"]["totalTokens"]
    paths.ledger.write_bytes(b"harmed")
    for _ in range(2):
        with exporter(paths, clock, "keep_days = 32\n") as made:
            refresh(made)
            made.forget(to_the_end=True)
            refresh(made)
            assert published(paths)["total"]["totalTokens"] == tokens
            assert number(paths) == 1
