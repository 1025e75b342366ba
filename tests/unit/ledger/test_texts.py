"""Texts out of foreign databases, as they can be kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from opencode_stats.core.bounds import LONGEST_TEXT, fitting
from opencode_stats.ledger import texts

if TYPE_CHECKING:
    import sqlite3

LONG = "n" * (LONGEST_TEXT + 1)


@pytest.fixture
def incoming(ledger: sqlite3.Connection) -> sqlite3.Connection:
    texts.prepare(ledger)
    columns = ", ".join((*texts.IDS, *texts.NAMES))
    ledger.execute(f"CREATE TEMP TABLE incoming ({columns}, honest, fit DEFAULT 1, sound AS (honest AND fit))")
    return ledger


def put(incoming: sqlite3.Connection, **columns: object) -> None:
    known = {"message": "msg", "conversation": "ses", "honest": 1, **columns}
    marks = ", ".join(
        f"CAST(:{name} AS TEXT)" if isinstance(value, bytes) else f":{name}" for name, value in known.items()
    )
    incoming.execute(f"INSERT INTO incoming ({', '.join(known)}) VALUES ({marks})", known)


@pytest.mark.parametrize("bad", [b"\xff", b"a\xed\xa0\x80", b"\xc3", LONG])
def test_a_name_that_cannot_be_kept_is_made_one_that_can(incoming: sqlite3.Connection, bad: bytes | str) -> None:
    put(incoming, model="fine", agent=None)
    put(incoming, model=bad, parent=bad, directory="/w")
    texts.make_fit(incoming)

    expected = fitting(bad) if isinstance(bad, str) else bad.decode("utf-8", "replace")
    assert incoming.execute("SELECT model, parent, agent, directory, sound FROM incoming").fetchall() == [
        ("fine", None, None, None, 1),
        (expected, None, None, "/w", 1),
    ]


@pytest.mark.parametrize("column", ["message", "conversation"])
@pytest.mark.parametrize("bad", [b"\xff", LONG])
def test_what_has_no_id_that_can_be_kept_makes_no_sense(
    incoming: sqlite3.Connection, column: str, bad: bytes | str
) -> None:
    put(incoming, message="msg_fine")
    put(incoming, **{column: bad})
    put(incoming, message="msg_senseless", honest=0)
    texts.make_fit(incoming)

    assert incoming.execute("SELECT sound FROM incoming").fetchall() == [(1,), (0,), (0,)]


def test_halves_that_would_make_a_whole_are_told_apart(incoming: sqlite3.Connection) -> None:
    put(incoming, provider=b"\xc3", model=b"\xa9")
    texts.make_fit(incoming)

    assert incoming.execute("SELECT provider, model FROM incoming").fetchone() == ("\ufffd", "\ufffd")


def test_nothing_incoming_is_no_trouble(incoming: sqlite3.Connection) -> None:
    texts.make_fit(incoming)

    assert incoming.execute("SELECT count(*) FROM incoming").fetchone() == (0,)
