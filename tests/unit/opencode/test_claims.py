"""What OpenCode's databases say, and which of their messages were brought in from elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.clock import NOON_MS
from tests.support.opencode2_database import OpenCode2Database
from tests.support.opencode_database import SAMPLE, OpenCodeDatabase

from opencode_stats.core.amounts import Amounts
from opencode_stats.core.claims import SessionRow
from opencode_stats.opencode.claims import claims_of

if TYPE_CHECKING:
    from pathlib import Path


def elsewhere(path: Path) -> list[bool]:
    claims, unread = claims_of([path], path.parent)
    assert unread == {}
    return [claim.elsewhere for claim in claims.messages.values()]


def test_the_real_sample(tmp_path: Path) -> None:
    path = tmp_path / "opencode.db"
    path.write_bytes(SAMPLE.read_bytes())
    claims, unread = claims_of([path], tmp_path)

    assert unread == {}
    assert (len(claims.messages), sum(one.amounts.tokens for one in claims.messages.values())) == (11, 22_810)
    assert claims.sessions is not None
    assert sum(one.amounts.tokens for one in claims.sessions.values()) == 22_810
    assert not any(one.elsewhere or not one.sound for one in claims.messages.values())


def test_an_imported_conversation_as_the_real_opencode_writes_it(tmp_path: Path) -> None:
    path = OpenCodeDatabase(tmp_path / "opencode.db").project("/mine").session("ses_1", "/mine", logged=False)
    path.message("ses_1", 5, directory="/theirs", late_ms=30_000)
    # It went on here: the log now has the conversation, but not its beginning.
    path.event("ses_1", "message.updated.1").message("ses_1", 7, directory="/mine")

    assert elsewhere(path.path) == [True, False]


@pytest.mark.parametrize(
    "innocent",
    [
        {"logged": True},
        {"late_ms": 20},
        {"directory": "/mine"},
        {"time": {"created": NOON_MS}, "late_ms": -99_900},
    ],
)
def test_one_thing_alone_speaks_for_the_user(tmp_path: Path, innocent: dict[str, object]) -> None:
    made = OpenCodeDatabase(tmp_path / "opencode.db").project("/mine")
    made.session("ses_1", "/mine", logged=bool(innocent.pop("logged", False)))
    made.message("ses_1", 5, **{"directory": "/theirs", "late_ms": 30_000, **innocent})  # type: ignore[arg-type]

    assert elsewhere(made.path) == [False]


def test_a_place_where_somebody_worked_here(tmp_path: Path) -> None:
    made = OpenCodeDatabase(tmp_path / "opencode.db").session("ses_0", "/theirs").session("ses_1", "/m", logged=False)
    made.message("ses_1", 5, directory="/theirs", late_ms=30_000)
    assert elsewhere(made.path) == [False]

    other = OpenCodeDatabase(tmp_path / "other.db").project("/theirs").session("ses_1", "/m", logged=False)
    other.message("ses_1", 5, directory="/theirs/sub", late_ms=30_000, path={"cwd": "/theirs/sub", "root": "/theirs"})
    assert elsewhere(other.path) == [False]

    # Outside of version control the root is "/" for everybody.
    outside = OpenCodeDatabase(tmp_path / "outside.db").project("/").session("ses_1", "/m", logged=False)
    outside.message("ses_1", 5, late_ms=30_000, path={"cwd": "/theirs", "root": "/"})
    assert elsewhere(outside.path) == [True]


def test_without_a_log_of_events_nothing_can_be_said(tmp_path: Path) -> None:
    made = OpenCodeDatabase(tmp_path / "opencode.db", without=("event",)).session("ses_1", "/m", logged=False)
    made.message("ses_1", 5, directory="/theirs", late_ms=30_000)

    assert elsewhere(made.path) == [False]


def test_several_databases_a_damaged_one_and_json_files(tmp_path: Path) -> None:
    one = OpenCodeDatabase(tmp_path / "opencode.db").session("ses_1").message("ses_1", 5, name="msg_a")
    two = OpenCodeDatabase(tmp_path / "opencode-beta.db").session("ses_1").message("ses_1", 5, name="msg_a")
    two.session("ses_2").message("ses_2", 1, name="msg_b", counts={"input": "many"})
    damaged = tmp_path / "opencode-bad.db"
    damaged.write_bytes(b"nothing of the kind" * 100)
    file = tmp_path / "storage" / "message" / "ses_0" / "msg_old.json"
    file.parent.mkdir(parents=True)
    file.write_text("{}")

    claims, unread = claims_of([one.path, two.path, damaged], tmp_path)

    assert {name: (claim.amounts.tokens, claim.sound) for name, claim in claims.messages.items()} == {
        "msg_a": (5, True),
        "msg_b": (0, False),
    }
    assert claims.sessions == {
        "ses_1": SessionRow(Amounts(5, cost_microusd=1_000), "v1"),
        "ses_2": SessionRow(Amounts(1, cost_microusd=1_000), "v1"),
    }
    assert (set(unread), set(claims.legacy)) == ({str(damaged)}, {"msg_old"})


@pytest.mark.parametrize(
    ("column", "value", "amounts"),
    [
        ("tokens_input", "many", Amounts(cost_microusd=1_000)),
        ("tokens_input", -5, Amounts(-5, cost_microusd=1_000)),
        ("cost", 1e300, Amounts(7)),
        ("cost", "dear", Amounts(7)),
    ],
)
def test_a_running_total_that_makes_no_sense(tmp_path: Path, column: str, value: object, amounts: Amounts) -> None:
    v2 = OpenCode2Database(tmp_path / "opencode.db").session("ses_1").step("ses_1", 7)
    v2.write(f"UPDATE session_v2 SET {column} = ?", value)

    claims, unread = claims_of([v2.path], tmp_path)

    assert (claims.sessions, unread) == ({"ses_1": SessionRow(amounts, "v2", sound=False)}, {})


def test_all_kinds_and_the_cost_of_a_message(tmp_path: Path) -> None:
    counts = {"input": 1, "output": 2, "reasoning": 3, "cache": {"read": 4, "write": 5}}
    made = OpenCodeDatabase(tmp_path / "opencode.db").session("ses_1").message("ses_1", 0, counts=counts, cost=0.25)
    made.message("ses_1", 0, counts={**counts, "input": "x"}, cost="free")

    claims, _ = claims_of([made.path], tmp_path)

    assert [(one.amounts, one.sound) for one in claims.messages.values()] == [
        (Amounts(1, 2, 3, 4, 5, 250_000), True),
        (Amounts(0, 2, 3, 4, 5), False),
    ]
