"""What is forgotten, what stays, and that no figure changes by it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import UTC
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.clock import NOON_MS
from tests.support.forgetting import (
    ALL,
    DAY_MS,
    LATER_MS,
    UNTIL_MS,
    figures,
    forget,
    messages,
    new_script,
    old_script,
    tell,
)
from tests.support.ledgers import rows, stats_of, take
from tests.support.script import Script

from opencode_stats.core.history import FORGOTTEN, together
from opencode_stats.core.keeping import LEAST_DAYS
from opencode_stats.core.limits import Limit
from opencode_stats.ledger.connection import open_ledger
from opencode_stats.ledger.conversations import conversations_between
from opencode_stats.ledger.day_sums import DaySums
from opencode_stats.ledger.forgetting import Forgetting, forget_before
from opencode_stats.ledger.forgotten import kept_from
from opencode_stats.ledger.queries import total
from opencode_stats.ledger.rebuild import rebuild
from opencode_stats.ledger.timeline import ends_of, figures_over
from opencode_stats.ledger.verify import verify

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def told(ledger: sqlite3.Connection) -> sqlite3.Connection:
    """An old run that is over, and a new one that lives."""
    tell(ledger, old_script(), new_script())
    return ledger


def test_no_figure_changes_and_nothing_is_left_of_who_and_where(told: sqlite3.Connection) -> None:
    DaySums(told).go_on(LATER_MS, UTC, to_the_end=True)
    told.execute("DELETE FROM cursors")  # their files are gone, too
    before = figures(told)

    forget(told)

    assert messages(told) == ["msg_new"]
    assert figures(told) == before
    assert verify(told) == []
    for table, names in (
        ("conversations", [("ses_new",)]),
        ("runs", [(2,)]),
        ("processes", [(2,)]),
        ("prompts", [("ses_new",)]),
        ("title_requests", []),
        ("workspaces", []),
    ):
        column = {"runs": "id", "processes": "pid", "workspaces": "directory"}.get(table, "conversation")
        assert rows(told, f"SELECT {column} FROM {table}") == names, table
    assert rows(told, "PRAGMA foreign_key_check") == []
    assert rebuild(told).changes == ()
    assert figures(told) == before


def test_who_and_where_is_told_to_be_forgotten_and_is_no_zero(told: sqlite3.Connection) -> None:
    (before,) = figures_over(told, [ALL], "directory")

    forget(told)

    (after,) = figures_over(told, [ALL], "directory")
    assert after[None, "/v"] == before[None, "/v"]
    assert after.keys() == {(None, "/v"), (None, FORGOTTEN)}
    assert together(after.values()) == together(before.values())


def test_days_that_are_summed_are_summed_again_without_who_and_where(told: sqlite3.Connection) -> None:
    sums = DaySums(told)
    sums.go_on(LATER_MS + DAY_MS, UTC, to_the_end=True)
    days, before = rows(told, "SELECT * FROM summed_days"), figures(told)

    forget(told)
    assert len(rows(told, "SELECT * FROM summed_days")) == len(days) - 1
    assert sums.go_on(LATER_MS + DAY_MS, UTC, to_the_end=True) == 0

    assert rows(told, "SELECT * FROM summed_days") == days
    assert figures(told) == before
    assert {row[0] for row in rows(told, "SELECT DISTINCT key FROM day_sums WHERE split != 'model'")} == {
        FORGOTTEN,
        "ses_new",
        "build",
        "/v",
    }
    assert verify(told) == []
    for order in ("tokens", "recent"):
        assert [one.id for one in conversations_between(told, 0, ALL.end_ms, order, None)] == ["ses_new"]
    told.execute("UPDATE forgotten_requests SET prompts = prompts + 1")
    assert verify(told) != []


def test_the_first_use_is_still_known(told: sqlite3.Connection) -> None:
    installed = stats_of(told, LATER_MS).total.install_date

    forget(told)

    assert stats_of(told, LATER_MS).total.install_date == installed
    assert ends_of(told) == (NOON_MS, messages_end(told))


def messages_end(ledger: sqlite3.Connection) -> int:
    ((last_ms,),) = rows(ledger, "SELECT max(counted_at_ms) FROM messages")
    return int(last_ms)


@pytest.mark.parametrize(("of", "whose"), [("workspace", "/w"), ("agent", "build")])
def test_what_a_rolling_limit_hangs_on_stays(told: sqlite3.Connection, of: Any, whose: str) -> None:  # noqa: ANN401
    there = messages(told)

    forget(told, limits=[Limit(name="l", window="5h", unit="tokens", amount=1, of=of, whose="another")])
    # None of it is of that one.
    assert len(messages(told)) == 1
    tell(told, Script(pid=3, start_ticks=5).started().conversation("ses_d").answer("ses_d", "msg_d", directory="/w"))
    forget(told, limits=[Limit(name="l", window="5h", unit="tokens", amount=1, of=of, whose=whose)])

    assert "msg_d" in messages(told)
    assert there[0] not in messages(told)
    forget(told, limits=[Limit(name="l", window="week", unit="tokens", amount=1, of=of, whose=whose)])
    assert "msg_d" not in messages(told)


def test_the_run_that_readers_see_keeps_its_figures_though_it_is_over(ledger: sqlite3.Connection) -> None:
    tell(ledger, old_script())
    before = stats_of(ledger, LATER_MS).session

    forget(ledger, LATER_MS)

    assert stats_of(ledger, LATER_MS).session == before


def test_a_copy_leaves_where_nothing_could_make_it_a_message(told: sqlite3.Connection) -> None:
    script = Script(pid=3, start_ticks=3).started().conversation("ses_fork")
    tell(told, script.copy("ses_fork", created_ms=NOON_MS - DAY_MS, input=5))
    ((standing,),) = rows(told, "SELECT standing FROM messages WHERE conversation = 'ses_fork'")
    assert standing == "copy"
    before = figures(told)

    forget(told)

    assert messages(told) == ["msg_new"]
    assert figures(told) == before
    assert rows(told, "SELECT what FROM forgotten_ids WHERE id = ?", *script.messages) == [("copy",)]


def test_a_message_is_deleted_by_nothing_else(told: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="never deleted"):
        told.execute("DELETE FROM messages")
    forget(told)
    with pytest.raises(sqlite3.IntegrityError, match="kept again"):
        told.execute("UPDATE kept_from SET at_ms = at_ms - 1")


def test_what_is_broken_off_goes_on_another_time(told: sqlite3.Connection) -> None:
    before = figures(told)
    for steps in range(1, 20):
        forgetting = forget_before(told, UNTIL_MS)
        done = [step for step, _ in zip(range(steps), forgetting, strict=False)]
        forgetting.close()
        assert figures(told) == before
        assert verify(told) == []
        if len(done) < steps:
            break
    assert messages(told) == ["msg_new"]
    assert rows(told, "PRAGMA secure_delete") == [(0,)]


def test_nothing_of_it_is_left_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with closing(open_ledger(path, 0)) as ledger:
        script = old_script().wait(10)
        script.conversation("ses_told", directory="/secret-place").answer(
            "ses_told", "msg_s", directory="/secret-place"
        )
        tell(ledger, script, new_script())
        ledger.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert b"/secret-place" in path.read_bytes()

        forget(ledger)

        ledger.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert b"/secret-place" not in path.read_bytes()
    assert os.listdir(tmp_path) == ["ledger.db"]


def test_it_follows_the_setting_and_never_goes_back(told: sqlite3.Connection) -> None:
    forgetting = Forgetting(told)
    now_ms = LATER_MS + DAY_MS

    assert not forgetting.go_on(now_ms, UTC, days=0)
    assert kept_from(told) is None
    assert not forgetting.go_on(now_ms, UTC, days=100, to_the_end=True)
    assert kept_from(told) is None
    assert forgetting.go_on(now_ms, UTC, days=LEAST_DAYS)
    since_ms = kept_from(told)
    assert since_ms is not None
    # Days before the last use: nothing was used on the one that it is.
    assert since_ms == LATER_MS - LATER_MS % DAY_MS - LEAST_DAYS * DAY_MS
    while forgetting.go_on(now_ms, UTC, days=LEAST_DAYS):
        pass
    assert messages(told) == ["msg_new"]
    assert not forgetting.go_on(now_ms, UTC, days=100, to_the_end=True)
    assert kept_from(told) == since_ms
    assert not forgetting.go_on(now_ms, UTC, days=0)
    take(told, Script(pid=9, start_ticks=9).started().conversation("ses_l").answer("ses_l", "msg_late", input=1))
    assert "msg_late" in messages(told)


def test_what_comes_late_is_counted_and_forgotten_with_the_next_day(told: sqlite3.Connection) -> None:
    forgetting = Forgetting(told)
    forgetting.go_on(LATER_MS, UTC, days=LEAST_DAYS, to_the_end=True)
    before = total(told).whole.tokens.total

    late = Script(pid=9, start_ticks=9, at_ms=NOON_MS - 5 * DAY_MS).started().conversation("ses_l")
    tell(told, late.answer("ses_l", "msg_late", input=77))

    assert total(told).whole.tokens.total == before + 77
    assert verify(told) == []
    tell(told, Script(pid=2, at_ms=LATER_MS + DAY_MS, start_ticks=7).started().answer("ses_new", "msg_next", input=1))
    forgetting.go_on(LATER_MS + DAY_MS, UTC, days=LEAST_DAYS, to_the_end=True)
    assert messages(told) == ["msg_new", "msg_next"]
    assert total(told).whole.tokens.total == before + 78
    assert verify(told) == []
