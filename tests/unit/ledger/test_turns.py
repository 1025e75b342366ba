"""Conversations and their turns: busy, idle, and what asks for attention."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.clock import NOON_MS
from tests.support.ledgers import go_on, rows, stats_of, take
from tests.support.script import Script

from opencode_stats.ledger.queries import total

if TYPE_CHECKING:
    import sqlite3


def asked(connection: sqlite3.Connection) -> list[tuple[str, str | None]]:
    """Kind and conversation of what asks for attention, oldest first."""
    return [(item.kind, item.conversation) for item in reversed(stats_of(connection).attention)]


def begun() -> Script:
    return Script().started().conversation("ses_a", directory="/w").prompt("ses_a").busy("ses_a")


def test_a_turn_at_work_and_then_done(ledger: sqlite3.Connection) -> None:
    script = begun()
    take(ledger, script)
    assert (stats_of(ledger).session.state, stats_of(ledger).session.is_idle) == ("working", False)

    more = Script(at_ms=script.at_ms).idle("ses_a")
    go_on(ledger, script.key, more.events)

    session = stats_of(ledger).session
    # OpenCode 1.x says idle twice in the same moment; the first one counts.
    assert (session.state, session.idle_since) == ("idle", more.at_ms - 10)
    item = stats_of(ledger).attention[0]
    assert item.id == f"turn/{session.run_id}/ses_a/{script.prompts[0]}"
    assert (item.kind, item.workspace, item.at_ms) == ("finished", "/w", more.at_ms - 10)
    # The prompt came a step before the conversation was busy.
    assert item.turn_ms == more.at_ms - 10 - (script.at_ms - 10)
    assert len(stats_of(ledger).attention) == 1


def test_a_prompt_that_came_while_it_worked_is_where_the_turn_is_counted_from(ledger: sqlite3.Connection) -> None:
    take(ledger, begun().wait(60_000).prompt("ses_a").wait(1_000).idle("ses_a"))

    assert [(item.kind, item.turn_ms) for item in stats_of(ledger).attention] == [("finished", 1_010)]


def test_a_request_is_no_turn(ledger: sqlite3.Connection) -> None:
    take(ledger, begun().asked("per_1", "ses_a"))

    assert [(item.kind, item.turn_ms) for item in stats_of(ledger).attention] == [("permission", None)]


def test_a_new_run_is_idle_since_its_start(ledger: sqlite3.Connection) -> None:
    script = Script().started()
    take(ledger, script)

    assert (stats_of(ledger).session.state, stats_of(ledger).session.idle_since) == ("idle", script.at_ms)


def test_the_double_idle_of_an_error_is_one_item(ledger: sqlite3.Connection) -> None:
    take(ledger, begun().failed("ses_a").idle("ses_a").wait(70).idle("ses_a"))

    assert asked(ledger) == [("error", "ses_a")]


@pytest.mark.parametrize("error", ["MessageAbortedError", "aborted"])
def test_a_users_own_abort_asks_for_nothing(ledger: sqlite3.Connection, error: str) -> None:
    take(ledger, begun().failed("ses_a", error).idle("ses_a").wait(70).idle("ses_a"))

    assert asked(ledger) == []
    assert stats_of(ledger).session.state == "idle"


@pytest.mark.parametrize(
    ("outcome", "kinds"), [("succeeded", ["finished"]), ("failed", ["error"]), ("interrupted", [])]
)
def test_version_2_says_how_a_turn_ended(ledger: sqlite3.Connection, outcome: str, kinds: list[str]) -> None:
    script = Script(api=2).started().conversation("ses_a", directory="/w").prompt("ses_a").busy("ses_a")
    take(ledger, script.idle("ses_a", outcome))

    assert [kind for kind, _ in asked(ledger)] == kinds


def test_an_error_of_the_turn_before_is_forgotten_by_the_next_prompt(ledger: sqlite3.Connection) -> None:
    take(ledger, begun().failed("ses_a").idle("ses_a").prompt("ses_a").busy("ses_a").idle("ses_a"))

    assert asked(ledger) == [("finished", "ses_a")]


def test_a_title_is_no_turn(ledger: sqlite3.Connection) -> None:
    script = begun().titled("ses_a", "msg_1")
    take(ledger, script)
    assert asked(ledger) == []

    go_on(ledger, script.key, Script(at_ms=script.at_ms).idle("ses_a").titled("ses_a", "msg_2").events)

    assert asked(ledger) == [("finished", "ses_a")]


@pytest.mark.parametrize("outcome", ["succeeded", "failed", "interrupted"])
def test_a_compaction_asks_for_nothing_after_a_turn_however_that_ended(
    ledger: sqlite3.Connection, outcome: str
) -> None:
    script = Script(api=2).started().conversation("ses_a", directory="/w").prompt("ses_a").busy("ses_a")
    take(ledger, script.idle("ses_a", outcome))
    before = asked(ledger)

    compaction = Script(at_ms=script.at_ms, api=2).busy("ses_a").line("conversation.compacted", conversation="ses_a")
    go_on(ledger, script.key, compaction.idle("ses_a", "succeeded").events)

    assert asked(ledger) == before


def test_a_sub_agents_error_and_its_end_are_not_the_users(ledger: sqlite3.Connection) -> None:
    script = begun().conversation("ses_child", parent="ses_a").prompt("ses_child").busy("ses_child")
    take(ledger, script.failed("ses_child").idle("ses_child").idle("ses_child").idle("ses_a"))

    assert asked(ledger) == [("finished", "ses_a")]


def test_a_deleted_sub_agent_asks_for_nothing_and_its_parent_finishes_once(ledger: sqlite3.Connection) -> None:
    script = begun().conversation("ses_child", parent="ses_a").prompt("ses_child").busy("ses_child")
    take(ledger, script.deleted("ses_child").idle("ses_child").failed("ses_child").idle("ses_child").idle("ses_a"))

    assert asked(ledger) == [("finished", "ses_a")]


def test_a_conversation_that_was_deleted_at_work_asks_for_nothing_when_its_idle_comes(
    ledger: sqlite3.Connection,
) -> None:
    take(ledger, begun().deleted("ses_a").failed("ses_a", "MessageAbortedError").idle("ses_a").idle("ses_a"))

    assert asked(ledger) == []


def test_an_error_of_opencode_itself_is_nobodys_turn(ledger: sqlite3.Connection) -> None:
    take(ledger, begun().failed(None).idle("ses_a"))

    assert asked(ledger) == [("finished", "ses_a")]


def test_the_next_prompt_answers_what_asked(ledger: sqlite3.Connection) -> None:
    take(ledger, begun().idle("ses_a").prompt("ses_a"))

    assert asked(ledger) == []


def test_a_prompt_that_comes_again_is_not_the_next_one(ledger: sqlite3.Connection) -> None:
    script = begun().idle("ses_a")
    take(ledger, script.prompt("ses_a", script.prompts[0]))

    assert asked(ledger) == [("finished", "ses_a")]


def test_a_sub_agent_is_work_but_asks_for_nothing(ledger: sqlite3.Connection) -> None:
    script = begun().conversation("ses_child", parent="ses_a").prompt("ses_child").busy("ses_child")
    take(ledger, script.idle("ses_a"))
    assert stats_of(ledger).session.state == "working"

    more = Script(at_ms=script.at_ms).idle("ses_child")
    go_on(ledger, script.key, more.events)

    assert (stats_of(ledger).session.state, stats_of(ledger).session.idle_since) == ("idle", more.at_ms - 10)
    assert asked(ledger) == [("finished", "ses_a")]


def test_a_sub_agents_prompt_does_not_make_a_run_the_latest(ledger: sqlite3.Connection) -> None:
    first = Script(pid=1).started().conversation("ses_a").prompt("ses_a")
    second = Script(pid=2, at_ms=first.at_ms + 1000).started().conversation("ses_b").prompt("ses_b")
    child = Script(at_ms=second.at_ms + 1000).conversation("ses_child", parent="ses_a").prompt("ses_child")
    take(ledger, first, second)
    go_on(ledger, first.key, child.events)

    assert stats_of(ledger).session.pid == 2


def test_a_compaction_in_a_later_run_is_no_finished_turn(ledger: sqlite3.Connection) -> None:
    first = begun().idle("ses_a")
    take(ledger, first, Script(pid=2, at_ms=first.at_ms + 99_000).started().busy("ses_a").idle("ses_a"))

    assert [item.run_id for item in stats_of(ledger).attention] == [stats_of(ledger).session.run_id]
    assert stats_of(ledger).session.pid == 4711


def test_a_conversation_without_a_prompt_asks_for_nothing(ledger: sqlite3.Connection) -> None:
    take(ledger, Script().started().busy("ses_a").idle("ses_a"))

    assert asked(ledger) == []


@pytest.mark.parametrize("kind", ["permission", "question"])
def test_a_request_asks_until_it_is_answered(ledger: sqlite3.Connection, kind: str) -> None:
    script = begun().asked("per_1", "ses_a", kind)
    take(ledger, script)
    assert (asked(ledger), stats_of(ledger).session.state) == ([(kind, "ses_a")], "waiting")

    go_on(ledger, script.key, Script(at_ms=script.at_ms).answered("per_1").asked("per_1", "ses_a", kind).events)

    assert (asked(ledger), stats_of(ledger).session.state) == ([], "working")


def test_a_sub_agents_request_asks_too(ledger: sqlite3.Connection) -> None:
    take(ledger, begun().conversation("ses_child", parent="ses_a").asked("per_1", "ses_child"))

    assert asked(ledger) == [("permission", "ses_child")]


def test_an_answer_to_a_request_that_nobody_saw_is_no_error(ledger: sqlite3.Connection) -> None:
    take(ledger, begun().answered("per_9"))

    assert asked(ledger) == []


def test_an_abort_answers_what_was_asked(ledger: sqlite3.Connection) -> None:
    take(ledger, begun().asked("per_1", "ses_a").failed("ses_a", "MessageAbortedError").idle("ses_a"))

    assert (asked(ledger), stats_of(ledger).session.state) == ([], "idle")


def test_a_deleted_conversation_rests_with_its_children(ledger: sqlite3.Connection) -> None:
    script = begun().conversation("ses_child", parent="ses_a").busy("ses_child").asked("per_1", "ses_child")
    script.deleted("ses_a")
    deleted_ms = script.at_ms
    take(ledger, script.wait(500).busy("ses_a").busy("ses_child"))

    session = stats_of(ledger).session
    assert (session.state, session.idle_since, asked(ledger)) == ("idle", deleted_ms, [])


def test_deleting_an_idle_conversation_does_not_move_since_when_the_run_is_idle(ledger: sqlite3.Connection) -> None:
    script = begun().idle("ses_a")
    idle_ms = script.at_ms - 10
    take(ledger, script.wait(5000).deleted("ses_a"))

    assert (stats_of(ledger).session.idle_since, asked(ledger)) == (idle_ms, [])


def test_a_conversation_goes_on_in_another_process_at_rest(ledger: sqlite3.Connection) -> None:
    killed = begun()
    after = Script(pid=2, at_ms=killed.at_ms + 1000).started().conversation("ses_a", change="updated")
    take(ledger, killed, after)

    assert {run.pid: run.state for run in stats_of(ledger).sessions} == {4711: "idle", 2: "idle"}


def test_version_2_moves_a_conversation_at_work_to_another_workspace(ledger: sqlite3.Connection) -> None:
    script = Script(api=2).started().conversation("ses_a", directory="/a").prompt("ses_a").busy("ses_a")
    script.conversation("ses_a", change="updated", directory="/b").answer("ses_a", input=3)
    take(ledger, script)
    states = {run.workspaces[0].directory: run.state for run in stats_of(ledger).sessions}
    assert states == {"/a": "idle", "/b": "working"}

    more = Script(api=2, at_ms=script.at_ms).idle("ses_a", "succeeded")
    go_on(ledger, script.key, more.events)

    idle = {run.workspaces[0].directory: run.idle_since for run in stats_of(ledger).sessions}
    assert idle["/b"] == more.at_ms


def test_titles_are_counted_once_and_called_unreported(ledger: sqlite3.Connection) -> None:
    script = begun().titled("ses_a", "msg_1").titled("ses_a", "msg_1").titled("ses_a", "msg_2").titled("ses_b", "msg_1")
    take(ledger, script)

    stats = stats_of(ledger)
    assert (stats.session.title_requests, stats.daily.title_requests, stats.total.title_requests) == (3, 3, 3)
    assert total(ledger).whole.messages == 0
    assert stats_of(ledger, NOON_MS + 86_400_000).daily.title_requests == 0


def test_the_running_total_of_version_2_only_grows(ledger: sqlite3.Connection) -> None:
    script = Script(api=2).started().conversation("ses_a", directory="/a")
    take(ledger, script.usage("ses_a", input=100, output=5).usage("ses_a", input=90, output=9))

    assert rows(ledger, "SELECT usage_input, usage_output, usage_cost_microusd FROM conversations") == [
        (100, 9, 500_000)
    ]
