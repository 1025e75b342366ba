"""The two Debian folders that machines are made of, each made once and kept."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from tests.packages.rig import readme
from tests.support import debian

from release.project import read_project

if TYPE_CHECKING:
    from pathlib import Path

SUITE: Final = "trixie"
"""Debian's stable suite, the first with pydantic 2."""
LIBRARIES: Final = tuple(f"python3-{name}" for name in {**read_project().libraries, **read_project().desktop})
TOOLS: Final = ("lintian", "man-db", "mandoc", "bash-completion", "zsh", "fish")
MAKEPKG: Final = (
    "makepkg",
    "pacman-package-manager",
    "libarchive-tools",
    "fakeroot",
    "file",
    "zstd",
    "python3-build",
    "python3-installer",
    "python3-hatchling",
    "python-is-python3",
)
"""Arch's maker of packages, and what the PKGBUILD calls."""
USER: Final = "ada"
USER_ID: Final = 4711
_RECENT: Final = 4
"""Raised when the options below change."""


def fresh(cache: Path) -> Path:
    """A Debian as it is after its installation, and the archives of what the tests will install: that needs no network.

    Raises:
        Unavailable: it can't be had here.
    """
    archives = ("python3", *LIBRARIES, *readme.debian_packages())
    update = 'chroot "$1" apt-get update -q'
    load = f'chroot "$1" apt-get install -qy --download-only {" ".join(archives)}'
    return _made(cache / "fresh", ("--include=ca-certificates,passwd", f"--customize-hook={update} && {load}"))


def workshop(cache: Path) -> Path:
    """A Debian with every library, and with the programs that look at packages, pages and completions.

    Raises:
        Unavailable: it can't be had here.
    """
    return _made(cache / "workshop", (f"--include={','.join(('passwd', 'python3', *LIBRARIES, *TOOLS, *MAKEPKG))}",))


def _made(root: Path, options: tuple[str, ...]) -> Path:
    common = (
        # The lists and archives stay.
        "--skip=cleanup/apt",
        f'--customize-hook=chroot "$1" useradd --uid {USER_ID} --create-home --shell /bin/bash {USER}',
    )
    made_of = hashlib.sha256(" ".join((str(_RECENT), *options)).encode()).hexdigest()[:16]
    return debian.ensure(SUITE, root, made_of, (*options, *common))
