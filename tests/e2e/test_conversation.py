"""A long conversation, to the token."""

import pytest
from tests.e2e.checks import assert_all_equal_books, assert_section_equals_books, assert_valid
from tests.e2e.rig.books import counted
from tests.e2e.rig.opencode import run
from tests.e2e.rig.stage import Stage

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180, func_only=True)]


def test_twenty_steps_with_tools_and_a_sub_agent_equal_the_provider_s_books(on_stage: Stage) -> None:
    with on_stage.exporter.daemon():
        done = run(on_stage.home, "SCENARIO:twenty-steps")
        document = on_stage.exporter.snapshot()
        text = on_stage.exporter.succeed()

    assert done.returncode == 0
    own = [charge for charge in counted(on_stage.charges) if charge.parent is None]
    child = [charge for charge in counted(on_stage.charges) if charge.parent]
    assert (len(own), len(child)) == (20, 4)
    assert_valid(document)
    assert_section_equals_books(document["session"], on_stage.charges)
    assert_all_equal_books(document, on_stage.charges)
    assert document["session"]["messages"] == 24
    assert document["daily"]["date"] == on_stage.home.date
    assert document["session"]["titleRequests"] == 1
    assert (document["session"]["state"], document["session"]["live"], document["sessions"]) == ("ended", False, [])
    assert f"{document['total']['totalTokens']:,}" in text


def test_without_a_daemon_the_command_line_takes_the_spool_in_itself(on_stage: Stage) -> None:
    run(on_stage.home, "SCENARIO:tools")

    first, second = on_stage.exporter.snapshot(), on_stage.exporter.snapshot()

    assert_valid(first)
    assert_all_equal_books(first, on_stage.charges)
    assert_all_equal_books(second, on_stage.charges)


def test_a_second_run_is_a_new_session_and_the_same_day(on_stage: Stage) -> None:
    with on_stage.exporter.daemon():
        run(on_stage.home, "SCENARIO:hello")
        before = len(on_stage.charges)
        run(on_stage.home, "SCENARIO:tools", options=["--continue"])
        document = on_stage.exporter.snapshot()

    assert_section_equals_books(document["session"], on_stage.charges[before:])
    assert_all_equal_books(document, on_stage.charges)
