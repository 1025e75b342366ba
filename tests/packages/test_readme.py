"""The README's own lines, typed on a machine that was never used before."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.packages.rig import readme
from tests.packages.rig.life import LEDGER, write_spool
from tests.packages.rig.roots import USER_ID
from tests.support.old_ledgers import TOKENS

from opencode_stats import __version__

if TYPE_CHECKING:
    from tests.packages.rig.machine import Machine

# A machine at work on other things takes its time; only what hangs takes so long.
pytestmark = [pytest.mark.packages, pytest.mark.timeout(900)]

CHECKOUT = "checkout"
NEEDS_NODE = ("make demo", "make test", "make check")
"""These have tests of their own (tests/demo, tests/e2e), for they load OpenCode."""


def clone(machine: Machine) -> None:
    """The README's "checkout of this repository", with what is changed here and not committed yet."""
    target = machine.home / CHECKOUT
    listed = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=readme.REPOSITORY, check=True, capture_output=True).stdout.decode().split("\0")
    for name in filter(None, names):
        source = readme.REPOSITORY / name
        if source.exists() and not name.startswith(("tests/fixtures/", "docs/images/")):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target / name)
    subprocess.run(["chown", "-R", f"{USER_ID}:{USER_ID}", target], check=True)


def test_its_commands_work_as_they_stand(online: Machine) -> None:
    online.does("apt-get", "install", "-qy", *readme.debian_packages(), root=True)
    clone(online)
    lines = [line for line in readme.commands() if not line.startswith(NEEDS_NODE)]
    assert any(line.startswith("make install") for line in lines)

    said = "".join(online.does("sh", "-ec", f"cd {CHECKOUT}; {line}") for line in lines)

    assert "Set up." in said
    assert "Total" in said
    # As in a new terminal: Debian's ~/.profile puts ~/.local/bin into the path once it is there.
    look = ["bash", "-lc"]
    assert online.does(*look, "opencode-stats --version") == f"opencode-stats, version {__version__}\n"
    write_spool(online)
    told = json.loads(online.does(*look, "opencode-stats --json"))
    assert told["total"]["totalTokens"] == TOKENS
    assert f"{TOKENS:,}" in online.does(*look, "opencode-stats")

    assert "`make uninstall`" in readme.section("Install")
    online.does("sh", "-ec", f"cd {CHECKOUT}; make uninstall")
    assert online.tries(*look, "opencode-stats").code == 127
    assert (online.home / LEDGER).exists()
