"""Processes and runs: where a run begins, goes on and ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.clock import NOON_MS
from tests.support.ledgers import go_on, ledger_in_memory, rows, stats_of, take
from tests.support.script import Script

from opencode_stats.ledger.runs import (
    QUIET_AFTER_MS,
    end_process,
    end_quiet_runs,
    ended_processes,
    live_processes,
)

if TYPE_CHECKING:
    import sqlite3


def runs(connection: sqlite3.Connection) -> list[tuple[str | None, bool]]:
    """Each run's directory, and whether it is live."""
    return [(row[0], row[1] is None) for row in rows(connection, "SELECT directory, ended_ms FROM runs ORDER BY id")]


def test_a_process_is_live_until_it_is_known_to_be_gone(ledger: sqlite3.Connection) -> None:
    script = Script().started()
    take(ledger, script)
    assert [(process.key, process.last_event_ms, process.said_goodbye) for process in live_processes(ledger)] == [
        (script.key, script.at_ms, False)
    ]
    assert ended_processes(ledger) == set()

    end_process(ledger, script.key.text, NOON_MS + 999)

    assert (live_processes(ledger), ended_processes(ledger)) == ([], {script.key.text})
    assert rows(ledger, "SELECT ended_ms FROM runs") == [(NOON_MS + 999,)]


def test_a_goodbye_is_the_end_where_nothing_came_after_it(ledger: sqlite3.Connection) -> None:
    script = Script().started().ended()
    take(ledger, script)
    assert live_processes(ledger)[0].said_goodbye

    end_process(ledger, script.key.text, NOON_MS + 999_999)

    assert rows(ledger, "SELECT ended_ms FROM runs") == [(script.at_ms,)]


def test_a_goodbye_that_was_taken_back_is_none(ledger: sqlite3.Connection) -> None:
    # OpenCode 1.x made a new instance after the last one was disposed of.
    script = Script().started().ended().wait(1000).busy("ses_a")
    take(ledger, script)
    assert not live_processes(ledger)[0].said_goodbye

    end_process(ledger, script.key.text, NOON_MS + 999_999)

    assert rows(ledger, "SELECT ended_ms FROM runs") == [(NOON_MS + 999_999,)]


def test_version_1_goes_on_in_the_same_run_after_it_was_taken_for_dead(ledger: sqlite3.Connection) -> None:
    script = Script().started().answer("ses_a", input=5).ended()
    take(ledger, script)
    end_process(ledger, script.key.text, script.at_ms)
    assert runs(ledger) == [(None, False)]

    go_on(ledger, script.key, Script(at_ms=script.at_ms + 50).answer("ses_a", input=7).events)

    assert runs(ledger) == [(None, True)]
    assert [process.key for process in live_processes(ledger)] == [script.key]
    assert stats_of(ledger).session.total_tokens == 12


def test_version_1_has_one_run_for_all_its_directories(ledger: sqlite3.Connection) -> None:
    script = Script().started().opened("/a").opened("/b")
    script.answer("ses_a", input=5, directory="/a").answer("ses_b", input=7, directory="/b").closed("/a")
    take(ledger, script)

    assert runs(ledger) == [(None, True)]
    workspaces = stats_of(ledger).session.workspaces
    assert [(workspace.directory, workspace.total_tokens) for workspace in workspaces] == [("/b", 7), ("/a", 5)]


def test_version_2_opens_no_run_before_something_happens(ledger: sqlite3.Connection) -> None:
    take(ledger, Script(api=2).started().opened("/a"))

    assert runs(ledger) == []


def test_version_2_has_a_run_for_each_workspace(ledger: sqlite3.Connection) -> None:
    script = Script(api=2).started().conversation("ses_a", directory="/a").conversation("ses_b", directory="/b")
    script.answer("ses_a", input=5).answer("ses_b", input=7)
    take(ledger, script)

    assert runs(ledger) == [("/a", True), ("/b", True)]
    assert sorted(run.total_tokens for run in stats_of(ledger).sessions) == [5, 7]


def test_version_2_counts_a_sub_agent_in_its_roots_run(ledger: sqlite3.Connection) -> None:
    script = Script(api=2).started().conversation("ses_a", directory="/a")
    script.conversation("ses_child", parent="ses_a", directory="/a/worktree")
    script.conversation("ses_grandchild", parent="ses_child")
    script.answer("ses_child", input=5, directory="/a/worktree").answer("ses_grandchild", input=2)
    take(ledger, script)

    assert runs(ledger) == [("/a", True)]
    assert stats_of(ledger).session.total_tokens == 7


def test_version_2_ends_a_run_with_its_workspace_and_begins_another(ledger: sqlite3.Connection) -> None:
    script = Script(api=2).started().conversation("ses_a", directory="/a").answer("ses_a", input=5).closed("/a")
    script.wait(1000).answer("ses_a", input=7)
    take(ledger, script)

    assert runs(ledger) == [("/a", False), ("/a", True)]
    assert stats_of(ledger).session.total_tokens == 7
    assert stats_of(ledger).total.total_tokens == 12


def test_version_2_counts_a_late_line_in_the_run_that_had_ended_then(ledger: sqlite3.Connection) -> None:
    script = Script(api=2).started().conversation("ses_a", directory="/a").closed("/a")
    script.wait(-25).busy("ses_a", "retry")
    take(ledger, script)

    assert runs(ledger) == [("/a", False)]


def test_an_older_closing_that_is_read_again_ends_no_newer_run(ledger: sqlite3.Connection) -> None:
    script = Script(api=2).started().conversation("ses_a", directory="/a").answer("ses_a", input=5).closed("/a")
    script.wait(1000).answer("ses_a", input=7)
    take(ledger, script, script)

    assert runs(ledger) == [("/a", False), ("/a", True)]


def test_a_closing_from_before_the_clock_was_put_back_ends_nothing_however_it_is_cut(
    ledger: sqlite3.Connection,
) -> None:
    script = Script(api=2).started().conversation("ses_a", directory="/a").answer("ses_a", input=5)
    script.wait(-25).closed("/a")
    take(ledger, script)
    with ledger_in_memory() as cut:
        take(cut, script.events[:-1])
        go_on(cut, script.key, script.events[-1:])

        assert runs(cut) == runs(ledger) == [("/a", True)]


def test_version_2_ends_a_run_that_is_quiet_for_an_hour(ledger: sqlite3.Connection) -> None:
    script = Script(api=2).started().conversation("ses_a", directory="/a").busy("ses_a")
    take(ledger, script)

    assert end_quiet_runs(ledger, script.at_ms + QUIET_AFTER_MS - 1) == 0
    assert end_quiet_runs(ledger, script.at_ms + QUIET_AFTER_MS) == 1
    assert rows(ledger, "SELECT ended_ms FROM runs") == [(script.at_ms,)]
    session = stats_of(ledger).session
    assert (session.state, session.idle_since) == ("ended", script.at_ms)


def test_version_1_is_never_too_quiet(ledger: sqlite3.Connection) -> None:
    script = Script().started().busy("ses_a")
    take(ledger, script)

    assert end_quiet_runs(ledger, script.at_ms + 10 * QUIET_AFTER_MS) == 0


def test_the_end_of_a_run_ends_what_it_did_and_asked(ledger: sqlite3.Connection) -> None:
    script = Script().started().opened("/a").conversation("ses_a").prompt("ses_a").busy("ses_a").asked("per_1", "ses_a")
    take(ledger, script)
    working = stats_of(ledger).session
    assert (working.state, working.idle_since) == ("waiting", None)

    end_process(ledger, script.key.text, script.at_ms + 70)

    stats = stats_of(ledger)
    assert (stats.session.state, stats.session.idle_since, stats.sessions) == ("ended", script.at_ms + 70, ())
    assert stats.attention == ()
    assert rows(ledger, "SELECT count(*) FROM conversations WHERE busy = 1") == [(0,)]


def test_a_run_is_never_over_before_its_last_activity(ledger: sqlite3.Connection) -> None:
    script = Script().started().busy("ses_a")
    take(ledger, script)

    end_process(ledger, script.key.text, script.at_ms - 5000)

    assert rows(ledger, "SELECT ended_ms FROM runs") == [(script.at_ms,)]


def test_a_runs_name_is_the_same_in_a_ledger_made_anew(ledger: sqlite3.Connection) -> None:
    take(ledger, Script(pid=4711).started(), Script(pid=4712).started())

    first = rows(ledger, "SELECT uid FROM runs ORDER BY id")
    assert [name.split("-")[0] for (name,) in first] == ["4711", "4712"]
    with ledger_in_memory() as anew:
        take(anew, Script(pid=4711).started(), Script(pid=4712).started())
        assert rows(anew, "SELECT uid FROM runs ORDER BY id") == first
