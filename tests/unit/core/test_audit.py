"""One conversation a cause."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opencode_stats.core.audit import Audit, Cause, Claim, Claims, Maker, OwnRow, SessionRow, Share, audit

ROW = OwnRow("msg_1", "ses_1", "counted", "final", 100, priced=True, live=True, api=1, auxiliary=False, deleted=False)
CLAIM = Claim("ses_1", 100)


def claims(
    *messages: tuple[str, Claim], session: SessionRow | None = None, legacy: frozenset[str] = frozenset()
) -> Claims:
    sessions = {} if session is None else {"ses_1": session}
    return Claims(dict(messages), sessions, frozenset(sessions), legacy)


def causes(found: Audit) -> tuple[dict[Cause, int], dict[Cause, int]]:
    """From the naive sum, and from the session rows."""
    assert found.session_rows is not None
    assert found.naive.at_odds == found.session_rows.at_odds == 0
    naive, rows = found.naive.causes, found.session_rows.causes
    return {cause: one.tokens for cause, one in naive.items()}, {cause: one.tokens for cause, one in rows.items()}


def test_nothing_differs() -> None:
    found = audit([ROW], claims(("msg_1", CLAIM), session=SessionRow(100, "v1")))

    assert (causes(found), found.ours, found.naive.figure) == (({}, {}), Share(100, 1), 100)


@pytest.mark.parametrize(
    ("row", "there", "from_naive", "from_rows"),
    [
        (replace(ROW, standing="copy"), claims(("msg_1", CLAIM), session=SessionRow(100, "v1")), "forks", "forks"),
        (replace(ROW, standing="copy"), claims(("msg_1", CLAIM), session=SessionRow(0, "v2")), "forks", None),
        (
            replace(ROW, standing="copy"),
            claims(("msg_1", CLAIM), session=SessionRow(100, "migrated")),
            "forks",
            "forks",
        ),
        (
            replace(ROW, standing="pending"),
            claims(("msg_1", CLAIM), session=SessionRow(100, "v1")),
            "undecided",
            "undecided",
        ),
        (ROW, claims(session=SessionRow(0, "v1")), "reverted", "reverted"),
        (ROW, claims(session=SessionRow(0, "migrated")), "reverted", "reverted"),
        (replace(ROW, api=2), claims(session=SessionRow(100, "v2")), "reverted", None),
        (replace(ROW, api=2), claims(session=SessionRow(100, "migrated")), "reverted", None),
        (replace(ROW, deleted=True), claims(), "deleted", "deleted"),
        (replace(ROW, live=False), claims(), "deleted", "deleted"),
        (ROW, claims(), "live_only", "live_only"),
        (replace(ROW, live=False), claims(legacy=frozenset({"msg_1"})), "legacy_storage", "legacy_storage"),
        (replace(ROW, auxiliary=True, api=2), claims(session=SessionRow(100, "v2")), "auxiliary", None),
        (
            replace(ROW, api=2),
            claims(("msg_1", replace(CLAIM, engine="embedded")), session=SessionRow(0, "v1")),
            None,
            "embedded",
        ),
    ],
)
def test_each_cause(row: OwnRow, there: Claims, from_naive: Cause | None, from_rows: Cause | None) -> None:
    sign = -1 if row.standing != "counted" else 1

    assert causes(audit([row], there)) == (
        {} if from_naive is None else {from_naive: sign * 100},
        {} if from_rows is None else {from_rows: sign * 100},
    )


def test_what_is_on_disk_and_was_not_taken_in() -> None:
    found = audit([], claims(("msg_1", replace(CLAIM, sound=False)), session=SessionRow(100, "v1")))

    assert causes(found) == ({"unsound": -100}, {"unsound": -100})


@pytest.mark.parametrize("maker", ["v1", "migrated"])
def test_what_was_brought_in(maker: Maker) -> None:
    row = replace(ROW, standing="copy", live=False)
    found = audit([row], claims(("msg_1", replace(CLAIM, elsewhere=True)), session=SessionRow(100, maker)))

    assert causes(found) == ({"elsewhere": -100}, {"elsewhere": -100})


def test_what_has_no_cause_is_left_over_and_never_set_off() -> None:
    missing = ("msg_2", Claim("ses_2", 7))
    more = replace(ROW, tokens=107)

    found = audit([more], claims(("msg_1", CLAIM), missing, session=SessionRow(100, "v1")))

    assert (found.naive.unexplained, found.naive.at_odds, found.naive.causes) == (0, 2, {})
    assert found.session_rows is not None
    assert (found.session_rows.unexplained, found.session_rows.at_odds) == (7, 1)


def test_what_nobody_knows_is_counted_and_in_no_figure() -> None:
    aborted = replace(ROW, state="aborted", tokens=None)
    rows = [aborted, replace(aborted, message="b"), replace(aborted, message="c", state="unfinished")]
    found = audit([*rows, replace(ROW, message="d", standing="copy", tokens=None)], claims())

    assert (found.unknown, found.ours, causes(found)) == ({"aborted": 2, "unfinished": 1}, Share(), ({}, {}))


def test_where_ours_come_from_and_what_has_no_price() -> None:
    rows = [ROW, replace(ROW, message="b", live=False, priced=False), replace(ROW, message="c", tokens=0, priced=False)]
    found = audit(rows, claims())

    assert (found.told_live, found.imported_only, found.unpriced) == (Share(100, 2), Share(100, 1), Share(100, 1))


def test_without_totals_of_conversations() -> None:
    assert audit([ROW], Claims({"msg_1": CLAIM}, None, frozenset({"ses_1"}))).session_rows is None
