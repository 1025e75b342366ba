"""Packed sums of days: whatever the rows are, they are told alike, one by one and together."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.ledgers import ledger_in_memory, rows

from opencode_stats.core.history import Figures, together
from opencode_stats.ledger import packed_days
from opencode_stats.ledger.packed_days import PACKED, each_day, is_packed, pack_day, packed_apart, whole_days

if TYPE_CHECKING:
    from opencode_stats.core.history import Key

DAY_MS = 86_400_000
LARGEST = 2**47 - 1
INSERT = f"INSERT INTO day_sums VALUES (?, ?, ?, '', {', '.join('?' * len(Figures._fields))})"
names = st.sampled_from(["", "/w", '/a "b"', "/a\nb", "ü\u2028\x00", "null"])
numbers = st.integers(0, 50) | st.integers(LARGEST - 2, LARGEST) | st.sampled_from([2**32, 2**47, 2**55])
figures = st.builds(Figures, *[numbers] * len(Figures._fields))
days = st.lists(st.dictionaries(names, figures, max_size=4), max_size=6)


def keep(ledger: sqlite3.Connection, split: str, told: list[dict[str, Figures]]) -> list[dict[Key, Figures]]:
    for number, day in enumerate(told):
        ledger.executemany(INSERT, [(split, number * DAY_MS, name, *of) for name, of in day.items()])
        pack_day(ledger, number * DAY_MS)
    return [{(None, name or None): of for name, of in day.items()} for day in told]


def added_up(told: list[dict[Key, Figures]]) -> dict[Key, Figures]:
    return {key: together(day[key] for day in told if key in day) for day in told for key in day}


@given(told=days, split=st.sampled_from(PACKED), first=st.integers(0, 3), last=st.integers(0, 6))
def test_they_are_the_rows_one_by_one_and_together(
    told: list[dict[str, Figures]], split: str, first: int, last: int
) -> None:
    with ledger_in_memory() as ledger:
        plain = keep(ledger, split, told)
        ends = (first * DAY_MS, last * DAY_MS)

        used = [(number * DAY_MS, day) for number, day in enumerate(plain) if day and first <= number < last]
        assert list(each_day(ledger, split, *ends)) == used
        assert whole_days(ledger, split, *ends) == added_up([day for _, day in used])
        assert packed_apart(ledger) is None


@pytest.mark.parametrize("split", PACKED)
def test_more_days_than_can_be_added_at_once_are_added_all_the_same(
    ledger: sqlite3.Connection, split: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed_days, "_MOST_DAYS", 2)
    told = keep(ledger, split, [{"/w": Figures(LARGEST, number)} for number in range(5)])

    assert whole_days(ledger, split, 0, 5 * DAY_MS) == added_up(told) == {(None, "/w"): Figures(5 * LARGEST, 10)}


def test_figures_are_answers_of_their_own_class(ledger: sqlite3.Connection) -> None:
    keep(ledger, "agent", [{"build": Figures(1, 2)}])

    ((_, day),) = each_day(ledger, "agent", 0, DAY_MS)
    assert day[None, "build"].tokens == whole_days(ledger, "agent", 0, DAY_MS)[None, "build"].tokens == 3


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE packed_days SET figures = zeroblob(80)",
        "UPDATE packed_days SET figures = NULL",
        "UPDATE packed_days SET names = '[\"plan\"]'",
        "DELETE FROM packed_days",
        f"UPDATE packed_days SET start_ms = {DAY_MS}",
        "UPDATE day_sums SET input = 9",
        "DELETE FROM day_sums",
    ],
)
def test_what_is_not_packed_from_its_rows_is_found(ledger: sqlite3.Connection, harm: str) -> None:
    keep(ledger, "agent", [{"build": Figures(1, 2)}])
    assert packed_apart(ledger) is None
    assert is_packed(ledger, 0)

    ledger.execute(harm)

    assert packed_apart(ledger) in {0, DAY_MS}
    assert not is_packed(ledger, 0)


def test_what_is_too_large_to_be_packed_is_left_in_rows(ledger: sqlite3.Connection) -> None:
    keep(ledger, "directory", [{"/w": Figures(LARGEST)}, {"/w": Figures(LARGEST + 1)}])

    assert rows(ledger, "SELECT start_ms, figures IS NULL FROM packed_days") == [(0, 0), (DAY_MS, 1)]


@pytest.mark.parametrize(
    "harm", ["names = '[\"build\"'", "names = '5'", "names = '[[]]'", "names = '[]'", "figures = zeroblob(79)"]
)
@pytest.mark.parametrize("split", PACKED)
def test_harm_to_the_file_is_told_as_that(ledger: sqlite3.Connection, split: str, harm: str) -> None:
    keep(ledger, split, [{"build": Figures(1, 2)}])
    ledger.execute(f"UPDATE packed_days SET {harm}")

    with pytest.raises(sqlite3.DatabaseError, match="packed sums"):
        whole_days(ledger, split, 0, DAY_MS)
    with pytest.raises(sqlite3.DatabaseError, match="packed sums"):
        list(each_day(ledger, split, 0, DAY_MS))
