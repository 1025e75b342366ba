"""Finding the user's OpenCode."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opencode_stats.install.user_services import Runner

NAME: Final = "opencode"
VERSION_S: Final = 30.0
_BELOW_HOME: Final = (".opencode/bin", ".local/bin", ".bun/bin", ".npm-global/bin", "bin", "go/bin")
"""Where OpenCode's install script and the usual package managers put it, which a service's PATH may not name."""
_ELSEWHERE: Final = ("/usr/local/bin", "/usr/bin", "/home/linuxbrew/.linuxbrew/bin", "/opt/homebrew/bin")


@dataclass(frozen=True, slots=True)
class OpenCode:
    """A program file, absolute."""

    program: Path


def find_opencode(env: Mapping[str, str], home: Path) -> OpenCode | None:
    """The user's OpenCode: the one that a shell would start, else one in the usual places; None where there is none."""
    chosen = shutil.which(NAME, path=env.get("PATH", os.defpath))
    places = [] if chosen is None else [Path(os.path.abspath(chosen))]
    places += [home / folder / NAME for folder in _BELOW_HOME] + [Path(folder) / NAME for folder in _ELSEWHERE]
    for place in places:
        if place.is_file() and os.access(place, os.X_OK):
            return OpenCode(place)
    return None


def version_of(opencode: OpenCode, run: Runner) -> tuple[int, ...]:
    """Its version as numbers, empty where it does not tell.

    Even ``--version`` makes OpenCode lay out its folders; these are scratch ones.
    """
    with tempfile.TemporaryDirectory(prefix="opencode-stats-") as scratch:
        variables = [f"XDG_{kind}_HOME={scratch}/{kind}" for kind in ("CONFIG", "DATA", "STATE", "CACHE")]
        told = run(["/usr/bin/env", *variables, str(opencode.program), "--version"], timeout_s=VERSION_S)
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", told.out) if told.code == 0 else None
    return tuple(int(number) for number in found.groups()) if found else ()
