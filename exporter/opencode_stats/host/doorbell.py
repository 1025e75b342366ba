"""The named pipe that the plugin rings after every line: it gives the latency, the file watcher is the safety net."""

from __future__ import annotations

import contextlib
import os
import stat
from typing import TYPE_CHECKING

from opencode_stats.errors import UserError
from opencode_stats.host.files import OWN_FILE_MODE

if TYPE_CHECKING:
    from pathlib import Path

_DRAIN_BYTES = 64 * 1024


class Doorbell:
    """Our end of the pipe; ``descriptor`` is readable while somebody has rung.

    Raises:
        UserError: it can't be made, or something that is not a pipe of ours stands in its place.
    """

    def __init__(self, path: Path) -> None:
        try:
            self.descriptor = _own_pipe(path)
        except OSError as error:
            raise UserError(f"The pipe {path} can't be used: {error.strerror}. Move away what is there.") from error

    def quiet(self) -> None:
        """Takes all rings that have come so far."""
        with contextlib.suppress(BlockingIOError):
            os.read(self.descriptor, _DRAIN_BYTES)

    def close(self) -> None:
        """Takes our end away; the pipe's name stays, and ringing it is no error."""
        os.close(self.descriptor)


def _own_pipe(path: Path) -> int:
    try:
        os.mkfifo(path, OWN_FILE_MODE)
        os.chmod(path, OWN_FILE_MODE)  # whatever the umask
    except FileExistsError:
        found = os.lstat(path)
        if not stat.S_ISFIFO(found.st_mode) or found.st_uid != os.geteuid():
            raise
    # Open for writing too: else every ring ends with an end-of-file that stays readable and makes poll spin.
    return os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
