"""A folder that cannot be written, seen by one program only: a mount in a namespace that ends with it."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from pathlib import Path

Fault = Literal["read-only", "full", "no folder"]

_MOUNT: Final = {
    "read-only": 'mount -t tmpfs -o ro,mode=700 tmpfs "$0"',
    # Room for some lines, then none: also a line of which only a part fits.
    "full": 'mount -t tmpfs -o size=16k,mode=700 tmpfs "$0"',
}
REASONS: Final = {"read-only": "EROFS", "full": "ENOSPC", "no folder": "ENOTDIR"}
"""The error that each fault shows to a program that writes."""


def breaking(folder: Path, fault: Fault) -> tuple[list[str], Fault]:
    """What to put before a command so that it finds this folder broken, and how it is broken in the end.

    Mounting needs root or user namespaces. Where a machine grants neither, a plain file stands in the folder's place:
    another error, the same duty to leave OpenCode alone and to tell of the loss.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    namespace = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]
    if fault != "no folder":
        folder.mkdir(mode=0o700, exist_ok=True)
        prefix = [*namespace, "sh", "-c", f'{_MOUNT[fault]} && exec "$@"', str(folder)]
        if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0:
            return prefix, fault
    if folder.is_dir():
        shutil.rmtree(folder)  # what setup left there
    folder.write_text("This is no folder.\n")
    return [], "no folder"
