"""The TUI, typed into on a pseudo-terminal."""

from typing import Any

import pytest
from tests.e2e.checks import assert_all_equal_books, assert_section_equals_books, assert_valid
from tests.e2e.rig.processes import eventually
from tests.e2e.rig.stage import Stage
from tests.e2e.rig.terminal import CONTROL_C, ENTER, terminal

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180, func_only=True)]


def test_a_prompt_typed_into_the_tui_is_counted_and_quitting_ends_the_run(on_stage: Stage) -> None:
    with on_stage.exporter.daemon(), terminal(on_stage.home) as screen:
        screen.wait_for("Ask anything")
        screen.press("SCENARIO:tools SECRET:typed" + ENTER)
        screen.wait_for("Hello typed from the model.")
        live = eventually(lambda: _idle(on_stage), what="the TUI's run to be idle with figures")
        screen.press(CONTROL_C)
        code = screen.wait_end()
        ended = on_stage.exporter.snapshot()

    assert code == 0
    assert_valid(live)
    assert (live["session"]["pid"], live["session"]["live"]) == (screen.pid, True)
    assert_section_equals_books(live["session"], on_stage.charges)
    assert (ended["session"]["state"], ended["sessions"]) == ("ended", [])
    assert_all_equal_books(ended, on_stage.charges)


def test_a_window_closed_in_mid_stream_ends_the_run(on_stage: Stage) -> None:
    with on_stage.exporter.daemon():
        with terminal(on_stage.home) as screen:
            screen.wait_for("Ask anything")
            screen.press("SCENARIO:tool-then-held GATE:closed" + ENTER)
            on_stage.provider.gates.wait_reached("closed")
        eventually(lambda: on_stage.published["session"]["state"] == "ended", timeout_s=5, what="the run to end")
        charges = on_stage.provider.charges.wait_for(lambda charges: len(charges) == 3)
        document = on_stage.exporter.snapshot()

    assert_all_equal_books(document, charges)


def _idle(on_stage: Stage) -> dict[str, Any]:
    document = on_stage.published
    assert document["session"]["state"] == "idle"
    assert document["session"]["totalTokens"] > 0
    return document
