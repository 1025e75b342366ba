"""The widget for KDE Plasma, as ``kpackagetool6`` takes it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from release.archives import zipped

if TYPE_CHECKING:
    from pathlib import Path


def plasmoid(root: Path) -> tuple[str, bytes]:
    """Its name and content: ``package/`` of the checkout's ``kde_plasmoid``, and the licence."""
    package = root / "kde_plasmoid" / "package"
    metadata = json.loads((package / "metadata.json").read_text("utf-8"))
    files = {path.relative_to(package).as_posix(): path.read_bytes() for path in package.rglob("*") if path.is_file()}
    files["LICENSE"] = (root / "LICENSE").read_bytes()
    return f"opencode-stats-{metadata['KPlugin']['Version']}.plasmoid", zipped(files)
