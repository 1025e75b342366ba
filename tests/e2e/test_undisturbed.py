"""OpenCode works as without us when our folder can't be written, and doctor tells what is missing."""

import pytest
from tests.e2e.rig.broken_disk import REASONS, Fault, breaking
from tests.e2e.rig.opencode import run
from tests.e2e.rig.stage import Stage

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180, func_only=True)]


@pytest.mark.parametrize("fault", ["read-only", "full", "no folder"])
def test_a_state_folder_that_cannot_be_written_does_not_disturb_opencode(on_stage: Stage, fault: Fault) -> None:
    home = on_stage.home
    before, found = breaking(home.state, fault)

    prompt = "SCENARIO:twenty-steps" if fault == "full" else "SCENARIO:tools"
    broken = run(home, prompt, before=before)
    if found == "no folder":
        home.state.unlink()
    healthy = run(home, prompt)
    report = on_stage.exporter.doctor()

    assert (broken.returncode, broken.stdout) == (0, healthy.stdout)
    assert "opencode-stats" not in broken.stdout + broken.stderr
    (lost,) = report["events held back"]
    assert REASONS[found] in lost


def test_opencode_is_told_nothing_by_a_plugin_that_works(on_stage: Stage) -> None:
    done = run(on_stage.home, "SCENARIO:hello")

    assert (done.returncode, done.stdout) == (0, "Hello nothing from the model.\n")
    assert "opencode-stats" not in done.stderr
