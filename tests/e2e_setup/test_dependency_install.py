"""OpenCode's own dependency install, done by the real OpenCode for setup: online, offline, in a project, undone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from tests.e2e.rig.exporter import Exporter
from tests.e2e.rig.fetch import OpenCodeMissing, fetched
from tests.e2e.rig.home import CLOSED_REGISTRY
from tests.e2e.rig.opencode import run
from tests.e2e.rig.prepared import user_registry
from tests.e2e.rig.processes import eventually, started
from tests.e2e.rig.stage import no_plugin, stage

from opencode_stats.install.opencode_dependencies import is_real, is_satisfied

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.e2e.rig.stage import Stage

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240, func_only=True)]

LEAVES_A_MARK = 'import { writeFileSync } from "node:fs";\nwriteFileSync("%s", "");\nexport default async () => ({});\n'


@pytest.fixture
def bare(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """A home without the plugin; the marker ``offline`` closes its registry."""
    try:
        program = fetched()
    except OpenCodeMissing as missing:
        if os.environ.get("CI"):
            pytest.fail(f"CI needs OpenCode: {missing}")
        pytest.skip(f"no OpenCode: {missing}")
    registry = CLOSED_REGISTRY if getattr(request, "param", None) == "offline" else user_registry()
    with stage(program, None, install=no_plugin, registry=registry) as bare:
        yield bare


class Online(Exporter):
    """The same command line once the network is back."""

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        return super().environment({"npm_config_registry": user_registry() or "", **(extra or {})})


def processes_below(root: Path) -> list[str]:
    """The commands of all processes that work in a scratch home."""
    found = []
    for folder in os.listdir("/proc"):
        try:
            with open(f"/proc/{folder}/environ", "rb") as environ, open(f"/proc/{folder}/cmdline", "rb") as command:
                if f"HOME={root}".encode() in environ.read():
                    found.append(command.read().decode(errors="replace"))
        except OSError:
            continue  # no process, or one that ended just now
    return found


def test_it_is_real_runs_nothing_of_the_user_s_and_leaves_no_process(bare: Stage) -> None:
    home = bare.home
    mark = home.root / "ran"
    for kind in ("plugins", "tools"):
        (home.config / kind).mkdir()
        (home.config / kind / "mine.ts").write_text(LEAVES_A_MARK % mark)
    configuration = json.loads((home.config / "opencode.json").read_text())
    configuration["mcp"] = {"mine": {"type": "local", "command": ["touch", str(mark)], "enabled": True}}
    (home.config / "opencode.json").write_text(json.dumps(configuration))

    bare.exporter.succeed("setup", "--yes", "--no-service")

    assert is_satisfied(home.config)
    assert is_real(home.config)
    assert not mark.exists()
    assert processes_below(home.user) == []
    # Neither OpenCode's database nor its cache was made: those are for the user's own first start.
    assert sorted(path.name for path in home.opencode_data.glob("*") if path.name != "stats.json") == []


def test_a_setup_that_is_ended_ends_the_opencode_that_it_started(bare: Stage) -> None:
    home = bare.home
    command = [*bare.exporter.command, "setup", "--yes", "--no-service"]
    with started(command, directory=home.root, environment=bare.exporter.environment(), logs=home.logs) as setup:
        eventually(
            lambda: any("--pure" in command for command in processes_below(home.user)), timeout_s=30, what="OpenCode"
        )
        setup.process.send_signal(signal.SIGHUP)
        assert setup.wait(20).returncode == 128 + signal.SIGHUP

    assert processes_below(home.user) == []


@pytest.mark.parametrize("bare", ["offline"], indirect=True)
def test_offline_it_is_soon_given_up_and_the_next_setup_finishes_it(bare: Stage) -> None:
    started_s = time.monotonic()
    done = bare.exporter.call("setup", "--yes", "--no-service")
    took_s = time.monotonic() - started_s

    assert done.returncode == 0
    assert "it finishes this" in done.stderr
    assert took_s < 30
    assert (bare.home.config / "plugins" / "opencode-stats.ts").exists()
    assert not is_satisfied(bare.home.config)

    online = Online(bare.home)
    online.succeed("setup", "--yes", "--no-service")

    assert is_real(bare.home.config)
    assert "nothing to do" in online.succeed("setup", "--yes", "--no-service")


def test_in_a_project_git_sees_the_plugin_and_nothing_of_npm_s(bare: Stage) -> None:
    home = bare.home

    bare.exporter.succeed("setup", "--yes", "--no-service", "--project", str(home.project))

    folder = home.project / ".opencode"
    assert is_real(folder)
    assert not (home.config / "plugins").exists()
    told = subprocess.run(
        ["git", "status", "--porcelain", "--untracked-files=all"],
        cwd=home.project,
        capture_output=True,
        text=True,
        check=True,
    )
    assert sorted(told.stdout.splitlines()) == [
        "?? .opencode/plugins/opencode-stats.json",
        "?? .opencode/plugins/opencode-stats.ts",
    ]
    done = run(home, "SCENARIO:hello", extra={"npm_config_registry": CLOSED_REGISTRY}, timeout_s=40)
    assert done.returncode == 0
    assert bare.exporter.snapshot()["total"]["totalTokens"] > 0

    bare.exporter.succeed("uninstall", "--yes")

    assert not folder.exists()


def test_uninstall_leaves_the_package_where_a_tool_of_the_user_s_may_need_it(bare: Stage) -> None:
    home = bare.home
    bare.exporter.succeed("setup", "--yes", "--no-service", "--project", str(home.project))
    tools = home.project / ".opencode" / "tools"
    tools.mkdir()
    (tools / "mine.ts").write_text('export { tool } from "@opencode-ai/plugin";\n')

    told = bare.exporter.succeed("uninstall", "--yes")

    assert is_real(home.project / ".opencode")
    assert f"{home.project / '.opencode'} stays as it is" in told
    assert not (home.project / ".opencode" / "plugins").exists()
