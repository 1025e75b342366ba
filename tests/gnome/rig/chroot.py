"""Folders with a GNOME Shell in them, made of Debian's packages once and kept."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.support import debian

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PACKAGES: Final = (
    "gnome-shell",
    "gnome-shell-common",
    "gjs",
    "mutter",
    "dbus",
    "dbus-daemon",
    "dbus-bin",
    "libglib2.0-bin",
    "dconf-gsettings-backend",
    "dconf-cli",
    "gsettings-desktop-schemas",
    "adwaita-icon-theme",
    "librsvg2-common",
    "fonts-dejavu-core",
    "fonts-cantarell",
    "libgl1-mesa-dri",
    "libegl-mesa0",
    "procps",
    "python3",
    "python3-gi",
    "python3-dbusmock",
    "gir1.2-adw-1",
    "gir1.2-gtk-4.0",
    "iproute2",
    "zenity",
)
"""What a suite's folder is made of. The icons need librsvg2-common; ``gnome-shell-extension-prefs`` is not needed."""
UNPACKED_WITHOUT: Final = ("man", "doc", "locale", "help")


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Where the folders are kept; each takes a gigabyte."""
    if chosen := environment.get("GNOME_RIG_CACHE"):
        return Path(chosen)
    return debian.caches(environment) / "gnome"


def ensure(suite: str, cache: Path) -> Path:
    """The suite's folder; made first if it is not there, or was made of another list of packages.

    Raises:
        Unavailable: Debian's packages could not be had, or don't fit together today; says what apt said.
    """
    options = [
        *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in UNPACKED_WITHOUT),
        f"--include={','.join(PACKAGES)}",
        '--customize-hook=chroot "$1" useradd --uid 4242 --create-home --shell /bin/bash rig',
        '--customize-hook=chroot "$1" dbus-uuidgen --ensure=/etc/machine-id',
    ]
    made_of = hashlib.sha256(" ".join((*PACKAGES, *UNPACKED_WITHOUT)).encode()).hexdigest()[:16]
    return debian.ensure(suite, cache / suite, made_of, options)


def in_own_namespaces(command: Sequence[str]) -> list[str]:
    """The command with processes, mounts and loopback of its own: what it leaves behind ends with it."""
    isolated = ["unshare", "--mount", "--pid", "--net", "--ipc", "--uts", "--fork", "--kill-child=KILL", "--mount-proc"]
    return [*isolated, "sh", "-c", 'ip link set lo up && exec "$@"', "sh", *command]
