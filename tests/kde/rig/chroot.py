"""A folder with KDE Plasma in it, made of Debian's packages once and kept."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from tests.support import debian

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SUITE: Final = "trixie"
PACKAGES: Final = (
    "plasma-workspace",
    "plasma-desktop",
    "kpackagetool6",
    "kwin-x11",
    "breeze",
    "breeze-icon-theme",
    "qml6-module-org-kde-plasma-plasma5support",
    "qt6-declarative-dev-tools",
    "xvfb",
    "xdotool",
    "maim",
    "dbus-daemon",
    "dbus-bin",
    "libglib2.0-bin",
    "at-spi2-core",
    "gir1.2-atspi-2.0",
    "python3",
    "python3-gi",
    "fonts-noto-core",
    "libgl1-mesa-dri",
    "libxcb-cursor0",
    "procps",
)
"""The texts that Plasma shows are read through the accessibility bus, hence at-spi2-core."""
UNPACKED_WITHOUT: Final = ("man", "doc", "locale", "help")


def ensure(environment: Mapping[str, str]) -> Path:
    """The folder, which takes 1.3 GB; made first if it is not there, or was made of another list of packages.

    Raises:
        Unavailable: Debian's packages could not be had, or don't fit together today; says what apt said.
    """
    options = [
        *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in UNPACKED_WITHOUT),
        f"--include={','.join(PACKAGES)}",
        '--customize-hook=chroot "$1" useradd --uid 4242 --create-home --shell /bin/bash rig',
        '--customize-hook=rm -f "$1/etc/machine-id" && chroot "$1" dbus-uuidgen --ensure=/etc/machine-id',
    ]
    made_of = hashlib.sha256(" ".join((*PACKAGES, *UNPACKED_WITHOUT)).encode()).hexdigest()[:16]
    return debian.ensure(SUITE, debian.caches(environment) / "kde" / SUITE, made_of, options)
