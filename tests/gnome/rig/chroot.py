"""Folders with a GNOME Shell in them, made of Debian's packages once and kept."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

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
STAMP: Final = ".opencode-stats-rig"
"""In a finished folder: which list of packages it was made of."""
_LOG_LINES: Final = 12


class Unavailable(Exception):  # it says what is the case, not that something broke
    """This suite can't be had here; the text says why."""


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Where the folders are kept: outside of the checkout, for it takes minutes and a gigabyte to make one."""
    if chosen := environment.get("GNOME_RIG_CACHE"):
        return Path(chosen)
    caches = environment.get("XDG_CACHE_HOME") or os.path.join(environment.get("HOME", "/root"), ".cache")
    return Path(caches) / "opencode-stats" / "gnome"


def ensure(suite: str, cache: Path) -> Path:
    """The suite's folder; made first if it is not there, or was made of another list of packages.

    Raises:
        Unavailable: Debian's packages could not be had, or don't fit together today; says what apt said.
    """
    root = cache / suite
    cache.mkdir(parents=True, exist_ok=True)
    with _only_one(cache / f".{suite}.lock"):
        if _stamp_of(root) != _stamp():
            _make(suite, root)
    return root


def package_version(root: Path, package: str) -> str:
    """Which version of a package is in there."""
    command = ["chroot", str(root), "dpkg-query", "-W", "-f", "${Version}", package]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _stamp() -> str:
    return hashlib.sha256(" ".join((*PACKAGES, *UNPACKED_WITHOUT)).encode()).hexdigest()[:16]


def _stamp_of(root: Path) -> str | None:
    try:
        return (root / STAMP).read_text("ascii").strip()
    except FileNotFoundError:
        return None


def _make(suite: str, root: Path) -> None:
    program = shutil.which("mmdebstrap") or _installed("mmdebstrap")
    if root.exists():  # half-made, or of another list
        subprocess.run(["rm", "-rf", "--one-file-system", str(root)], check=True)
    since_s = time.monotonic()
    print(f"making {root} (GNOME Shell of Debian {suite}), which takes one to two minutes …", flush=True)
    done = subprocess.run(
        [
            program,
            "--mode=root",
            "--variant=apt",
            "--components=main",
            # Of a suite that moves, a mirror's index may be some days old.
            '--aptopt=Acquire::Check-Valid-Until "false"',
            '--aptopt=APT::Install-Recommends "false"',
            '--aptopt=Acquire::Languages "none"',
            *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in UNPACKED_WITHOUT),
            f"--include={','.join(PACKAGES)}",
            '--customize-hook=chroot "$1" useradd --uid 4242 --create-home --shell /bin/bash rig',
            '--customize-hook=chroot "$1" dbus-uuidgen --ensure=/etc/machine-id',
            suite,
            str(root),
            _mirror(),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Unavailable(f"mmdebstrap ended with {done.returncode}:\n{_reason(done.stderr)}")
    (root / STAMP).write_text(_stamp() + "\n", "ascii")
    print(f"made in {time.monotonic() - since_s:.0f} s: GNOME Shell {package_version(root, 'gnome-shell')}", flush=True)


def _installed(package: str) -> str:
    for command in (["apt-get", "update", "-q"], ["apt-get", "install", "-qy", "--no-install-recommends", package]):
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            raise Unavailable("no apt-get here: not a Debian") from None
        if done.returncode:
            raise Unavailable(f"{' '.join(command)} ended with {done.returncode}:\n{_reason(done.stderr)}")
    return shutil.which(package) or package


def _mirror() -> str:
    """The Debian mirror that this machine's own apt is set up for."""
    sites = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    mirrors = sorted({site for site in sites if "security" not in site})
    if not mirrors:
        raise Unavailable("apt is set up for no Debian mirror")
    return mirrors[0]


def _reason(errors: str) -> str:
    lines = [line for line in errors.splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(("E:", "W:")) or "Depends" in line or "Breaks" in line]
    return "\n".join((telling or lines)[-_LOG_LINES:])


@contextlib.contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def in_own_namespaces(command: Sequence[str]) -> list[str]:
    """The command with processes, mounts and loopback of its own: what it leaves behind ends with it."""
    isolated = ["unshare", "--mount", "--pid", "--net", "--ipc", "--uts", "--fork", "--kill-child=KILL", "--mount-proc"]
    return [*isolated, "sh", "-c", 'ip link set lo up && exec "$@"', "sh", *command]
