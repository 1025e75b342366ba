"""What is left of what is forgotten (``Forgotten``), beside what is on disk."""

from __future__ import annotations

import pytest

from opencode_stats.core.amounts import NOTHING, Amounts
from opencode_stats.core.audit import Audit, audit
from opencode_stats.core.claims import Claim, Claims, Forgotten, SessionRow

TEN, TWO = Amounts(input=10, cost_microusd=100), Amounts(output=2)


def audited(
    messages: dict[str, Claim],
    of: dict[str, tuple[str, int]],
    *conversations: tuple[str, int, Amounts, int],
    sessions: dict[str, SessionRow] | None = None,
    unpriced: tuple[Amounts, int] = (NOTHING, 0),
) -> Audit:
    claims = Claims(messages, sessions, frozenset(sessions or ()))
    return audit([], claims, Forgotten(conversations, of.get, unpriced))


def test_nothing_is_forgotten_unless_it_is_said() -> None:
    nothing = Forgotten()
    assert (list(nothing.conversations), nothing.of("msg_1"), nothing.unpriced) == ([], None, (NOTHING, 0))


def test_a_forgotten_message_that_is_on_disk_needs_no_cause() -> None:
    found = audited({"msg_1": Claim("ses_a", TEN)}, {"msg_1": ("counted", 1)}, ("ses_a", 1, TEN, 1))

    assert (found.ours.amounts, found.ours.messages, found.forgotten.messages) == (TEN, 1, 1)
    assert found.naive.causes == {}
    assert found.naive.at_odds == 0


def test_one_that_is_gone_from_disk_is_told_so() -> None:
    claims = {"msg_1": Claim("ses_a", TEN)}
    session = {"ses_a": SessionRow(TEN, "v1")}
    found = audited(claims, {"msg_1": ("counted", 1)}, ("ses_a", 1, TEN + TWO, 2), sessions=session)

    for comparison in (found.naive, found.session_rows):
        assert comparison is not None
        assert {cause: share.amounts for cause, share in comparison.causes.items()} == {"forgotten": TWO}
        assert comparison.at_odds == 0


def test_figures_that_differ_on_disk_are_explained_by_nothing() -> None:
    found = audited({"msg_1": Claim("ses_a", TEN + TWO)}, {"msg_1": ("counted", 1)}, ("ses_a", 1, TEN, 1))

    assert found.naive.unexplained == -TWO
    assert found.naive.at_odds == 1


@pytest.mark.parametrize(("elsewhere", "cause"), [(False, "forks"), (True, "elsewhere")])
def test_a_forgotten_copy_is_in_no_total(elsewhere: bool, cause: str) -> None:
    copy = Claim("ses_f", TEN, elsewhere=elsewhere)
    found = audited({"msg_c": copy}, {"msg_c": ("copy", 1)}, sessions={"ses_f": SessionRow(TEN, "migrated")})

    for comparison in (found.naive, found.session_rows):
        assert comparison is not None
        assert {name: share.amounts for name, share in comparison.causes.items()} == {cause: -TEN}
        assert comparison.at_odds == 0
    assert (found.copies.amounts, found.ours.messages) == (TEN, 0)


def test_what_the_embedded_engine_used_is_in_no_session_row() -> None:
    claim = Claim("ses_a", TEN, engine="embedded")
    found = audited(
        {"msg_1": claim},
        {"msg_1": ("counted", 2)},
        ("ses_a", 2, TEN, 1),
        sessions={"ses_a": SessionRow(NOTHING, "v1")},
    )

    assert found.session_rows is not None
    assert {name: share.amounts for name, share in found.session_rows.causes.items()} == {"embedded": TEN}
    assert found.session_rows.at_odds == 0


def test_what_has_no_price_is_told_with_what_is_forgotten_of_it() -> None:
    found = audited({}, {}, ("ses_a", 1, TWO, 1), unpriced=(TWO, 1))

    assert (found.unpriced.amounts, found.unpriced.messages) == (TWO, 1)
