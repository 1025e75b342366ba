"""Today's workspaces, kept up message by message."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from tests.support.clock import NOON_MS
from tests.support.ledgers import STRANGER, ledger_in_memory, take
from tests.support.script import Script
from tests.support.stories import worlds

from opencode_stats.core.days import day_of
from opencode_stats.core.history import Span
from opencode_stats.core.stats import MOST_WORKSPACES, WorkspaceStats
from opencode_stats.ledger.append import Cursor, append
from opencode_stats.ledger.timeline import figures_over
from opencode_stats.ledger.today import TodaysWorkspaces, workspaces_of

if TYPE_CHECKING:
    import sqlite3

DAY_MS = 86_400_000
TODAY = day_of(NOON_MS, UTC)


def test_the_most_used_first_and_none_without_use(ledger: sqlite3.Connection) -> None:
    today = TodaysWorkspaces(ledger)
    assert today.workspaces(TODAY) == ()
    script = Script().started().answer("ses_a", input=1, directory="/a").answer("ses_b", input=5, directory="/b")
    take(
        ledger,
        script.answer("ses_c", directory="/c")
        .answer("ses_d", input=9)
        .wait(DAY_MS)
        .answer("ses_a", input=7, directory="/a"),
    )

    assert today.workspaces(TODAY) == (WorkspaceStats("/b", 5), WorkspaceStats("/a", 1))
    assert today.workspaces(day_of(NOON_MS + DAY_MS, UTC)) == (WorkspaceStats("/a", 7),)
    assert today.workspaces(day_of(NOON_MS - DAY_MS, UTC)) == ()


def test_not_more_than_can_be_shown(ledger: sqlite3.Connection) -> None:
    script = Script().started()
    for number in range(MOST_WORKSPACES + 5):
        script.answer("ses_a", input=number + 1, directory=f"/{number}")
    take(ledger, script)

    shown = workspaces_of(ledger, TODAY)

    assert (len(shown), shown[0].total_tokens, shown[-1].total_tokens) == (MOST_WORKSPACES, MOST_WORKSPACES + 5, 6)


def test_what_is_rolled_back_was_never_there(ledger: sqlite3.Connection) -> None:
    today = TodaysWorkspaces(ledger)
    take(ledger, Script().started().answer("ses_a", input=1, directory="/a"))
    before = today.workspaces(TODAY)
    ledger.execute("BEGIN IMMEDIATE")
    ledger.execute("UPDATE messages SET input = 50")
    assert today.workspaces(TODAY) == (WorkspaceStats("/a", 50),)
    ledger.execute("ROLLBACK")

    assert today.workspaces(TODAY) == before == (WorkspaceStats("/a", 1),)


def test_a_message_that_says_no_directory_belongs_to_its_conversations(ledger: sqlite3.Connection) -> None:
    today = TodaysWorkspaces(ledger)
    assert today.workspaces(TODAY) == ()
    script = Script().started().conversation("ses_a", directory="/a").answer("ses_a", input=1)
    script.answer("ses_a", input=2, directory="/own").answer("ses_b", input=4).answer("ses_none", input=8)
    take(ledger, script)

    assert today.workspaces(TODAY) == (WorkspaceStats("/own", 2), WorkspaceStats("/a", 1))

    # It becomes known afterwards; and OpenCode moves a conversation.
    later = Script(pid=2).started().conversation("ses_b", directory="/b").conversation("ses_a", directory="/b")
    take(ledger, later, file="later.jsonl")

    assert (
        today.workspaces(TODAY) == workspaces_of(ledger, TODAY) == (WorkspaceStats("/b", 5), WorkspaceStats("/own", 2))
    )


@given(world=worlds(), days=st.integers(-1, 1))
def test_it_is_what_history_says_of_that_day(world: list[Script], days: int) -> None:
    day = day_of(NOON_MS + days * DAY_MS, UTC)
    with ledger_in_memory() as ledger:
        take(ledger, *world)
        (by_workspace,) = figures_over(ledger, [Span("", day.start_ms, day.end_ms)], "directory")

        said = {name: figures.tokens for (_, name), figures in by_workspace.items() if name and figures.tokens}

        assert {one.directory: one.total_tokens for one in workspaces_of(ledger, day)} == said


@given(world=worlds(), late=worlds(), days=st.integers(-1, 1))
def test_it_is_what_the_messages_say_whatever_comes(world: list[Script], late: list[Script], days: int) -> None:
    day = day_of(NOON_MS + days * DAY_MS, UTC)
    with ledger_in_memory() as ledger:
        today = TodaysWorkspaces(ledger)
        today.workspaces(day)
        take(ledger, *world)
        assert today.workspaces(day) == workspaces_of(ledger, day)
        for number, script in enumerate(late):
            append(ledger, Cursor(f"late-{number}", 2, number, b"", 1), script.events, STRANGER)
        assert today.workspaces(day) == workspaces_of(ledger, day)
