"""Who else could change what is run in the user's name."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT: Final = 0


def alone_in_group(gid: int) -> bool:
    """Whether nobody but this user is in the group, as in the private one that many systems give every user."""
    import grp  # noqa: PLC0415 - only where a group may write
    import pwd  # noqa: PLC0415

    try:
        own = pwd.getpwuid(os.geteuid())
        return gid == own.pw_gid and not set(grp.getgrgid(gid).gr_mem) - {own.pw_name} and gid != ROOT
    except KeyError:
        return False


def open_to_others(path: Path, is_alone: Callable[[int], bool] = alone_in_group) -> Path | None:
    """The first file or folder on the way to ``path`` that another user can replace or write into; None if none can.

    Looked at are the path as it is written and as it is with its links followed: whoever can change either decides what
    is found there. Root is trusted; a sticky folder (``/tmp``) lets everybody make files, and change none of ours. What
    is not there yet will be made by us.
    """
    for way in dict.fromkeys((Path(os.path.abspath(path)), Path(os.path.realpath(path)))):
        for place in (*reversed(way.parents), way):
            try:
                found = os.lstat(place)
            except OSError:
                break
            if _is_open(found, is_alone):
                return place
    return None


def _is_open(found: os.stat_result, is_alone: Callable[[int], bool]) -> bool:
    if found.st_uid not in (ROOT, os.geteuid()):
        return True
    if stat.S_ISLNK(found.st_mode):
        # Its rights mean nothing; those of its folder do.
        return False
    if stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX:
        return False
    if found.st_mode & stat.S_IWOTH:
        return True
    return bool(found.st_mode & stat.S_IWGRP) and found.st_gid != ROOT and not is_alone(found.st_gid)
