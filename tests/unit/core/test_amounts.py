from __future__ import annotations

import pytest

from opencode_stats.core.amounts import NOTHING, Amounts

SPENT = Amounts(1, 2, 3, 4, 5, 60)


def test_they_are_added_and_taken_away_kind_by_kind() -> None:
    assert Amounts(2, 4, 6, 8, 10, 120) == SPENT + SPENT
    assert Amounts(-1, 2, 3, 4, 5, -1) == SPENT - Amounts(2, cost_microusd=61)
    assert NOTHING == -SPENT + SPENT


def test_all_tokens_together_are_not_the_cost() -> None:
    assert SPENT.tokens == 15


@pytest.mark.parametrize(
    ("amounts", "some", "of_cost_alone"),
    [
        (NOTHING, False, True),
        (Amounts(1, -1), True, False),
        (Amounts(cache_write=-1), True, False),
        (Amounts(cost_microusd=-1), True, True),
    ],
)
def test_kinds_that_cancel_each_other_are_something(amounts: Amounts, *, some: bool, of_cost_alone: bool) -> None:
    assert (bool(amounts), amounts.of_cost_alone) == (some, of_cost_alone)
