"""Where no systemd user manager answers, the plugin in the real OpenCode starts the exporter, and it ends by itself."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from tests.e2e.rig.exporter import Exporter
from tests.e2e.rig.fetch import OpenCodeMissing, fetched
from tests.e2e.rig.opencode import run
from tests.e2e.rig.prepared import prepared
from tests.e2e.rig.stage import no_plugin, stage
from tests.e2e_setup.manager import eventually, make_program

from opencode_stats.host.lock import holder_of, is_held

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.rig.stage import Stage

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240, func_only=True)]


@pytest.fixture
def bare() -> Iterator[Stage]:
    try:
        program = fetched()
    except OpenCodeMissing as missing:
        if os.environ.get("CI"):
            pytest.fail(f"CI needs OpenCode: {missing}")
        pytest.skip(f"no OpenCode: {missing}")
    with stage(program, prepared(program), install=no_plugin) as bare:
        yield bare


def test_the_plugin_starts_the_recorded_exporter(bare: Stage) -> None:
    home = bare.home
    settings = home.user / ".config" / "opencode-stats" / "settings.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text("linger_s = 4\n")
    exporter = Exporter(home, [str(make_program(home.root / "a venv").script)])
    exporter.succeed("setup", "--yes")
    assert not is_held(home.state / "lock")

    assert run(home, "SCENARIO:hello", extra={"A_SECRET_KEY": "secret"}).returncode == 0

    eventually(lambda: is_held(home.state / "lock"), timeout_s=30, what="the exporter that the plugin starts")
    eventually((home.state / "control.sock").exists, timeout_s=30, what="the exporter to be ready")
    pid = holder_of(home.state / "lock")
    with open(f"/proc/{pid}/environ", "rb") as environ:
        assert b"A_SECRET_KEY" not in environ.read()
    assert os.readlink(f"/proc/{pid}/cwd") == "/"
    assert os.getsid(pid) == pid
    assert bare.exporter.snapshot()["total"]["totalTokens"] > 0
    eventually(lambda: not is_held(home.state / "lock"), timeout_s=60, what="its end, 4 s after OpenCode's")
