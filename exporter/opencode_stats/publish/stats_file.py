"""stats.json: written when, and only when, it says something new."""

from __future__ import annotations

import contextlib
import json
import os
import stat
from typing import TYPE_CHECKING, Any

from opencode_stats.contract.stats_document import FileVersion, document_of, encode, encode_digest, same_figures
from opencode_stats.errors import UserError
from opencode_stats.host.files import OWN_FILE_MODE, make_folder, own_folder, told
from opencode_stats.publish.atomic_file import replace_file, sweep

if TYPE_CHECKING:
    from pathlib import Path

    from opencode_stats.core.stats import Stats
    from opencode_stats.host.files import Files
    from opencode_stats.publish.atomic_file import Outcome


class StatsFile:
    """The published file, its temp folder, and the stamp that is replaced after it.

    The stamp stands alone in its folder because file monitors answer late in a busy one, and OpenCode's database
    makes the documented folder busy just when it matters (DESIGN §3.3). Not even its own temp file is made there: GLib
    tells of what comes within 100 ms after that only when these are over. It holds what a panel shows, so that nobody
    has to read a large file ten times a second for one figure.
    """

    def __init__(self, files: Files, target: Path, temp_folder: Path, stamp: Path) -> None:
        self._files = files
        self._target = target
        self._temp_folder = temp_folder
        self._stamp = stamp
        self._published: dict[str, Any] | None = None
        self._version: FileVersion | None = None

    def prepare(self) -> None:
        """Makes the folders, sweeps what a crash left, and reads what was published last.

        Raises:
            UserError: a folder can't be made, or something that is not ours stands in the file's place.
        """
        try:
            self._make_folders(self._target.parent, self._temp_folder, self._stamp.parent)
            sweep(self._files, self._target.parent, self._temp_folder, self._stamp.parent, self._stamp.parent.parent)
            self._refuse_strangers()
        except OSError as error:
            raise UserError(f"{self._target} can't be written: {told(error, self._target)}") from error
        self._published, self._version = _read_back(self._files, self._target)

    def publish(self, stats: Stats) -> Outcome | None:
        """Writes the file if it says something new, or is not the one that was published; None otherwise.

        Raises:
            OSError: the last good file is still in place.
            UserError: somebody put something that is not ours in the place of the file, or of its folder.
        """
        document = document_of(stats)
        found = self._refuse_strangers()
        if found and _same_content(_version_of(found), self._version) and same_figures(self._published, document):
            return None
        outcome = self._replace_anew(self._target, encode(document), self._temp_folder)
        self._published, self._version = document, None
        # The stamp is for speed: who watches it looks at the file, too, and sees if that is of another version. The
        # next publishing tries again.
        with contextlib.suppress(OSError):
            self._version = _version_of(self._files.lstat(self._target))
            stamp = encode_digest(document, self._version)
            self._replace_anew(self._stamp, stamp, self._stamp.parent.parent)
        return outcome

    def _replace_anew(self, target: Path, content: bytes, temp_folder: Path) -> Outcome:
        try:
            return replace_file(self._files, target, content, temp_folder)
        except FileNotFoundError:
            # Somebody removed a folder under us (`opencode uninstall` does): make it and try once more.
            self._make_folders(target.parent, temp_folder)
            return replace_file(self._files, target, content, temp_folder)

    def _refuse_strangers(self) -> os.stat_result | None:
        """What is known of the file, None where there is none; UserError where it, or its folder, is not ours.

        A rename would put our file in a link's place, and the link was somebody's; and what is written into somebody
        else's folder is theirs to change.
        """
        _refuse_folder(self._files, self._target.parent)
        return _ours(self._files, self._target)

    def _make_folders(self, *folders: Path) -> None:
        for folder in folders:
            if folder == self._target.parent:
                # OpenCode's own, whose rights are its affair; a rename is safe in it whoever else may write there.
                make_folder(folder, self._files)
            else:
                own_folder(folder, self._files)


def _read_back(files: Files, target: Path) -> tuple[dict[str, Any], FileVersion] | tuple[None, None]:
    """What stands in the file, so that a start with nothing new to say leaves it alone; Nones where it is not ours."""
    try:
        descriptor = files.open(target, os.O_RDONLY)
        try:
            found = files.fstat(descriptor)
            if stat.S_IMODE(found.st_mode) != OWN_FILE_MODE:
                return None, None
            document = json.loads(files.read(descriptor, found.st_size, 0))
        finally:
            files.close(descriptor)
    except (OSError, ValueError, RecursionError):
        return None, None
    ours = isinstance(document, dict) and isinstance(document.get("exporter"), dict)
    return (document, _version_of(found)) if ours else (None, None)


def _ours(files: Files, target: Path) -> os.stat_result | None:
    """What is known of the file, None where there is none; UserError where what is there is a link, or a stranger's."""
    found = _looked_at(files, target)
    if found is None:
        return None
    if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
        raise UserError(f"{target} is not a file of yours, so it was left alone. Move it away and try again.")
    return found


def _refuse_folder(files: Files, folder: Path) -> None:
    """Raises UserError where the folder of stats.json is another user's, or a link that another user made.

    OpenCode's data on another disk, through a link of the user's own, is usual; so is a link further up.
    """
    found = _looked_at(files, folder)
    if found is not None and stat.S_ISLNK(found.st_mode) and found.st_uid == os.geteuid():
        try:
            found = os.stat(folder)
        except OSError as error:
            raise UserError(f"{folder} is a link to nowhere: {error.strerror}. Make what it names.") from error
    if found is not None and found.st_uid != os.geteuid():
        mend = f"Move it away, or make it yours (chown -h {os.geteuid()} {folder}), and try again."
        raise UserError(f"{folder} belongs to another user, so nothing is written there. {mend}")


def _same_content(one: FileVersion, other: FileVersion | None) -> bool:
    """Whether nobody wrote in between. Not by the inode: some network file systems give another one at each look."""
    return other is not None and (one.size_bytes, one.modified_us) == (other.size_bytes, other.modified_us)


def _version_of(found: os.stat_result) -> FileVersion:
    return FileVersion(found.st_ino, found.st_size, found.st_mtime_ns // 1000)


def _looked_at(files: Files, path: Path) -> os.stat_result | None:
    """None where there is nothing."""
    try:
        return files.lstat(path)
    except FileNotFoundError:
        return None
