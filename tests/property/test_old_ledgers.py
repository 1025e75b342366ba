"""A ledger of any past schema, with rows in it, becomes one of today with the same figures."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.clock import NOON_MS
from tests.support.ledgers import ledger_in_memory, rows, take
from tests.support.old_ledgers import TOKENS, old_ledger, path_of
from tests.support.stories import worlds

from opencode_stats.core.totals import fold
from opencode_stats.errors import LedgerNewer
from opencode_stats.ledger.messages import read_messages
from opencode_stats.ledger.migrations import STEPS, migrate, script_of
from opencode_stats.ledger.queries import total
from opencode_stats.ledger.verify import verify

if TYPE_CHECKING:
    from tests.support.script import Script

SUMS = "SELECT * FROM sums WHERE messages > 0 ORDER BY scope, number, directory, provider, model"


@given(world=worlds(), number=st.integers(1, len(STEPS) - 1))
def test_any_rows_of_any_past_schema_make_the_same_figures(world: list[Script], number: int) -> None:
    with ledger_in_memory() as today:
        take(today, *world)
        with old_ledger(STEPS[:number], today) as old:
            assert migrate(old, NOON_MS, STEPS) == list(STEPS[number:])

            assert fold(read_messages(old)) == total(old) == total(today)
            assert rows(old, SUMS) == rows(today, SUMS)
            assert verify(old) == []
            assert migrate(old, NOON_MS) == []


@pytest.mark.parametrize("number", range(1, len(STEPS)))
def test_the_ledgers_that_were_kept_of_every_past_schema(number: int) -> None:
    path = path_of(STEPS[:number])
    assert path.exists(), "make it with the step before yours: python -m tests.support.old_ledgers"
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as old:
        old.executescript(path.read_text("utf-8"))

        assert migrate(old, NOON_MS) == list(STEPS[number:])

        assert total(old).whole.tokens.total == TOKENS
        assert verify(old) == []
        assert rows(old, "SELECT count(*) FROM title_requests") == [(1,)]


@pytest.mark.parametrize("number", range(1, len(STEPS)))
def test_every_past_version_refuses_the_ledger_of_today(number: int) -> None:
    with ledger_in_memory() as today, pytest.raises(LedgerNewer, match=STEPS[number]):
        migrate(today, NOON_MS, STEPS[:number])


@pytest.mark.parametrize("number", range(len(STEPS)))
def test_a_crash_in_any_step_leaves_the_schema_before_it(number: int) -> None:
    def broken(step: str) -> str:
        script = script_of(step)
        return script if step != STEPS[number] else f"{script.rstrip()}\nCREATE TABLE migrations (x);;\n"

    with closing(sqlite3.connect(":memory:", isolation_level=None)) as one:
        with pytest.raises(sqlite3.OperationalError, match="already exists"):
            migrate(one, NOON_MS, STEPS, broken)
        assert not one.in_transaction
        assert rows(one, "SELECT step FROM migrations ORDER BY step") == [(step,) for step in STEPS[:number]]
        assert migrate(one, NOON_MS) == list(STEPS[number:])
