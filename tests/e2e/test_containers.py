"""OpenCode in a pid namespace of its own, as in a container that shares the home: its process is hidden from us."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from tests.e2e.checks import assert_all_equal_books, assert_section_equals_books
from tests.e2e.rig.opencode import running
from tests.e2e.rig.processes import eventually

if TYPE_CHECKING:
    from tests.e2e.rig.stage import Stage

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180, func_only=True)]

NAMESPACE = ["unshare", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"])]
CONTAINER = [*NAMESPACE, "--pid", "--fork", "--kill-child", "--mount-proc"]


@pytest.fixture(autouse=True)
def _possible() -> None:
    if subprocess.run([*CONTAINER, "true"], capture_output=True, check=False).returncode == 0:
        return
    if os.environ.get("CI"):  # whether this is CI is told nowhere else
        pytest.fail("this machine makes no pid namespaces")
    pytest.skip("this machine makes no pid namespaces")


def session(on_stage: Stage) -> dict[str, Any]:
    document: dict[str, Any] = on_stage.exporter.snapshot()
    return dict(document["session"])


def test_it_is_alive_while_it_works_and_ended_by_its_goodbye(on_stage: Stage) -> None:
    home = on_stage.home
    with on_stage.exporter.daemon():
        with running(home, "SCENARIO:tool-then-held GATE:half", before=CONTAINER) as program:
            on_stage.provider.gates.wait_reached("half")
            # Its pid in there is 1 or a few more, and somebody else's out here.
            eventually(lambda: session(on_stage)["state"] == "working", what="the run to work")
            (name,) = [path.name for path in home.spool.iterdir()]
            assert int(name.split("-")[0]) < 100
            for _ in range(5):
                assert session(on_stage)["live"]
            on_stage.provider.gates.open("half")
            assert program.wait(90).returncode == 0
        eventually(lambda: session(on_stage)["state"] == "ended", what="its goodbye")
        eventually(lambda: not list(home.spool.iterdir()), what="the removal of its file")
        assert_all_equal_books(on_stage.exporter.snapshot(), on_stage.charges)


def test_killed_it_counts_as_alive_and_no_token_is_missing(on_stage: Stage) -> None:
    """Nothing tells of its end; an hour without events does (tests/unit/daemon)."""
    home = on_stage.home
    with on_stage.exporter.daemon():
        with running(home, "SCENARIO:tool-then-held GATE:half", before=CONTAINER) as program:
            on_stage.provider.gates.wait_reached("half")
            eventually(lambda: session(on_stage)["state"] == "working", what="the run to work")
            program.send(signal.SIGKILL)
            program.wait()
        charges = on_stage.provider.charges.wait_for(lambda charges: len(charges) == 3)
        assert sorted(charge.outcome for charge in charges) == ["aborted", "sent", "sent"]
        document = on_stage.exporter.snapshot()
        assert document["session"]["live"]
        assert len(list(home.spool.iterdir())) == 1
        assert_section_equals_books(document["session"], charges)
