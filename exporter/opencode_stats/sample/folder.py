"""The folder that samples are made in: never one in which real figures are, or anything else of somebody's."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Final

from opencode_stats.errors import UserError
from opencode_stats.host.lock import is_held
from opencode_stats.host.paths import Paths
from opencode_stats.sample.scenes import SCENES

if TYPE_CHECKING:
    from pathlib import Path

LIVE: Final = "live"
NOTE: Final = "README.txt"
_TITLE: Final = "Samples of OpenCode statistics, made by `opencode-stats sample`. Nothing in here is real."


def prepare(folder: Path, real: Paths) -> None:
    """Makes the folder, or empties it where it holds nothing but earlier samples.

    Raises:
        UserError: it can't be used; nothing was changed.
    """
    _refuse_real(folder, real)
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        found = set(os.listdir(folder))
        if is_held(Paths.of({}, folder / LIVE).lock):
            raise UserError(f"Another opencode-stats sample --live is at work in {folder}. Stop it (Ctrl-C) first.")
        if found and not _is_ours(folder, found):
            raise UserError(f"{folder} is not empty. Name a folder that is not there yet.")
        for name in found - {NOTE}:
            shutil.rmtree(folder / name)
        (folder / NOTE).write_text(_note(), encoding="utf-8")
    except OSError as error:
        place = error.filename or folder
        raise UserError(f"{place} can't be used: {error.strerror}. Name a folder that you may write to.") from error


def _refuse_real(folder: Path, real: Paths) -> None:
    wanted = os.path.realpath(folder)
    for place in (real.data, real.state, real.config, real.opencode_data, real.opencode_config):
        there = os.path.realpath(place)
        if os.path.commonpath([wanted, there]) in (wanted, there):
            raise UserError(f"{folder} is where your real figures are ({place}). Name another folder.")


def _is_ours(folder: Path, found: set[str]) -> bool:
    if not found <= {NOTE, LIVE, *SCENES} or os.path.islink(folder / NOTE):
        return False
    try:
        with open(folder / NOTE, encoding="utf-8") as note:
            return note.readline().rstrip("\n") == _TITLE
    except (OSError, ValueError):
        return False


def _note() -> str:
    lines = [_TITLE, "", "Each folder is a home: HOME=working opencode-stats", ""]
    lines += [f"{name:12} {scene.says}" for name, scene in SCENES.items()]
    lines += [f"{LIVE:12} Changes while `opencode-stats sample --live` runs.", ""]
    return "\n".join(lines)
