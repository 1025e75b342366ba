"""Conversations that OpenCode 2.x took over from 1.x, when 1.x's lines and rows come and go late."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.support.clock import NOON_MS
from tests.support.forgetting import LATER_MS, forget, messages
from tests.support.ledgers import take
from tests.support.opencode2_database import TAKEN_OVER_MS, OpenCode2Database, taken_over
from tests.support.script import Script

from opencode_stats.core.tokens import NO_TOKENS, Tokens
from opencode_stats.core.totals import Usage
from opencode_stats.ingest.opencode_database import take_database
from opencode_stats.ledger.connection import open_ledger
from opencode_stats.ledger.queries import total
from opencode_stats.ledger.verify import verify

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_ledger(tmp_path / "ledger.db", NOON_MS)) as connection:
        yield connection
        assert verify(connection) == []


@pytest.fixture
def v2(tmp_path: Path) -> OpenCode2Database:
    """With a title that only the running total has."""
    return taken_over(tmp_path).charge("ses_old", 30)


def whole(kept: sqlite3.Connection) -> int:
    return total(kept).whole.tokens.total


def left(kept: sqlite3.Connection) -> Tokens:
    return total(kept).by_model.get((None, "auxiliary"), Usage(NO_TOKENS)).tokens


def old_line(name: str, tokens: int, *, at_ms: int = NOON_MS, **members: object) -> Script:
    """What OpenCode 1.x told of a message of the conversation."""
    return Script(at_ms=at_ms).started().answer("ses_old", name, input=tokens, cost_usd=0.001, **members)


def test_what_1x_adds_after_the_takeover_is_no_part_of_the_total(
    kept: sqlite3.Connection, v2: OpenCode2Database
) -> None:
    v2.write(
        "INSERT INTO message SELECT 'msg_late', session_id, ?, ?, json_set(data, '$.time.created', ?) "
        "FROM message WHERE id = 'msg_step'",
        *[TAKEN_OVER_MS + 1] * 3,
    )
    take_database(kept, v2.path, NOON_MS)

    assert (whole(kept), left(kept)) == (100 + 5_000 + 30 + 100, Tokens(30))


@pytest.mark.parametrize("first", ["line", "database"])
def test_what_1x_removed_after_the_takeover_is_part_of_it(
    kept: sqlite3.Connection, v2: OpenCode2Database, first: str
) -> None:
    v2.write("DELETE FROM message WHERE id = 'msg_step'")
    line = old_line("msg_step", 100)
    if first == "line":
        take(kept, line)
    take_database(kept, v2.path, NOON_MS)
    if first == "database":
        take(kept, line)

    assert (whole(kept), left(kept)) == (100 + 5_000 + 30, Tokens(30))


@pytest.mark.parametrize("first", ["line", "database"])
def test_what_both_engines_undid_is_counted_twice_at_no_moment(
    kept: sqlite3.Connection, v2: OpenCode2Database, first: str
) -> None:
    v2.write("DELETE FROM message WHERE id = 'msg_step'").write("DELETE FROM session_message WHERE id = 'msg_step'")
    lines = [old_line("msg_step", 100), Script(pid=2, api=2).started().usage("ses_old", input=5_140)]
    if first == "line":
        for number, line in enumerate(lines):
            take(kept, line, file=f"{number}")
            assert whole(kept) == 100
    take_database(kept, v2.path, NOON_MS)
    assert whole(kept) == 100 + 5_000 + 30
    if first == "database":
        for number, line in enumerate(lines):
            take(kept, line, file=f"{number}")
            assert whole(kept) == 100 + 5_000 + 30

    assert left(kept) == Tokens(30)


@pytest.mark.parametrize(("heard", "title"), [(5_140, 30), (5_170, 10), (None, 10)])
def test_what_1x_undid_before_the_takeover_takes_from_the_total_only_where_2x_was_heard_of_late(
    kept: sqlite3.Connection, v2: OpenCode2Database, heard: int | None, title: int
) -> None:
    """Nobody can say then that it was undone before: what is left is too small, and nothing counts twice."""
    take(kept, old_line("msg_undone", 20))
    if heard is not None:
        take(kept, Script(pid=2, api=2).started().usage("ses_old", input=heard), file="2x")
    take_database(kept, v2.path, NOON_MS)

    assert (whole(kept), left(kept)) == (20 + 5_100 + title, Tokens(title))


def test_a_step_that_2x_made_while_the_clock_was_stepped_back_is_its_own(
    kept: sqlite3.Connection, v2: OpenCode2Database
) -> None:
    """So it is older than the takeover; what was told of the total before it had it does not."""
    take(kept, Script(pid=2, api=2).started().usage("ses_old", input=5_140))
    v2.step("ses_old", 700)
    take_database(kept, v2.path, NOON_MS)

    assert (whole(kept), left(kept)) == (5_130 + 700, Tokens(30))


def test_a_fork_that_2x_made_is_no_takeover_though_it_bears_its_source_s_version(
    kept: sqlite3.Connection, v2: OpenCode2Database
) -> None:
    fork = {"version": "1.18.33", "fork_session_id": "ses_old", "time_created": TAKEN_OVER_MS + 1_000}
    v2.session("ses_fork", **fork).row("ses_fork", "assistant", v2.settled(100), name="msg_00fork_1")
    v2.charge("ses_fork", 70)
    take_database(kept, v2.path, NOON_MS)

    assert (whole(kept), left(kept)) == (5_130 + 70, Tokens(100))


@pytest.mark.parametrize("since", ["deleted", "written to"])
def test_copies_that_both_engines_undid_are_never_taken_for_a_title(
    kept: sqlite3.Connection, v2: OpenCode2Database, since: str
) -> None:
    """Nobody knows of them at first, so what else is in the total is known once 2.x was heard of."""
    v2.write("DELETE FROM message WHERE id = 'msg_1fffffffffffcopy'")
    v2.write("UPDATE session_v2 SET title = 'Something (fork #2)'")
    if since == "deleted":
        v2.write("DELETE FROM session").write("UPDATE session_message SET time_created = ?", NOON_MS)
    else:
        v2.write("UPDATE session SET time_updated = ?", TAKEN_OVER_MS + 1)
    take(kept, old_line("msg_summary", 5_000, parent="msg_request", summary=True))
    take_database(kept, v2.path, NOON_MS)
    assert (whole(kept), left(kept)) == (5_100, NO_TOKENS)

    take(kept, old_line("msg_1fffffffffffcopy", 40, created_ms=NOON_MS - 9_000), file="fork")
    assert (whole(kept), left(kept)) == (5_100, NO_TOKENS)
    take(kept, Script(pid=2, api=2).started().usage("ses_old", input=5_140), file="2x")
    assert (whole(kept), left(kept)) == (5_130, Tokens(30))


def test_a_compaction_that_1x_removed_is_counted_twice_at_no_moment(
    kept: sqlite3.Connection, v2: OpenCode2Database
) -> None:
    v2.write("DELETE FROM message WHERE id = 'msg_summary'")
    take_database(kept, v2.path, NOON_MS)
    assert (whole(kept), left(kept)) == (5_130, Tokens(5_030))

    take(kept, old_line("msg_summary", 5_000, parent="msg_request", summary=True))
    assert (whole(kept), left(kept)) == (5_130, Tokens(30))


def test_a_line_of_a_conversation_that_1x_forgot_is_counted_twice_at_no_moment(
    kept: sqlite3.Connection, v2: OpenCode2Database
) -> None:
    v2.write("DELETE FROM message").write("DELETE FROM session")
    take_database(kept, v2.path, NOON_MS)
    # The copy, too, is in the total, and nothing else is left of it.
    assert (whole(kept), left(kept)) == (5_170, Tokens(5_070))

    take(kept, old_line("msg_summary", 5_000))
    assert (whole(kept), left(kept)) == (5_170, Tokens(70))
    v2.step("ses_old", 7)
    take_database(kept, v2.path, NOON_MS)
    take(kept, old_line("msg_later", 900, at_ms=TAKEN_OVER_MS + 5_000), file="later")
    assert (whole(kept), left(kept)) == (5_170 + 7 + 900, Tokens(70))


def test_the_least_total_that_was_told_bounds_what_was_taken_over(
    kept: sqlite3.Connection, v2: OpenCode2Database
) -> None:
    script = Script(pid=2, api=2).started().conversation("ses_old", change="updated").usage("ses_old", input=5_140)
    take(kept, script.usage("ses_old", input=5_170))
    assert left(kept) == Tokens(30)

    # Two rows that say more than 2.x found when it took over, as an old 1.x may leave them behind.
    v2.write("UPDATE message SET data = json_set(data, '$.tokens.input', 9000) WHERE id = 'msg_step'")
    take_database(kept, v2.path, NOON_MS)
    assert left(kept) == Tokens(30)


def test_without_the_time_of_the_takeover_all_that_1x_has_is_part_of_it(
    kept: sqlite3.Connection, v2: OpenCode2Database
) -> None:
    v2.write("DELETE FROM kv")
    v2.write(
        "INSERT INTO message SELECT 'msg_late', session_id, ?, ?, json_set(data, '$.time.created', ?, "
        "'$.tokens.input', 10) FROM message WHERE id = 'msg_step'",
        *[TAKEN_OVER_MS + 1] * 3,
    )
    take_database(kept, v2.path, NOON_MS)

    assert left(kept) == Tokens(20)


@pytest.mark.parametrize("first", ["database", "forgetting"])
def test_what_is_forgotten_of_1x_is_part_of_the_total_once(
    kept: sqlite3.Connection, v2: OpenCode2Database, first: str
) -> None:
    if first == "database":
        take_database(kept, v2.path, NOON_MS)
        assert (whole(kept), left(kept)) == (5_130, Tokens(30))
    else:
        take(kept, old_line("msg_step", 100).ended(), file="old")
        take(kept, Script(pid=3, start_ticks=5, at_ms=LATER_MS).started().prompt("ses_new"), file="new")
        kept.execute("UPDATE runs SET ended_ms = last_activity_ms WHERE id = 1")
    forget(kept, LATER_MS)
    assert messages(kept) == (["auxiliary:ses_old"] if first == "database" else [])

    v2.step("ses_old", 7)
    take_database(kept, v2.path, NOON_MS)

    assert (whole(kept), left(kept)) == (5_130 + 7, Tokens(30))


def test_what_1x_told_after_a_takeover_that_it_forgot_is_no_part_of_the_total_though_it_is_forgotten(
    kept: sqlite3.Connection, v2: OpenCode2Database
) -> None:
    v2.write("DELETE FROM message").write("DELETE FROM session")
    take_database(kept, v2.path, NOON_MS)
    late = old_line("msg_later", 900, at_ms=TAKEN_OVER_MS + 5_000).ended()
    take(kept, late, Script(pid=3, start_ticks=5, at_ms=LATER_MS).started().prompt("ses_new"))
    kept.execute("UPDATE runs SET ended_ms = last_activity_ms WHERE id = 1")
    before = left(kept)
    forget(kept, LATER_MS)

    v2.step("ses_old", 7)
    take_database(kept, v2.path, NOON_MS)

    assert (whole(kept), left(kept)) == (5_170 + 900 + 7, before)
