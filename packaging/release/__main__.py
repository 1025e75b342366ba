"""``python -m release FOLDER`` (``make dist``): everything that is handed out, into a folder that is made anew."""

from __future__ import annotations

import hashlib
import os
import runpy
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from release.arch import pkgbuild
from release.debian import debian_package
from release.documents import COMPLETIONS, MAN_FOLDER, MAN_PAGE, PLACES, documents
from release.npm import npm_package
from release.plasmoid import plasmoid
from release.project import ROOT, build_environment, epoch_of, read_project

if TYPE_CHECKING:
    from collections.abc import Mapping

SUMS: Final = "SHA256SUMS"


def make(env: Mapping[str, str], scratch: Path) -> dict[str, bytes]:
    """Every artefact: its name and content.

    Args:
        env: for ``SOURCE_DATE_EPOCH`` and ``PATH``.
        scratch: an empty folder to work in.

    Raises:
        CalledProcessError: a tool that builds failed; what it said is on the standard error.
    """
    project, epoch_s = read_project(), epoch_of(env)
    python = _python_packages(build_environment(env, epoch_s), scratch / "python")
    (wheel,) = (content for name, content in python.items() if name.endswith(".whl"))
    (sdist,) = (name for name in python if name.endswith(".tar.gz"))
    written = documents(project.version, epoch_s)
    beside = {MAN_PAGE: f"{MAN_FOLDER}/{MAN_PAGE}", **{COMPLETIONS[shell]: place for shell, place in PLACES.items()}}
    placed = {name: (place, written[name]) for name, place in beside.items()}
    made = {**python, **written, "PKGBUILD": pkgbuild(project, (sdist, python[sdist]), placed).encode()}
    packed: Path = runpy.run_path(str(ROOT / "gnome_extension" / "tools" / "pack.py"))["pack"](scratch / "extension")
    made[packed.name] = packed.read_bytes()
    made |= [npm_package(ROOT, epoch_s), plasmoid(ROOT)]
    if shutil.which("dpkg-deb", path=env.get("PATH")):
        licence = (ROOT / "LICENSE").read_text("utf-8")
        debian = scratch / "debian"
        made |= [debian_package(project, wheel, written, licence=licence, epoch_s=epoch_s, scratch=debian)]
    else:
        print("dpkg-deb is not installed: the Debian package is left out", file=sys.stderr)  # noqa: T201
    made[SUMS] = "".join(f"{hashlib.sha256(made[name]).hexdigest()}  {name}\n" for name in sorted(made)).encode()
    return made


def _python_packages(env: Mapping[str, str], folder: Path) -> dict[str, bytes]:
    folder.mkdir()
    for kind in ("sdist", "wheel"):
        command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(folder)]
        # Its own words go to the standard error: the standard output lists what was made.
        subprocess.run(command, cwd=ROOT, env=dict(env), stdout=sys.stderr, check=True)  # noqa: S603
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def main(target: Path) -> None:
    """Makes everything, and only then puts it into ``target`` in place of what was there."""
    with tempfile.TemporaryDirectory() as scratch:
        made = make(os.environ, Path(scratch))  # noqa: TID251 - the entry point reads the environment
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for name, content in sorted(made.items()):
        (target / name).write_bytes(content)
        print(target / name)  # noqa: T201 - what a build prints is where its result is


if __name__ == "__main__":
    main(Path(sys.argv[1]))
