"""A user's own tool that imports OpenCode's plugin package by value works as without us; offline, too."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.checks import assert_all_equal_books
from tests.e2e.rig.home import CLOSED_REGISTRY, Home
from tests.e2e.rig.opencode import run
from tests.e2e.rig.prepared import user_registry
from tests.e2e.rig.stage import Stage, by_setup, no_plugin, stage

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240, func_only=True)]

OFFLINE = {"npm_config_registry": CLOSED_REGISTRY}
TOOL = """\
import { writeFileSync } from "node:fs";
import { tool } from "@opencode-ai/plugin";

export default tool({
  description: "Leaves a mark",
  args: { path: tool.schema.string() },
  async execute(args) {
    writeFileSync(args.path, "here");
    return "marked";
  },
});
"""


@pytest.fixture
def bare_stage(program: Path) -> Iterator[Stage]:
    """A home as OpenCode's installer leaves it: nothing beside its configuration, no plugin."""
    with stage(program, None, install=no_plugin, registry=user_registry()) as bare:
        yield bare


def add_tool(home: Home) -> None:
    tools = home.config / "tools"
    tools.mkdir()
    (tools / "mine.ts").write_text(TOOL)


@pytest.mark.parametrize("tool_comes", ["before setup", "after setup"])
def test_a_tool_of_the_user_s_own_works_and_setup_leaves_nothing_to_install(bare_stage: Stage, tool_comes: str) -> None:
    home = bare_stage.home
    if tool_comes == "before setup":
        add_tool(home)
    by_setup(bare_stage.exporter)
    if tool_comes == "after setup":
        add_tool(home)

    # Offline a start that still had something to install would wait 70 seconds for it.
    done = run(home, "SCENARIO:own-tool", extra=OFFLINE, timeout_s=40)

    assert (done.returncode, done.stdout.endswith("Hello nothing from the model.\n")) == (0, True)
    assert (home.project / "mark").read_text() == "here"
    assert_all_equal_books(bare_stage.exporter.snapshot(), bare_stage.charges)
