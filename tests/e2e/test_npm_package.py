"""The plugin from its npm package, named in OpenCode's ``plugin`` array, as OpenCode itself installs it."""

from __future__ import annotations

import io
import json
import tarfile
from typing import TYPE_CHECKING, Any

import pytest
from tests.e2e.checks import assert_all_equal_books, assert_valid
from tests.e2e.rig.fetch import REPOSITORY
from tests.e2e.rig.npm_registry import npm_registry
from tests.e2e.rig.opencode import run
from tests.e2e.rig.stage import by_setup, no_plugin, stage

from opencode_stats.install.plugin_files import bundled_plugin
from release.npm import npm_package

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.rig.home import Home

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240, func_only=True)]


def described(packed: bytes) -> dict[str, Any]:
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        member = archive.extractfile("package/package.json")
        assert member is not None
        description: dict[str, Any] = json.loads(member.read())
    return description


def name_in_configuration(home: Home, description: dict[str, Any]) -> None:
    path = home.config / "opencode.json"
    configuration = json.loads(path.read_text("utf-8"))
    configuration["plugin"] = [f"{description['name']}@{description['version']}"]
    path.write_text(json.dumps(configuration), "utf-8")


@pytest.mark.parametrize("besides", ["nothing", "setup"])
def test_opencode_installs_it_and_everything_counts_once(program: Path, prepared_config: Path, besides: str) -> None:
    _, packed = npm_package(REPOSITORY, 0)
    description = described(packed)
    install = no_plugin if besides == "nothing" else by_setup
    with (
        npm_registry(description, packed) as registry,
        stage(program, prepared_config, install=install, registry=registry) as staged,
    ):
        home = staged.home
        name_in_configuration(home, description)

        done = run(home, "SCENARIO:hello", timeout_s=120)
        document = staged.exporter.snapshot()

        assert (done.returncode, done.stdout) == (0, "Hello nothing from the model.\n")
        (installed,) = (home.user / ".cache/opencode").rglob("opencode-stats.ts")
        assert installed.read_bytes() == bundled_plugin()
        assert_valid(document)
        assert_all_equal_books(document, staged.charges)
        assert document["total"]["totalTokens"] > 0
        # Only events tell of title requests: they show that the plugin was at work, and once.
        assert document["total"]["titleRequests"] == 1
