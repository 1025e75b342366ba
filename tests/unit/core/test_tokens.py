from __future__ import annotations

import pytest

from opencode_stats.core.tokens import NO_TOKENS, Tokens


def test_the_total_is_the_plain_sum_of_the_five_kinds() -> None:
    assert Tokens(1, 20, 300, 4000, 50000).total == 54321


def test_sums_go_kind_by_kind() -> None:
    assert Tokens(1, 2, 3, 4, 5) + Tokens(10, 20, 30, 40, 50) == Tokens(11, 22, 33, 44, 55)


def test_nothing_added_changes_nothing() -> None:
    assert Tokens(1, 2, 3, 4, 5) + NO_TOKENS == Tokens(1, 2, 3, 4, 5)


@pytest.mark.parametrize("kind", ["input", "output", "reasoning", "cache_read", "cache_write"])
def test_no_kind_is_negative(kind: str) -> None:
    with pytest.raises(ValueError, match="negative"):
        Tokens(**{kind: -1})
