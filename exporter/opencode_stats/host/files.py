"""The file calls whose failure must be survived, as a parameter, so that tests can make each of them fail."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

OWN_FOLDER_MODE = 0o700
OWN_FILE_MODE = 0o600


class Files:
    """The operating system's own calls; each raises OSError as documented there."""

    def open(self, path: Path, flags: int, mode: int = OWN_FILE_MODE) -> int:
        """As the call of that name: never for children and never through a symbolic link at the end of the path.

        A file that is made has this mode whatever the umask, and so has one that is there.
        """
        descriptor = os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW, mode)
        if flags & os.O_CREAT:
            try:
                os.fchmod(descriptor, mode)
            except BaseException:
                os.close(descriptor)
                raise
        return descriptor

    def write(self, descriptor: int, content: memoryview) -> int:
        """As the call of that name; gives how many bytes it took, which may be fewer than given."""
        return os.write(descriptor, content)

    def read(self, descriptor: int, length_bytes: int, offset_bytes: int) -> bytes:
        """As the call "pread": from a place in the file, and fewer bytes only at its end."""
        return os.pread(descriptor, length_bytes, offset_bytes)

    def fsync(self, descriptor: int) -> None:
        """As the call of that name: waits until the disk has it."""
        os.fsync(descriptor)

    def close(self, descriptor: int) -> None:
        """As the call of that name."""
        os.close(descriptor)

    def replace(self, source: Path, target: Path) -> None:
        """As the call "rename": puts a file in another's place."""
        os.replace(source, target)

    def unlink(self, path: Path) -> None:
        """As the call of that name: removes a file."""
        os.unlink(path)

    def mkdir(self, path: Path, mode: int = OWN_FOLDER_MODE) -> None:
        """As the call of that name: makes one folder, of this mode whatever the umask."""
        os.mkdir(path, mode)
        if stat.S_IMODE(os.lstat(path).st_mode) != mode:
            os.chmod(path, mode)

    def names(self, folder: Path) -> list[str]:
        """What is in a folder, in no order; as the call "getdents"."""
        return os.listdir(folder)

    def lstat(self, path: Path) -> os.stat_result:
        """As the call of that name: what there is to know of a file, or of a link itself."""
        return os.lstat(path)

    def fstat(self, descriptor: int) -> os.stat_result:
        """As the call of that name: what there is to know of an open file."""
        return os.fstat(descriptor)


FILES: Final = Files()
"""The real calls, for whoever is given no others."""


_OTHERS_MAY_WRITE: Final = 0o002
_OPEN_TO_ALL: Final = "everybody may write to it"
_MENDS: Final = {_OPEN_TO_ALL: "Take that right away from others (chmod o-w)."}
"""What mends a reason of our own (``own_folder``)."""
_MENDS_OF_THE_SYSTEM: Final = {
    errno.EROFS: "Mount it for writing, or have other folders used (XDG_STATE_HOME, XDG_DATA_HOME, XDG_CONFIG_HOME).",
    errno.ENOSPC: "Make room there.",
    errno.EDQUOT: "Make room there.",
    errno.EIO: "Look whether the disk is sound.",
    errno.EMFILE: "Try again when less is open.",
    errno.ENFILE: "Try again when less is open.",
    errno.ENOTDIR: "Move away what stands in the folder's place.",
    errno.EPERM: "Move it away and try again.",
}
"""What mends an error of the system; EPERM is what ``own_folder`` and ``own_file`` make of what is not ours."""
_ANY_OTHER: Final = "Check the folder's rights."
_NO_SUCH_THING: Final = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP)
"""What fsync(2) says of a folder where the file system syncs files alone."""


def own_folder(path: Path, files: Files = FILES, *, linked: bool = False) -> None:
    """Makes the folder, for its owner alone whatever the umask, or sees that the one there is is ours.

    A folder that exists keeps its mode unless everybody may write to it: it may be the user's choice, and ``doctor``
    speaks of it. ``linked``: the user may have put a symbolic link there, to a folder of theirs on another disk.

    Raises:
        OSError: it can't be made; or it is a link, somebody else's, or open to everybody. The error has a reason of its
            own in ``strerror`` then.
    """
    make_folder(path, files)
    found = files.lstat(path)
    if linked and stat.S_ISLNK(found.st_mode) and found.st_uid == os.geteuid():
        found = os.stat(path)
    reason = _not_ours(found)
    if reason:
        raise OSError(errno.EPERM, reason, str(path))


def sync_folder(folder: Path, files: Files = FILES) -> bool:
    """Waits until the disk has what a folder names; False where its file system has no such thing.

    Some that come over a network or from another system (9p, CIFS, FUSE) sync files alone: nothing went wrong there,
    and no later call will do better.

    Raises:
        OSError: it can't be done; what was made, renamed or removed in it may be undone by a power cut.
    """
    descriptor = files.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        files.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_SUCH_THING:
            raise
        return False
    finally:
        files.close(descriptor)
    return True


def own_file(path: Path, files: Files = FILES) -> None:
    """Sees that what is there, if anything, is a plain file of ours.

    A second name of it (a hard link) is no matter: only who may write to our folder could have made it there.

    Raises:
        OSError: it is something else; ``strerror`` says what.
    """
    try:
        found = files.lstat(path)
    except FileNotFoundError:
        return
    reason = ""
    if stat.S_ISLNK(found.st_mode):
        reason = "it is a symbolic link, which is not followed"
    elif not stat.S_ISREG(found.st_mode):
        reason = "it is not a file"
    elif found.st_uid != os.geteuid():
        reason = "it belongs to somebody else"
    if reason:
        raise OSError(errno.EPERM, reason, str(path))


def read_plain(path: Path, most_bytes: int = -1) -> bytes:
    """What is in a plain file, in the first ``most_bytes`` of it; a link is followed, a pipe is not waited for.

    Raises:
        OSError: there is none, or it can't be read.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is not a file", str(path))
        with open(descriptor, "rb", closefd=False) as file:
            return file.read(most_bytes)
    finally:
        os.close(descriptor)


def told(error: OSError, path: Path | None = None) -> str:
    """Why it can't be done and what to do: the rest of a sentence that ends in a colon, and another one.

    ``path`` is what that sentence names; what the system named is told only where it is something else.
    """
    where = "" if not error.filename or str(error.filename) == str(path) else f"{error.filename}: "
    why = error.strerror or str(error)
    return f"{where}{why}. {_MENDS.get(why) or _MENDS_OF_THE_SYSTEM.get(error.errno or 0, _ANY_OTHER)}"


def make_folder(path: Path, files: Files = FILES) -> None:
    """Makes the folder and what is missing above it, for its owner alone whatever the umask; one that is there stays.

    Raises:
        OSError: it can't be made.
    """
    missing = []
    folder = path
    while not os.path.lexists(folder):
        missing.append(folder)
        folder = folder.parent
    for folder in reversed(missing):
        try:
            files.mkdir(folder)
        except FileExistsError:
            # The plugin, or another exporter, was faster.
            continue


def _not_ours(found: os.stat_result) -> str:
    if stat.S_ISLNK(found.st_mode):
        return "it is a symbolic link, which is not followed"
    if not stat.S_ISDIR(found.st_mode):
        return "it is not a folder"
    if found.st_uid != os.geteuid():
        return "it belongs to somebody else"
    if found.st_mode & _OTHERS_MAY_WRITE:
        return _OPEN_TO_ALL
    return ""
