"""How set-up writes, puts aside and removes files of the user's folders."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path
from typing import Final

from opencode_stats.host.files import FILES, OWN_FILE_MODE
from opencode_stats.install.manifest import digest

_OTHERS_MAY_WRITE: Final = 0o022


def write_file(path: Path, content: bytes) -> None:
    """Puts the content there at once and whole; a link is followed, so that a dotfile collection stays one.

    The file is its owner's alone whatever the umask; one that was there keeps its mode, but nobody else may write to it
    any more: OpenCode and systemd run what these files say.

    The name of the file meanwhile ends in ``.tmp``: OpenCode loads every ``.ts`` and ``.js`` in its plugin folder.
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        mode = stat.S_IMODE(os.stat(target).st_mode) & ~_OTHERS_MAY_WRITE if target.is_file() else OWN_FILE_MODE
        descriptor = FILES.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            # The user knows the file by its own name.
            error.filename, error.filename2 = str(path), None
        raise


def put_aside(path: Path) -> Path:
    """Gives what is there a free name beside it, which it returns.

    Raises:
        OSError: it can't be renamed.
    """
    free = path.with_name(path.name + ".orig")
    number = 1
    while os.path.lexists(free):
        number += 1
        free = path.with_name(f"{path.name}.orig.{number}")
    os.rename(path, free)
    return free


def digest_of(path: Path) -> str | None:
    """A file's digest, an empty text for a folder, None where there is nothing."""
    if path.is_dir():
        return ""
    return digest(path.read_bytes()) if path.is_file() else None


def remove_whole(path: Path) -> None:
    """Removes a file, a link, or a folder with all that is in it; nothing where nothing is.

    Raises:
        OSError: it can't be removed.
    """
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
