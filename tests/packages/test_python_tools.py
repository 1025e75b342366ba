"""The wheel as ``pipx`` and ``uv`` install, upgrade and remove it; both come from PyPI."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from tests.packages.rig.life import (
    LEDGER,
    NEW_VERSION,
    about_notifications,
    assert_as_new,
    assert_can_be_used,
    supervised_daemon,
)
from tests.packages.rig.older import OLDER

if TYPE_CHECKING:
    from pathlib import Path

    from tests.packages.rig.machine import Machine

# A machine at work on other things takes its time; only what hangs takes so long.
pytestmark = [pytest.mark.packages, pytest.mark.timeout(900)]

TOOLS = "/opt/tools"
WHEELS = "/opt/wheels-of-the-test"
INSTALL = {"pipx": ["pipx", "install", "opencode-stats"], "uv": ["uv", "tool", "install", "opencode-stats"]}
UPGRADE = {"pipx": ["pipx", "upgrade", "opencode-stats"], "uv": ["uv", "tool", "upgrade", "opencode-stats"]}
REMOVE = {"pipx": "pipx uninstall opencode-stats", "uv": "uv tool uninstall opencode-stats"}
PROGRAM = {
    "pipx": "/home/ada/.local/share/pipx/venvs/opencode-stats/bin/opencode-stats",
    "uv": "/home/ada/.local/share/uv/tools/opencode-stats/bin/opencode-stats",
}

ADDS = {
    "pipx": "pipx inject opencode-stats dbus-fast",
    "uv": "uv tool install --with dbus-fast, with the wheel that it was installed from,",
}
ADD = {
    "pipx": ["pipx", "inject", "opencode-stats", "dbus-fast"],
    "uv": ["uv", "tool", "install", "--with", "dbus-fast", "opencode-stats"],
}


@pytest.mark.parametrize("tool", INSTALL)
def test_installed_used_upgraded_and_removed(online: Machine, wheel: Path, older_wheel: Path, tool: str) -> None:
    online.does("apt-get", "install", "-qy", "python3-venv", root=True)
    online.does("python3", "-m", "venv", TOOLS, root=True)
    online.does(f"{TOOLS}/bin/pip", "install", "--quiet", tool, root=True)
    (online.root / WHEELS[1:]).mkdir()
    shutil.copy(older_wheel, online.root / WHEELS[1:])
    wanted = ("pip", "dbus-fast", f"{WHEELS}/{older_wheel.name}")
    online.does(f"{TOOLS}/bin/pip", "download", "-q", "-d", WHEELS, *wanted, root=True)
    # From here on only what lies there: the name may be somebody else's in the registry.
    only = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": WHEELS, "UV_NO_INDEX": "1", "UV_FIND_LINKS": WHEELS}
    user = {"PATH": f"/home/ada/.local/bin:{TOOLS}/bin:/usr/bin:/bin", "UV_PYTHON_DOWNLOADS": "never"}
    machine = online.with_variables(only | user)

    machine.does(*INSTALL[tool])
    assert OLDER in machine.does("opencode-stats", "--version")
    assert_can_be_used(machine, PROGRAM[tool], f"dbus-fast is not installed ({ADDS[tool]} adds it)")

    with supervised_daemon(machine) as daemon:
        shutil.copy(wheel, online.root / WHEELS[1:])
        machine.does(*UPGRADE[tool])
        assert daemon.ends() == NEW_VERSION
    assert_as_new(machine)
    machine.does("opencode-stats", "setup", "--yes")
    machine.does(*ADD[tool])
    assert about_notifications(machine) == "nobody shows them: there is no session bus."

    told = machine.does("opencode-stats", "uninstall", "--yes")
    assert f"The program itself: {REMOVE[tool]}." in told
    machine.does(*REMOVE[tool].split())
    assert machine.tries("opencode-stats").code == 127
    assert (machine.home / LEDGER).exists()
