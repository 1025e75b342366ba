"""The real OpenCode, fetched through npm as its user configured it and kept in the checkout's ``.cache``."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY: Final = Path(__file__).resolve().parents[3]
CACHE: Final = REPOSITORY / ".cache"
VERSION: Final = "1.18.33"
_PINS: Final = REPOSITORY / "tests" / "e2e" / "opencode"
_PIN_FILES: Final = ("package.json", "package-lock.json", ".npmrc")


class OpenCodeMissing(Exception):  # it says what is the case, not that something broke
    """OpenCode is not here and could not be fetched."""


def fetched() -> Path:
    """OpenCode's program file; fetched first if this checkout has not got it (about 110 MB to load).

    npm's install scripts are not run (they may be blocked): the platform's package holds the program itself.

    Raises:
        OpenCodeMissing: npm is not there, or could not get it.
    """
    pins = b"".join((_PINS / name).read_bytes() for name in _PIN_FILES)
    place = CACHE / "opencode" / hashlib.sha256(pins).hexdigest()[:12]
    with only_one(CACHE / "opencode.lock"):
        if not place.exists():
            _install(place)
    return _program(place) or _raise(f"no program in {place} runs here; remove that folder to fetch it again")


@contextlib.contextmanager
def only_one(lock: Path) -> Iterator[None]:
    """Let one process at a time do what follows."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _install(place: Path) -> None:
    npm = shutil.which("npm") or _raise("npm is not installed")
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent, prefix="fetching-") as scratch:
        for name in _PIN_FILES:
            shutil.copy(_PINS / name, scratch)
        # Not ``npm ci``: the lock file knows only the platforms that its author's registry had, which ``ci`` refuses;
        # ``install`` checks what is locked and finds the other platforms' packages, of the same exact version.
        _npm([npm, "install", "--ignore-scripts"], scratch)
        if not _program(Path(scratch)):
            _raise("npm brought no OpenCode that runs on this machine")
        os.rename(scratch, place)
        os.mkdir(scratch)  # its context removes it


def _npm(command: list[str], folder: str) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        _raise(f"{' '.join(command[1:])} ended with {done.returncode}: {done.stderr.strip()[:2000]}")


def _program(place: Path) -> Path | None:
    """The first platform package's program that runs here: of two for x86-64, one needs AVX2."""
    for program in sorted(place.glob("node_modules/opencode-*/bin/opencode")):
        with tempfile.TemporaryDirectory() as home:
            try:
                answer = subprocess.run(
                    [program, "--version"],
                    env={"HOME": home, "PATH": os.defpath},
                    capture_output=True,
                    text=True,
                    check=False,
                )
            except OSError:
                continue  # another platform's program format, or another C library
        if answer.returncode == 0 and answer.stdout.strip() == VERSION:
            return program
    return None


def _raise(why: str) -> NoReturn:
    raise OpenCodeMissing(why)
