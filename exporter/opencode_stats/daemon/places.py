"""The folders in which the plugin and the exporter meet."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from opencode_stats.errors import UserError
from opencode_stats.host.files import own_folder, told

if TYPE_CHECKING:
    from opencode_stats.host.files import Files
    from opencode_stats.host.paths import Paths


def prepare_folders(paths: Paths, files: Files) -> None:
    """Makes the folders in which the plugin and we meet; refuses those that are not ours alone."""
    try:
        own_folder(paths.state, files, linked=True)
        for folder in (paths.spool, paths.quarantine, paths.losses):
            # Those that come into being later are looked at when they are there.
            if folder == paths.spool or os.path.lexists(folder):
                own_folder(folder, files)
    except OSError as error:
        raise UserError(f"A folder can't be used: {told(error)}") from error
