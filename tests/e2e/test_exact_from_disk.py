"""What no event told is found in OpenCode's database and counted by the same ids, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.e2e.checks import assert_all_equal_books, assert_section_equals_books, assert_valid
from tests.e2e.exact import audited, causes, counts, fork_thrice, messages, revert
from tests.e2e.rig.books import counted, expected, of_conversations
from tests.e2e.rig.opencode import run, serving
from tests.e2e.rig.processes import eventually
from tests.e2e.rig.stage import Stage, by_setup, no_plugin, stage

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.rig.opencode import Server
    from tests.mock_provider import Charge

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120, func_only=True)]


def live_through(on_stage: Stage, server: Server) -> list[Charge]:
    """Everything that makes counting hard, in one history; gives the charges that OpenCode has forgotten since."""
    project = on_stage.home.project
    original = server.ask(project, "SCENARIO:twenty-steps")
    forks = fork_thrice(server, project, original)
    server.prompt(project, forks[1], "SCENARIO:asks-child")
    server.compact(project, forks[2])

    undone = server.ask(project, "SCENARIO:cached", model="mockcache/mock-1")
    so_far = len(on_stage.charges)
    server.prompt(project, undone, "SCENARIO:tools")
    forgotten = on_stage.charges[so_far:]
    revert(server, project, undone, messages(server, project, undone, "user")[1])
    server.prompt(project, undone, "SCENARIO:hello", model="anthropic/claude-mock")

    aborted = server.conversation(project)
    server.prompt_async(project, aborted, "SCENARIO:tool-then-held GATE:aborted")
    on_stage.provider.gates.wait_reached("aborted")
    server.abort(project, aborted)
    server.wait_idle(project)

    deleted = server.ask(project, "SCENARIO:asks-child")
    server.delete(project, deleted)
    server.delete(project, forks[0])
    return forgotten + of_conversations(on_stage.charges, deleted)


def lose_database(folder: Path) -> None:
    for file in folder.glob("opencode.db*"):
        file.unlink()
    assert not list(folder.glob("*.db"))


def untitled(charges: list[Charge]) -> list[Charge]:
    """Without titles: only events tell that there were any."""
    return [charge for charge in charges if charge.kind != "title"]


@pytest.mark.parametrize("why", ["no plugin", "--pure"])
def test_a_history_that_nothing_was_told_of_is_all_found_but_for_what_opencode_forgot(
    program: Path, prepared_config: Path, why: str
) -> None:
    pure = why == "--pure"
    with stage(program, prepared_config, install=by_setup if pure else no_plugin) as on_stage:
        home, exporter = on_stage.home, on_stage.exporter
        with serving(home, extra={"OPENCODE_PURE": "1"} if pure else None) as server:
            forgotten = live_through(on_stage, server)
            held = server.conversation(home.project)
            server.prompt_async(home.project, held, "SCENARIO:tool-then-held GATE:half")
            on_stage.provider.gates.wait_reached("half")
            exporter.succeed("import")
            assert audited(exporter)["unknownTokens"] == {"aborted": 1, "unfinished": 1}
            on_stage.provider.gates.open("half")
            server.wait_idle(home.project)
            exporter.succeed("import")
        kept = untitled([charge for charge in on_stage.charges if charge not in forgotten])
        first = on_stage.published

        assert len(counted(forgotten)) == 7 + 3
        assert_valid(first)
        assert_all_equal_books(first, kept)
        assert first["session"]["state"] == "none"
        audit = audited(exporter)
        assert causes(audit).keys() == {"forks"}
        assert audit["unknownTokens"] == {"aborted": 1}
        assert audit["importedOnly"] == audit["ours"]

        exporter.succeed("import")
        assert counts(first) == counts(on_stage.published)

        lose_database(home.opencode_data)
        exporter.succeed("import")
        assert counts(first) == counts(on_stage.published)
        assert causes(audited(exporter)) == {"deleted": expected(kept)["totalTokens"]}


def test_what_was_told_while_no_daemon_ran_is_not_counted_again_from_disk(on_stage: Stage) -> None:
    home, exporter = on_stage.home, on_stage.exporter
    with serving(home) as server:
        live_through(on_stage, server)
    exporter.succeed("import")
    first = on_stage.published

    assert_valid(first)
    assert_section_equals_books(first["session"], on_stage.charges)
    assert_all_equal_books(first, on_stage.charges)
    audit = audited(exporter)
    assert causes(audit).keys() == {"forks", "deleted", "reverted"}
    assert audit["toldLive"] == audit["ours"]

    exporter.succeed("import")
    assert counts(first) == counts(on_stage.published)

    lose_database(home.opencode_data)
    exporter.succeed("import")
    assert counts(first) == counts(on_stage.published)
    audited(exporter)
    # OpenCode begins again with an empty database, whose row numbers begin again, too.
    assert run(home, "SCENARIO:asks-child").returncode == 0
    assert_all_equal_books(exporter.snapshot(), on_stage.charges)
    audited(exporter)


def test_a_conversation_told_in_part_is_counted_whole(on_stage: Stage) -> None:
    """Live, then without the plugin, then live again, then a fork without; a daemon that starts later finds all."""
    home, exporter = on_stage.home, on_stage.exporter
    assert run(home, "SCENARIO:tools").returncode == 0
    for options in (("--pure", "--continue"), ("--continue",)):
        assert run(home, "SCENARIO:asks-child", options=options).returncode == 0
    assert run(home, "SCENARIO:hello", options=("--pure", "--continue", "--fork")).returncode == 0
    with exporter.daemon():
        eventually(lambda: on_stage.published["total"]["messages"] == 7 + 3 + 3 + 1, what="the daemon to find all")
        document = exporter.snapshot()
        audit = audited(exporter)

    assert_all_equal_books(document, on_stage.charges)
    assert causes(audit).keys() == {"forks"}
    assert audit["toldLive"]["messages"] == 7 + 3
    assert audit["importedOnly"]["messages"] == 3 + 1
