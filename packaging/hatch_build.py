"""Has the wheel carry the GNOME Shell extension, packed; Python alone is needed for it, neither Node nor GNOME."""

from __future__ import annotations

import runpy
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PackedExtension(BuildHookInterface):  # type: ignore[type-arg]  # hatchling gives no configuration class of its own
    """Packs it before the wheel is put together, and takes the folder away afterwards."""

    _scratch: tempfile.TemporaryDirectory[str] | None = None

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Adds the zip to the wheel; an editable installation (``version``) packs it from the checkout when asked."""
        if version == "editable":
            return
        self._scratch = tempfile.TemporaryDirectory()
        packer = Path(self.root, "gnome_extension", "tools", "pack.py")
        packed = runpy.run_path(str(packer))["pack"](Path(self._scratch.name))
        build_data["force_include"][str(packed)] = "opencode_stats/install/gnome-extension.zip"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002 - hatchling's
        """Removes what ``initialize`` made."""
        if self._scratch is not None:
            self._scratch.cleanup()
