"""Several OpenCode processes, and one with several directories."""

from typing import Any

import pytest
from tests.e2e.checks import assert_all_equal_books, assert_section_equals_books, assert_valid, run_of
from tests.e2e.rig.books import expected, of_conversations
from tests.e2e.rig.opencode import run, running, serving
from tests.e2e.rig.processes import eventually
from tests.e2e.rig.stage import Stage

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180, func_only=True)]


def test_two_processes_at_once_are_two_runs_with_exact_figures(on_stage: Stage) -> None:
    home, exporter, gates = on_stage.home, on_stage.exporter, on_stage.provider.gates
    other = home.another_project("other")
    with exporter.daemon():
        with running(home, "SCENARIO:tool-then-held GATE:first") as first:
            gates.wait_reached("first")
            with running(home, "SCENARIO:tool-then-held GATE:second", directory=other) as second:
                gates.wait_reached("second")
                both = eventually(lambda: _with_live_runs(on_stage, 2), what="two live runs")
                assert both["session"]["pid"] == second.pid
                assert [run["state"] for run in both["sessions"]] == ["working", "working"]
                assert [place["directory"] for place in run_of(both, first.pid)["workspaces"]] == [str(home.project)]
                assert [place["directory"] for place in run_of(both, second.pid)["workspaces"]] == [str(other)]
                gates.open("first")
                assert first.wait().returncode == 0
                one = exporter.snapshot()
                assert [run["pid"] for run in one["sessions"]] == [second.pid]
                gates.open("second")
                assert second.wait().returncode == 0
        document = exporter.snapshot()

    assert_valid(both)
    assert_valid(document)
    charges = on_stage.charges
    last = next(charge.conversation for charge in reversed(charges) if charge.conversation)
    assert_section_equals_books(document["session"], of_conversations(charges, last))
    assert_all_equal_books(document, charges)
    assert (document["session"]["pid"], document["sessions"]) == (second.pid, [])


def test_one_server_with_three_directories_is_one_run(on_stage: Stage) -> None:
    home = on_stage.home
    folders = [home.project, home.another_project("second"), home.another_project("third")]
    with on_stage.exporter.daemon(), serving(home) as server:
        conversations = [
            server.ask(folder, prompt)
            for folder, prompt in zip(folders, ("SCENARIO:tools", "SCENARIO:asks-child", "SCENARIO:hello"), strict=True)
        ]
        document = on_stage.exporter.snapshot()

    charges = on_stage.charges
    assert_valid(document)
    assert [run["pid"] for run in document["sessions"]] == [server.program.pid]
    assert_section_equals_books(document["session"], charges)
    assert_all_equal_books(document, charges)
    assert {place["directory"]: place["totalTokens"] for place in document["session"]["workspaces"]} == {
        str(folder): expected(of_conversations(charges, conversation))["totalTokens"]
        for folder, conversation in zip(folders, conversations, strict=True)
    }


def test_the_session_is_the_run_with_the_latest_prompt_not_the_latest_start(on_stage: Stage) -> None:
    home, exporter = on_stage.home, on_stage.exporter
    with exporter.daemon(), serving(home) as server:
        server.ask(home.project, "SCENARIO:hello")
        assert run(home, "SCENARIO:hello").returncode == 0
        after_the_run = exporter.snapshot()
        server.ask(home.project, "SCENARIO:tools")
        after_the_prompt = exporter.snapshot()

    assert after_the_run["session"]["pid"] != server.program.pid
    assert after_the_run["session"]["live"] is False
    assert after_the_prompt["session"]["pid"] == server.program.pid
    assert after_the_prompt["session"]["live"] is True
    assert_all_equal_books(after_the_prompt, on_stage.charges)


def test_a_disposed_directory_that_is_used_again_stays_in_the_same_run(on_stage: Stage) -> None:
    home = on_stage.home
    with on_stage.exporter.daemon(), serving(home) as server:
        server.ask(home.project, "SCENARIO:hello")
        server.dispose(home.project)
        server.ask(home.project, "SCENARIO:hello GATE:again")
        document = on_stage.exporter.snapshot()

    assert [run["pid"] for run in document["sessions"]] == [server.program.pid]
    assert_section_equals_books(document["session"], on_stage.charges)


def test_a_conversation_deleted_while_it_works_does_not_keep_its_run_working(on_stage: Stage) -> None:
    """OpenCode tells nothing more of it, not even what its last answer cost."""
    home, provider = on_stage.home, on_stage.provider
    with on_stage.exporter.daemon(), serving(home) as server:
        conversation = server.conversation(home.project)
        server.prompt_async(home.project, conversation, "SCENARIO:held GATE:deleted")
        provider.gates.wait_reached("deleted")
        eventually(lambda: on_stage.published["session"]["state"] == "working", what="the run to work")
        server.delete(home.project, conversation)
        document = eventually(lambda: _in_state(on_stage, "idle"), what="the run to be idle")

    assert_valid(document)
    assert document["attention"] == []


def _in_state(on_stage: Stage, state: str) -> dict[str, Any]:
    document = on_stage.published
    assert document["session"]["state"] == state
    return document


def _with_live_runs(on_stage: Stage, number: int) -> dict[str, Any]:
    document = on_stage.published
    assert len(document["sessions"]) == number
    return document
