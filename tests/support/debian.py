"""Folders with a Debian in them, made by mmdebstrap from the mirror that this machine's apt is set up for, and kept."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

STAMP: Final = ".opencode-stats-rig"
"""In a finished folder: what it was made of."""
_LOG_LINES: Final = 12


class Unavailable(Exception):  # it says what is the case, not that something broke
    """This suite can't be had here; the text says why."""


def caches(environment: Mapping[str, str]) -> Path:
    """Where the folders are kept: outside of the checkout, for they take minutes to make."""
    home = environment.get("XDG_CACHE_HOME") or os.path.join(environment.get("HOME", "/root"), ".cache")
    return Path(home) / "opencode-stats"


def ensure(suite: str, root: Path, made_of: str, options: Sequence[str]) -> Path:
    """The folder ``root``; made first if it is not there, or was made of something else.

    Args:
        suite: Debian's.
        root: the folder; beside it is a lock.
        made_of: a word that changes when the options do.
        options: mmdebstrap's, besides what every folder needs.

    Raises:
        Unavailable: Debian's packages could not be had, or don't fit together today; says what apt said.
    """
    root.parent.mkdir(parents=True, exist_ok=True)
    with _only_one(root.parent / f".{root.name}.lock"):
        if _stamp_of(root) != made_of:
            _make(suite, root, options)
            (root / STAMP).write_text(made_of + "\n", "ascii")
    return root


def package_version(root: Path, package: str) -> str:
    """Which version of a package is in there."""
    command = ["chroot", str(root), "dpkg-query", "-W", "-f", "${Version}", package]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _stamp_of(root: Path) -> str | None:
    try:
        return (root / STAMP).read_text("ascii").strip()
    except FileNotFoundError:
        return None


def _make(suite: str, root: Path, options: Sequence[str]) -> None:
    program = shutil.which("mmdebstrap") or _installed("mmdebstrap")
    if root.exists():  # half-made, or of another list
        unmount_below(root)
        subprocess.run(["rm", "-rf", "--one-file-system", str(root)], check=True)
    since_s = time.monotonic()
    print(f"making {root} (Debian {suite}), which may take one to two minutes …", flush=True)
    common = [
        "--mode=root",
        "--variant=apt",
        "--components=main",
        # Of a suite that moves, a mirror's index may be some days old.
        '--aptopt=Acquire::Check-Valid-Until "false"',
        '--aptopt=Acquire::Retries "5"',
        '--aptopt=APT::Install-Recommends "false"',
        '--aptopt=Acquire::Languages "none"',
    ]
    done = subprocess.run(
        [program, *common, *options, suite, str(root), _mirror()], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Unavailable(f"mmdebstrap ended with {done.returncode}:\n{_reason(done.stderr)}")
    print(f"made in {time.monotonic() - since_s:.0f} s", flush=True)


def unmount_below(folder: Path) -> None:
    """Take off what is mounted in a folder, the last that was mounted first: mmdebstrap, if it is killed, leaves that.

    Raises:
        subprocess.CalledProcessError: something there is in use.
    """
    lines = Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape").splitlines()
    # The fifth field, with blanks and the like as three octal digits (proc_pid_mountinfo(5)).
    places = [re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), line.split(" ")[4]) for line in lines]
    for place in reversed(places):
        if Path(place).is_relative_to(folder.resolve()):
            subprocess.run(["umount", place], check=True)


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
