"""Runs the tests of this folder: ``python -m tests.packages [-k EXPRESSION]``. They need root and Debian's packages."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from typing import Final

from tests.packages.rig import roots
from tests.packages.rig.readme import REPOSITORY
from tests.support.debian import Unavailable, caches

FRESH: Final = "PACKAGES_FRESH"
WORKSHOP: Final = "PACKAGES_WORKSHOP"
"""Variables: where the two folders are. Without them there is nothing to run."""


def main(arguments: list[str]) -> int:
    """Gives the exit code: 0 where no test failed, or where machines can't be made here."""
    parser = argparse.ArgumentParser(prog="python -m tests.packages", description=__doc__)
    parser.add_argument("-k", dest="expression", default="", help="as pytest's")
    options = parser.parse_args(arguments)
    if why := why_not():
        print(f"tests/packages was NOT RUN: {why}")
        return 0
    cache = caches(os.environ) / "packages"
    try:
        folders = {FRESH: str(roots.fresh(cache)), WORKSHOP: str(roots.workshop(cache))}
    except Unavailable as missing:
        print(f"Debian {roots.SUITE} can't be had: {missing}")
        return 1
    pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-p", "no:cacheprovider", "tests/packages"]
    pytest += ["-k", options.expression] if options.expression else []
    return subprocess.run(in_own_mounts(pytest), cwd=REPOSITORY, env={**os.environ, **folders}, check=False).returncode


def why_not() -> str | None:
    """Why no machine can be made here; None where one can."""
    if os.geteuid() != 0:
        return "it takes root to make a folder of Debian's packages and to mount it"
    if not shutil.which("apt-get"):
        return "it takes Debian's apt to get a Debian"
    done = subprocess.run(in_own_mounts(["mount", "-t", "tmpfs", "tmpfs", "/mnt"]), capture_output=True, check=False)
    return "no mount namespaces here" if done.returncode else None


def in_own_mounts(command: list[str]) -> list[str]:
    """The command with processes and mounts of its own: what it leaves behind ends with it. The network is ours."""
    return ["unshare", "--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child=KILL", "--mount-proc", *command]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
