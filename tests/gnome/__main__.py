"""Runs the tests of this folder in the GNOME Shells of Debian's suites: ``python -m tests.gnome [SUITE…]``.

The first suite's Shell has to be had, where root and Debian's packages allow a Shell at all; the others move, and on
some days don't fit together: then they are named as unavailable, with apt's reason. A test that fails is a failure
everywhere.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.e2e.rig.fetch import REPOSITORY, OpenCodeMissing, fetched
from tests.e2e.rig.prepared import prepared
from tests.gnome.rig.chroot import cache_folder, ensure, in_own_namespaces
from tests.gnome.rig.desk import CHROOT, PICTURES
from tests.support.debian import Unavailable, package_version

MANDATORY: Final = "trixie"
"""Debian's stable suite: what its users have, and what does not move."""
SUITES: Final = (MANDATORY, "forky", "sid")
EVERYWHERE: Final = ("test_panel.py", "test_presence.py", "test_attention.py", "test_bad_input.py", "test_languages.py")
"""What runs in the suites that move: what it does there, not how fast it is."""


def main(arguments: list[str]) -> int:
    """Gives the exit code: 0 where no test failed and the mandatory suite was there."""
    parser = argparse.ArgumentParser(prog="python -m tests.gnome", description=__doc__)
    parser.add_argument("suites", nargs="*", default=SUITES, metavar="SUITE")
    parser.add_argument("--pictures", action="store_true", help="only take the pictures of docs/images anew")
    parser.add_argument("-k", dest="expression", default="", help="as pytest's")
    options = parser.parse_args(arguments)
    if why := why_not(options.suites[0]):
        print(f"tests/gnome was NOT RUN: {why}")
        return 0
    verdicts = [(suite, _run(suite, options.expression, pictures=options.pictures)) for suite in options.suites]
    for suite, (verdict, _failed) in verdicts:
        print(f"GNOME Shell of Debian {suite}: {verdict}")
    return int(any(failed for _suite, (_verdict, failed) in verdicts))


def why_not(suite: str) -> str | None:
    """Why no Shell can be run on this machine; None where it can."""
    if os.geteuid() != 0:
        return f"it takes root to make a folder of Debian {suite}'s packages and to mount it"
    if not shutil.which("apt-get"):
        return "it takes Debian's apt to get a GNOME Shell"
    probe = [*in_own_namespaces(["unshare", "--user", "--map-user=4242", "--mount", "true"])]
    done = subprocess.run(probe, capture_output=True, text=True, check=False)
    return f"no namespaces here: {done.stderr.strip()}" if done.returncode else None


def _run(suite: str, expression: str, *, pictures: bool) -> tuple[str, bool]:
    """In words, and whether it is a failure."""
    try:
        chroot = ensure(suite, cache_folder(os.environ))
    except Unavailable as missing:
        return f"unavailable: {missing}", suite == MANDATORY
    here = Path("tests/gnome")
    everywhere = [here / name for name in EVERYWHERE]
    what = [here / "pictures.py"] if pictures else [here] if suite == MANDATORY else everywhere
    pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-p", "no:cacheprovider", *map(str, what)]
    if expression:
        pytest += ["-k", expression]
    environment = {**os.environ, CHROOT: str(chroot)}
    if pictures:
        environment[PICTURES] = "1"
    elif suite == MANDATORY:
        try:
            prepared(fetched())  # now, while there is a network
        except OpenCodeMissing as missing:
            return f"the real OpenCode can't be had: {missing}", True
    version = package_version(chroot, "gnome-shell")
    print(f"--- GNOME Shell {version} (Debian {suite})", flush=True)
    code = subprocess.run(in_own_namespaces(pytest), cwd=REPOSITORY, env=environment, check=False).returncode
    return f"{version}: {'passed' if code == 0 else f'FAILED (pytest ended with {code})'}", code != 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
