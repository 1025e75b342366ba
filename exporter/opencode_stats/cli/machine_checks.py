"""Is the machine as we need it: OpenCode, disk, file system, clock? Reads only."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final

from opencode_stats.cli.finding import Finding
from opencode_stats.cli.render.text import span
from opencode_stats.host.files import FILES, sync_folder
from opencode_stats.install.opencode_binary import find_opencode, version_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from opencode_stats.host.files import Files
    from opencode_stats.host.paths import Paths
    from opencode_stats.install.survey import Machine

KNOWN_MAJORS: Final = (1, 2)
LOW_BYTES: Final = 64 * 1024 * 1024
"""Less room than this is soon gone: a database that grows needs as much at once."""
MOUNTS: Final = "/proc/self/mountinfo"
NETWORK: Final = frozenset({
    "9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "fuse.ceph", "fuse.davfs", "fuse.glusterfs", "fuse.rclone",
    "fuse.s3fs", "fuse.sshfs", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "orangefs", "smb2", "smb3",
    "smbfs", "virtiofs",
})  # fmt: skip
"""File systems that other machines may have mounted, too: there SQLite's shared memory and our locks don't hold."""
AHEAD_MS: Final = 10 * 60 * 1000


def opencode_finding(machine: Machine) -> Finding:
    """Whether OpenCode is there, and of a version that the plugin is made for."""
    about = "OpenCode"
    found = find_opencode(machine.env, machine.home)
    if found is None:
        if _was_at_work(machine.paths):
            return Finding("ok", about, "not in PATH or the usual places, but it has been at work here.")
        return Finding("warn", about, "not found.", "install OpenCode (https://opencode.ai), or put it into PATH")
    version = version_of(found, machine.run)
    if not version:
        reason = f"{found.program} does not tell its version."
        return Finding("warn", about, reason, f"{found.program} --version should print it; see why it does not")
    shown = f"{found.program}, version {'.'.join(map(str, version))}"
    if version[0] in KNOWN_MAJORS:
        return Finding("ok", about, f"{shown}.")
    mend = "opencode upgrade" if version[0] < KNOWN_MAJORS[0] else "update opencode-stats"
    return Finding("warn", about, f"{shown}, which the plugin is not made for (1.x and 2.x).", mend)


def _was_at_work(paths: Paths) -> bool:
    """Whether OpenCode's own folder has anything besides our stats.json, for which we make it ourselves."""
    try:
        return any(name != paths.stats_file.name for name in os.listdir(paths.opencode_data))
    except OSError:
        # None, or one that is no folder or can't be looked into: said of the folder itself.
        return False


def disk_finding(folders: Iterable[Path]) -> Finding:
    """Whether there is room where the ledger, the spool and stats.json are; a full disk is said of its folder."""
    about = "disk"
    for folder in folders:
        place = _nearest(folder)
        try:
            system = os.statvfs(place)
        except OSError:
            # Said of the folder itself.
            continue
        left_bytes = system.f_bavail * system.f_frsize
        if left_bytes < LOW_BYTES:
            left = f"{left_bytes // 2**20} MiB are left on the disk of {place}."
            return Finding("warn", about, left, "make room; what can't be written is held back, and in the end lost")
        if system.f_files and not system.f_favail:
            reason = f"the disk of {place} takes no more files (no inodes are left)."
            return Finding("fail", about, reason, "remove files that are not needed; df -i tells how many are left")
    return Finding("ok", about, "there is room.")


def file_system_finding(folders: Sequence[Path], mounts: str = MOUNTS, files: Files = FILES) -> Finding:
    """Whether ledger, spool and lock are on file systems of this machine's own; and whether these sync folders."""
    about = "file system"
    unsynced = "".join(
        f" That of {folder} can't sync folders: a power cut may bring an older file back, until the exporter starts."
        for folder in folders
        if not _syncs(folder, files)
    )
    try:
        table = list(_mounts(read_plain_text(mounts)))
    except OSError:
        return Finding("ok", about, f"this system does not tell of its mounts.{unsynced}")
    for folder in folders:
        real = os.path.realpath(folder)
        kinds = [kind for place, kind in table if os.path.commonpath([place, real]) == place]
        # Sorted by length: the last is the deepest, and of several mounts on one place the latest.
        if kinds and kinds[-1] in NETWORK:
            return Finding(
                "warn",
                about,
                f"{folder} is on a network file system ({kinds[-1]}), which other machines may use, too.",
                "set XDG_DATA_HOME and XDG_STATE_HOME to folders on a local disk, then opencode-stats setup",
            )
    return Finding("ok", about, f"ledger and spool are on local disks.{unsynced}")


def _syncs(folder: Path, files: Files) -> bool:
    """False only where the file system says that it can't do so at all."""
    try:
        return sync_folder(folder.resolve(), files)
    except OSError:
        # There is none yet, or it is said of the folder itself; or the disk fails, of which the exporter tells.
        return True


def clock_finding(latest_ms: int, now_ms: int) -> Finding:
    """Whether the clock agrees with what was counted; ``latest_ms`` is the last instant in the ledger, 0 for none."""
    if latest_ms <= now_ms + AHEAD_MS:
        return Finding("ok", "clock", "nothing was counted in the future.")
    ahead = span((latest_ms - now_ms) / 1000)
    reason = (
        f"the last message was completed {ahead} from now: the clock is behind, or was ahead then. Days may be wrong."
    )
    return Finding("warn", "clock", reason, "timedatectl set-ntp true; if `date` is right, this passes with time")


def read_plain_text(path: str) -> str:
    """A file of /proc, which says that it has no size."""
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        return file.read()


def _mounts(table: str) -> Iterator[tuple[str, str]]:
    """Where which kind of file system is mounted, the shorter paths first (proc(5), mountinfo)."""
    found = []
    for line in table.splitlines():
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        if len(fields) > 4 and after:  # noqa: PLR2004 - the fifth field is the mount point
            found.append((_unescaped(fields[4]), after.split(" ")[0]))
    yield from sorted(found, key=lambda mount: len(mount[0]))


def _unescaped(field: str) -> str:
    """Spaces and the like stand as octal codes."""
    return re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), field)


def _nearest(folder: Path) -> Path:
    return next(place for place in (folder, *folder.parents) if place.exists())
