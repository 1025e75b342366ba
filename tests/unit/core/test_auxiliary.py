from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencode_stats.core.auxiliary import FORKED, Charge, began_with, residual
from opencode_stats.core.tokens import Tokens

COUNTS = st.integers(0, 2**40)
CHARGES = st.builds(Charge, st.builds(Tokens, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS), COUNTS)
KINDS = ("input", "output", "reasoning", "cache_read", "cache_write")


def test_what_is_in_no_message_is_left_kind_by_kind() -> None:
    total = Charge(Tokens(100, 20, 3, 400, 5), 1_000)
    contained = Charge(Tokens(90, 20, 4, 0, 5), 700)

    assert residual(total, contained) == Charge(Tokens(10, 0, 0, 400, 0), 300)


def test_nothing_is_left_of_what_the_messages_make() -> None:
    assert residual(Charge(Tokens(5), 7), Charge(Tokens(5), 7)) is None
    assert residual(Charge(Tokens(5), 7), Charge(Tokens(9), 9)) is None


def test_the_roundings_of_costs_alone_are_no_request() -> None:
    assert residual(Charge(Tokens(5), 9), Charge(Tokens(5), 7)) is None


@given(total=CHARGES, contained=CHARGES, found=CHARGES)
def test_a_message_that_is_found_later_takes_away_no_more_than_it_brings(
    total: Charge, contained: Charge, found: Charge
) -> None:
    before = residual(total, contained) or Charge()
    after = residual(total, contained + found) or Charge()

    for kind in KINDS:
        old = getattr(contained.tokens, kind) + getattr(before.tokens, kind)
        new = getattr((contained + found).tokens, kind) + getattr(after.tokens, kind)
        assert new >= old
        assert new == max(getattr(total.tokens, kind), getattr((contained + found).tokens, kind))


LEAST = Charge(Tokens(100, 20, 3, 400, 5), 1_000)


@pytest.mark.parametrize(
    ("takeover", "held", "fork_of", "version", "began"),
    [
        (None, Charge(), None, None, LEAST),
        (None, Charge(), None, "1.18.33", LEAST),
        (None, Charge(), None, "0.0.0-beta", LEAST),
        (None, Charge(), None, "2.1.2", Charge()),
        (None, Charge(), "ses_source", None, Charge()),
        (0, LEAST, None, None, Charge()),
        (1, Charge(Tokens(90), 900), None, "1.18.33", Charge(Tokens(90), 900)),
        (2, Charge(Tokens(90, 30), 1_100), None, "1.18.33", Charge(Tokens(90, 20), 1_000)),
        (FORKED, Charge(), None, "1.18.33", LEAST),
    ],
)
def test_what_a_running_total_began_with(
    takeover: int | None, held: Charge, fork_of: str | None, version: str | None, began: Charge
) -> None:
    assert began_with(LEAST, takeover, held, fork_of, version) == began
