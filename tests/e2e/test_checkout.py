"""OpenCode started in a fresh clone of this repository counts with nothing installed."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.checks import assert_all_equal_books, assert_valid
from tests.e2e.rig.fetch import REPOSITORY
from tests.e2e.rig.opencode import run
from tests.e2e.rig.prepared import user_registry
from tests.e2e.rig.stage import Stage, no_plugin, stage

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(500, func_only=True)]


@pytest.fixture
def bare_stage(program: Path) -> Iterator[Stage]:
    with stage(program, None, install=no_plugin, registry=user_registry()) as bare:
        yield bare


def test_opencode_in_a_clone_just_works(bare_stage: Stage) -> None:
    home, clone = bare_stage.home, bare_stage.home.root / "clone"
    # A checkout that belongs to somebody else, as in some CI, is still ours to read.
    command = ["git", "-c", "safe.directory=*", "clone", "--quiet", "--no-hardlinks", str(REPOSITORY), str(clone)]
    subprocess.run(command, env=home.environment(home.root), check=True)

    # The first start installs OpenCode's plugin types into the clone's .opencode, through npm.
    # That is minutes of its processor time where the registry tells a lot of each package.
    done = run(home, "SCENARIO:hello", directory=clone, timeout_s=400)
    document = bare_stage.exporter.snapshot()
    changed = subprocess.run(
        ["git", "status", "--porcelain"], cwd=clone, env=home.environment(clone), check=True, capture_output=True
    )

    assert (done.returncode, done.stdout) == (0, "Hello nothing from the model.\n")
    assert_valid(document)
    assert_all_equal_books(document, bare_stage.charges)
    assert document["total"]["totalTokens"] > 0
    assert changed.stdout == b""
