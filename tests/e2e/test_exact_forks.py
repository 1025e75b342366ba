"""Forks, deletions and undoing in the real OpenCode: what was spent counts once and stays."""

from __future__ import annotations

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from tests.e2e.checks import assert_all_equal_books, assert_section_equals_books, assert_valid, run_of
from tests.e2e.exact import audited, causes, counts, fork_thrice, messages, revert, unrevert
from tests.e2e.rig.books import counted, of_conversations
from tests.e2e.rig.opencode import Server, serving

if TYPE_CHECKING:
    from tests.e2e.rig.stage import Stage

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120, func_only=True)]

ANSWERS = 20
CHILD_ANSWERS = 4


@pytest.mark.parametrize("told", ["live and on disk", "live alone"])
def test_forking_and_deleting_leave_every_figure_as_it_is(on_stage: Stage, told: str) -> None:
    """Live alone: OpenCode keeps its database where the exporter does not look, so only events speak."""
    home, exporter = on_stage.home, on_stage.exporter
    database = home.root / "unseen" / "opencode.db"
    database.parent.mkdir()
    alone = told == "live alone"
    with exporter.daemon():
        with serving(home, extra={"OPENCODE_DB": str(database)} if alone else None) as server:
            original = server.ask(home.project, "SCENARIO:twenty-steps")
            before = exporter.snapshot()
            assert len(counted(on_stage.charges)) == ANSWERS + CHILD_ANSWERS
            assert_section_equals_books(before["session"], on_stage.charges)
            assert_all_equal_books(before, on_stage.charges)

            forks = fork_thrice(server, home.project, original)

            copies = [len(messages(server, home.project, fork, "assistant")) for fork in forks]
            assert copies == [ANSWERS, ANSWERS, 9]
            forked = exporter.snapshot()
            assert counts(before) == counts(forked)
            assert_valid(forked)
            audit = audited(exporter)
            assert ("forks" in causes(audit)) is not alone

            for fork, scenario in zip(forks, ("hello", "tools", "asks-child"), strict=True):
                server.prompt(home.project, fork, f"SCENARIO:{scenario}")
                document = exporter.snapshot()
                assert_section_equals_books(document["session"], on_stage.charges)
                assert_all_equal_books(document, on_stage.charges)
            assert len(counted(on_stage.charges)) == ANSWERS + CHILD_ANSWERS + 1 + 7 + 3
            prompted = exporter.snapshot()
            audited(exporter)

            server.delete(home.project, original)
            assert counts(prompted) == counts(exporter.snapshot())
            audited(exporter)
            for fork in forks[:2] if alone else forks:
                server.delete(home.project, fork)
                assert counts(prompted) == counts(exporter.snapshot())
            audited(exporter)
        if alone:
            # What is left in the database, one fork with its copies, is now found by the side of what was told.
            for file in database.parent.iterdir():
                shutil.move(file, home.opencode_data)
            exporter.succeed("import")
            assert causes(audited(exporter)).keys() == {"forks", "deleted"}
        server_less = exporter.snapshot()

    assert_section_equals_books(server_less["session"], on_stage.charges)
    assert_all_equal_books(server_less, on_stage.charges)


def test_what_was_undone_stays_and_what_is_prompted_next_is_added(on_stage: Stage) -> None:
    home, exporter = on_stage.home, on_stage.exporter
    with exporter.daemon(), serving(home) as server:
        conversation = server.ask(home.project, "SCENARIO:asks-child")
        server.prompt(home.project, conversation, "SCENARIO:tools")
        before = exporter.snapshot()
        _, second = messages(server, home.project, conversation, "user")

        revert(server, home.project, conversation, second)
        assert counts(before) == counts(exporter.snapshot())
        unrevert(server, home.project, conversation)
        assert counts(before) == counts(exporter.snapshot())
        revert(server, home.project, conversation, second)
        audited(exporter)
        server.prompt(home.project, conversation, "SCENARIO:hello")
        again = exporter.snapshot()

        assert len(messages(server, home.project, conversation, "assistant")) == 2 + 1
        assert len(counted(of_conversations(on_stage.charges, conversation))) == 2 + 1 + 7 + 1
        assert_section_equals_books(again["session"], on_stage.charges)
        assert_all_equal_books(again, on_stage.charges)
        assert causes(audited(exporter)).keys() == {"reverted"}

        # All of it undone, and the conversation begun anew.
        revert(server, home.project, conversation, messages(server, home.project, conversation, "user")[0])
        server.prompt(home.project, conversation, "SCENARIO:hello GATE:anew")
        document = exporter.snapshot()

        assert len(messages(server, home.project, conversation, "assistant")) == 1
        assert_section_equals_books(document["session"], on_stage.charges)
        assert_all_equal_books(document, on_stage.charges)
        audited(exporter)


def test_two_processes_that_fork_the_same_conversation_at_once_are_exact(on_stage: Stage) -> None:
    home, exporter = on_stage.home, on_stage.exporter
    together = threading.Barrier(2, timeout=30)

    def fork_and_prompt(server: Server, scenario: str) -> str:
        together.wait()
        fork = server.fork(home.project, original)
        together.wait()
        server.prompt(home.project, fork, f"SCENARIO:{scenario}")
        return fork

    with exporter.daemon(), serving(home) as first, serving(home) as second, ThreadPoolExecutor(2) as at_once:
        original = first.ask(home.project, "SCENARIO:twenty-steps")
        before = exporter.snapshot()
        assert_all_equal_books(before, on_stage.charges)
        forks = list(at_once.map(fork_and_prompt, (first, second), ("tools", "asks-child")))
        document = exporter.snapshot()
        audit = audited(exporter)

    assert_valid(document)
    assert_all_equal_books(document, on_stage.charges)
    of_first = of_conversations(on_stage.charges, original, forks[0])
    assert_section_equals_books(run_of(document, first.program.pid), of_first)
    assert_section_equals_books(run_of(document, second.program.pid), of_conversations(on_stage.charges, forks[1]))
    assert audit["naive"]["causes"]["forks"]["messages"] == 2 * ANSWERS
