"""Runs the tests of this folder in a real Plasma: ``python -m tests.kde`` (``make kde``).

Not a part of ``make test``: the folder of Debian's packages takes minutes to make. What can be held without Plasma is
in ``kde_plasmoid/test`` and ``tests/unit/kde_plasmoid``, which are.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Final

from tests.e2e.rig.fetch import REPOSITORY
from tests.gnome.__main__ import why_not
from tests.gnome.rig.chroot import in_own_namespaces
from tests.kde.rig.chroot import SUITE, ensure
from tests.support.debian import Unavailable, package_version

CHROOT: Final = "KDE_RIG_CHROOT"
"""In the environment: where Plasma is installed."""


def main(arguments: list[str]) -> int:
    """Gives the exit code; ``arguments`` are pytest's."""
    if why := why_not(SUITE):
        print(f"tests/kde was NOT RUN: {why}")
        return 1
    try:
        chroot = ensure(os.environ)
    except Unavailable as missing:
        print(f"tests/kde was NOT RUN: {missing}")
        return 1
    print(f"--- Plasma {package_version(chroot, 'plasma-workspace')} (Debian {SUITE})", flush=True)
    pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-p", "no:cacheprovider", "tests/kde"]
    environment = {**os.environ, CHROOT: str(chroot)}
    return subprocess.run(
        in_own_namespaces([*pytest, *arguments]), cwd=REPOSITORY, env=environment, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
