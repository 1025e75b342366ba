"""The PKGBUILD, built by Arch's own makepkg as Debian has it. An Arch machine was never at hand."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.packages.rig.roots import USER_ID

from opencode_stats import __version__

if TYPE_CHECKING:
    from pathlib import Path

    from tests.packages.rig.machine import Machine

# A machine at work on other things takes its time; only what hangs takes so long.
pytestmark = [pytest.mark.packages, pytest.mark.timeout(900)]


def test_makepkg_checks_the_sums_and_makes_the_package(workshop: Machine, dist: Path) -> None:
    subprocess.run(["cp", "-r", dist, workshop.home / "dist"], check=True)
    subprocess.run(["chown", "-R", f"{USER_ID}:{USER_ID}", workshop.home / "dist"], check=True)

    # The libraries are there as Debian's packages, of which pacman knows nothing.
    workshop.does("sh", "-ec", "cd dist; makepkg --nodeps")

    (package,) = (workshop.home / "dist").glob(f"opencode-stats-{__version__}-1-any.pkg.tar*")
    names = workshop.does("bsdtar", "--list", "--file", f"dist/{package.name}").splitlines()
    assert {
        "usr/share/man/man1/opencode-stats.1.gz",
        "usr/share/bash-completion/completions/opencode-stats",
        "usr/share/zsh/site-functions/_opencode-stats",
        "usr/share/fish/vendor_completions.d/opencode-stats.fish",
        "usr/share/licenses/opencode-stats/LICENSE",
    } <= set(names)
    assert [name for name in names if name.endswith("/bin/opencode-stats")]
    assert [name for name in names if name.endswith("/opencode_stats/install/gnome-extension.zip")]
    info = workshop.does("bsdtar", "--extract", "--to-stdout", "--file", f"dist/{package.name}", ".PKGINFO")
    assert "depend = python-pydantic>=2.7\n" in info

    (workshop.home / "dist/opencode-stats.1").write_text("somebody else's")
    done = workshop.tries("sh", "-ec", "cd dist; makepkg --nodeps --force")
    assert done.code != 0
    assert "opencode-stats.1 ... FAILED" in done.out + done.err
