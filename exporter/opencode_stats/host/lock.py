"""One exporter at a time: an advisory lock that the kernel gives up with its holder's life."""

from __future__ import annotations

import contextlib
import errno
import os
from typing import TYPE_CHECKING, Final

from opencode_stats.errors import LockHeld, UserError
from opencode_stats.host.files import own_file, own_folder, read_plain, told

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOLDER_BYTES = 64
_SIGNATURE_BYTES: Final = 16
PROBE_PATIENCE_S = 0.5
"""How long a starting exporter waits, because ``is_held`` takes the lock for some microseconds."""

_NO_LOCKS: Final = (errno.ENOLCK, errno.EOPNOTSUPP)
"""What flock(2) says on a network file system whose server keeps no locks."""


@contextlib.contextmanager
def exporter_lock(path: Path, pid: int) -> Iterator[None]:
    """Holds the lock for the block and writes our pid into its file.

    Raises:
        LockHeld: another exporter is at work.
        UserError: the file can't be made.
    """
    import filelock  # noqa: PLC0415 - it brings asyncio, which readers of stats.json need not pay for

    try:
        # Versions of filelock follow a symbolic link when they open.
        own_folder(path.parent, linked=True)
        own_file(path)
        lock = filelock.UnixFileLock(path, timeout=PROBE_PATIENCE_S, mode=0o600)
        lock.acquire(poll_interval=0.02)
    except filelock.Timeout:
        holder_pid = holder_of(path)
        raise LockHeld(f"Another opencode-stats is at work (pid {holder_pid or 'unknown'}).", holder_pid) from None
    except OSError as error:
        why = told(error, path)
        if error.errno in _NO_LOCKS:
            why = f"{error.strerror}. Set XDG_STATE_HOME to a folder on a local disk."
        raise UserError(f"The lock {path} can't be taken: {why}") from error
    try:
        _sign(path, pid)
        yield
    finally:
        lock.release()


def _sign(path: Path, pid: int) -> None:
    """Names us in the file. Where that can't be done (a full disk) it names nobody: the lock is held all the same."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            # As long as every other that stood there: to write over it a full disk needs no room.
            signature = f"{pid:<{_SIGNATURE_BYTES - 1}}\n".encode()
            try:
                os.pwrite(descriptor, signature, 0)
            except OSError:
                # Whoever stands there is not at work, and could be taken for who is.
                os.ftruncate(descriptor, 0)
                raise
            os.ftruncate(descriptor, len(signature))
        finally:
            os.close(descriptor)
    except OSError as error:
        import logging  # noqa: PLC0415 - who only asks whether it is held need not pay for it

        logging.getLogger(__name__).warning("lock.unsigned file=%s error=%s", path, error.strerror)


def is_held(path: Path) -> bool:
    """Whether an exporter is at work. Cheap: neither filelock nor a new file."""
    import fcntl  # noqa: PLC0415 - only here

    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        # A file system without locks: nobody holds this one, and who wants to take it will be told.
        return False
    finally:
        os.close(descriptor)
    return False


def holder_of(path: Path) -> int:
    """The pid that the lock's file names; 0 where it names none."""
    try:
        return int(read_plain(path, HOLDER_BYTES))
    except (OSError, ValueError):
        return 0
