"""One conversation a cause."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opencode_stats.core.amounts import Amounts
from opencode_stats.core.audit import Audit, Cause, Share, audit
from opencode_stats.core.claims import Claim, Claims, Maker, OwnRow, SessionRow

HUNDRED = Amounts(50, 20, 15, 10, 5, 7_000)
ROW = OwnRow(
    "msg_1", "ses_1", "counted", "final", HUNDRED, priced=True, live=True, api=1, auxiliary=False, deleted=False
)
CLAIM = Claim("ses_1", HUNDRED)


def claims(
    *messages: tuple[str, Claim], session: SessionRow | None = None, legacy: frozenset[str] = frozenset()
) -> Claims:
    sessions = {} if session is None else {"ses_1": session}
    return Claims(dict(messages), sessions, frozenset(sessions), legacy)


def causes(found: Audit) -> tuple[dict[Cause, Amounts], dict[Cause, Amounts]]:
    """From the naive sum, and from the session rows."""
    assert found.session_rows is not None
    assert found.naive.at_odds == found.session_rows.at_odds == 0
    naive, rows = found.naive.causes, found.session_rows.causes
    return {cause: one.amounts for cause, one in naive.items()}, {cause: one.amounts for cause, one in rows.items()}


def test_nothing_differs() -> None:
    found = audit([ROW], claims(("msg_1", CLAIM), session=SessionRow(HUNDRED, "v1")))

    assert (causes(found), found.ours, found.naive.figure) == (({}, {}), Share(HUNDRED, 1), HUNDRED)


@pytest.mark.parametrize(
    ("row", "there", "from_naive", "from_rows"),
    [
        (replace(ROW, standing="copy"), claims(("msg_1", CLAIM), session=SessionRow(HUNDRED, "v1")), "forks", "forks"),
        (replace(ROW, standing="copy"), claims(("msg_1", CLAIM), session=SessionRow(Amounts(), "v2")), "forks", None),
        (
            replace(ROW, standing="copy"),
            claims(("msg_1", CLAIM), session=SessionRow(HUNDRED, "migrated")),
            "forks",
            "forks",
        ),
        (
            replace(ROW, standing="pending"),
            claims(("msg_1", CLAIM), session=SessionRow(HUNDRED, "v1")),
            "undecided",
            "undecided",
        ),
        (ROW, claims(session=SessionRow(Amounts(), "v1")), "reverted", "reverted"),
        (ROW, claims(session=SessionRow(Amounts(), "migrated")), "reverted", "reverted"),
        (replace(ROW, api=2), claims(session=SessionRow(HUNDRED, "v2")), "reverted", None),
        (replace(ROW, api=2), claims(session=SessionRow(HUNDRED, "migrated")), "reverted", None),
        (replace(ROW, deleted=True), claims(), "deleted", "deleted"),
        (replace(ROW, live=False), claims(), "deleted", "deleted"),
        (ROW, claims(), "live_only", "live_only"),
        (replace(ROW, live=False), claims(legacy=frozenset({"msg_1"})), "legacy_storage", "legacy_storage"),
        (replace(ROW, auxiliary=True, api=2), claims(session=SessionRow(HUNDRED, "v2")), "auxiliary", None),
        (
            replace(ROW, api=2),
            claims(("msg_1", replace(CLAIM, engine="embedded")), session=SessionRow(Amounts(), "v1")),
            None,
            "embedded",
        ),
    ],
)
def test_each_cause(row: OwnRow, there: Claims, from_naive: Cause | None, from_rows: Cause | None) -> None:
    difference = -HUNDRED if row.standing != "counted" else HUNDRED

    assert causes(audit([row], there)) == (
        {} if from_naive is None else {from_naive: difference},
        {} if from_rows is None else {from_rows: difference},
    )


def test_what_is_on_disk_and_was_not_taken_in() -> None:
    found = audit([], claims(("msg_1", replace(CLAIM, sound=False)), session=SessionRow(HUNDRED, "v1")))

    assert causes(found) == ({"unsound": -HUNDRED}, {"unsound": -HUNDRED})


@pytest.mark.parametrize("maker", ["v1", "migrated"])
def test_what_was_brought_in(maker: Maker) -> None:
    row = replace(ROW, standing="copy", live=False)
    found = audit([row], claims(("msg_1", replace(CLAIM, elsewhere=True)), session=SessionRow(HUNDRED, maker)))

    assert causes(found) == ({"elsewhere": -HUNDRED}, {"elsewhere": -HUNDRED})


def test_what_has_no_cause_is_left_over_and_never_set_off() -> None:
    missing = ("msg_2", Claim("ses_2", Amounts(7)))
    more = replace(ROW, amounts=HUNDRED + Amounts(7))

    found = audit([more], claims(("msg_1", CLAIM), missing, session=SessionRow(HUNDRED, "v1")))

    assert (found.naive.unexplained, found.naive.at_odds, found.naive.causes) == (Amounts(), 2, {})
    assert found.session_rows is not None
    assert (found.session_rows.unexplained, found.session_rows.at_odds) == (Amounts(7), 1)


def test_a_kind_is_not_set_off_against_another_nor_against_the_cost() -> None:
    other = HUNDRED + Amounts(5, -5)
    found = audit([replace(ROW, amounts=other)], claims(("msg_1", CLAIM), session=SessionRow(HUNDRED, "v1")))
    assert (found.naive.unexplained, found.naive.unexplained.tokens, found.naive.at_odds) == (Amounts(5, -5), 0, 1)

    dearer = audit([replace(ROW, amounts=HUNDRED + Amounts(cost_microusd=2))], claims(("msg_1", CLAIM)))
    assert (dearer.naive.unexplained, dearer.naive.at_odds) == (Amounts(cost_microusd=2), 1)


def test_what_is_left_of_costs_that_were_rounded_row_by_row() -> None:
    rows = [replace(ROW, message=f"msg_{number}") for number in range(6)]
    said = {row.message: CLAIM for row in rows}
    half = Amounts(*[6 * getattr(HUNDRED, kind) for kind in ("input", "output", "reasoning", "cache_read")])
    whole = half + Amounts(cache_write=30, cost_microusd=42_000)
    for off, left in ((-4, 0), (4, 0), (5, -5), (-5, 5)):
        session = SessionRow(whole + Amounts(cost_microusd=off), "v1")
        found = audit(rows, Claims(said, {"ses_1": session}, frozenset({"ses_1"}))).session_rows
        assert found is not None
        rounding = {} if left else {"rounding": Share(Amounts(cost_microusd=-off), 0)}
        assert (found.causes, found.unexplained) == (rounding, Amounts(cost_microusd=left))


def test_a_session_row_that_makes_no_sense_is_off_by_what_it_is_off() -> None:
    found = audit([ROW], claims(("msg_1", CLAIM), session=SessionRow(Amounts(-900), "v2", sound=False))).session_rows

    assert found is not None
    assert (found.causes, found.at_odds) == ({"unsound": Share(HUNDRED - Amounts(-900), 1)}, 0)


def test_what_nobody_knows_is_counted_and_in_no_figure() -> None:
    aborted = replace(ROW, state="aborted", amounts=None)
    rows = [aborted, replace(aborted, message="b"), replace(aborted, message="c", state="unfinished")]
    found = audit([*rows, replace(ROW, message="d", standing="copy", amounts=None)], claims())

    assert (found.unknown, found.ours, causes(found)) == ({"aborted": 2, "unfinished": 1}, Share(), ({}, {}))


def test_where_ours_come_from_and_what_has_no_price() -> None:
    rows = [
        ROW,
        replace(ROW, message="b", live=False, priced=False),
        replace(ROW, message="c", amounts=Amounts(), priced=False),
    ]
    found = audit(rows, claims())

    assert (found.told_live, found.imported_only, found.unpriced) == (
        Share(HUNDRED, 2),
        Share(HUNDRED, 1),
        Share(HUNDRED, 1),
    )


def test_without_totals_of_conversations() -> None:
    assert audit([ROW], Claims({"msg_1": CLAIM}, None, frozenset({"ses_1"}))).session_rows is None


def test_what_is_not_counted_is_told_also_where_no_database_has_it() -> None:
    copy, unclear = replace(ROW, standing="copy"), replace(ROW, message="msg_2", standing="pending", amounts=None)

    found = audit([copy, unclear], claims())

    assert (found.copies, found.undecided, found.ours) == (Share(HUNDRED, 1), Share(Amounts(), 1), Share())
    assert found.naive.causes == {}
