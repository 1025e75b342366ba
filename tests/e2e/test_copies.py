"""The plugin at work twice in one process: two copies of it, or two instances of one."""

from pathlib import Path

import pytest
from tests.e2e.checks import assert_all_equal_books, assert_section_equals_books
from tests.e2e.rig.acp import agent
from tests.e2e.rig.exporter import copy_plugin
from tests.e2e.rig.opencode import run, serving
from tests.e2e.rig.prepared import copy_into
from tests.e2e.rig.stage import Stage

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180, func_only=True)]


def test_two_copies_count_once_title_requests_too(on_stage: Stage, prepared_config: Path) -> None:
    home, exporter = on_stage.home, on_stage.exporter
    dot_opencode = home.project / ".opencode"
    copy_plugin(dot_opencode)
    copy_into(prepared_config, dot_opencode)
    with exporter.daemon():
        done = run(home, "SCENARIO:asks-child")
        document, charges = exporter.snapshot(), on_stage.charges
        with serving(home) as server:
            server.ask(home.project, "SCENARIO:tools")
            served = exporter.snapshot()

    assert done.returncode == 0
    assert document["total"]["titleRequests"] == 1
    assert_section_equals_books(document["session"], charges)
    assert_all_equal_books(served, on_stage.charges)


def test_an_editor_s_two_instances_of_one_directory_count_once(on_stage: Stage) -> None:
    with on_stage.exporter.daemon():
        with agent(on_stage.home) as editor:
            editor.ask(on_stage.home, "SCENARIO:asks-child")
            live = on_stage.exporter.snapshot()
        ended = on_stage.exporter.snapshot()

    assert [run["pid"] for run in live["sessions"]] == [editor.pid]
    assert_all_equal_books(ended, on_stage.charges)
    assert (ended["total"]["titleRequests"], ended["session"]["state"]) == (1, "ended")
