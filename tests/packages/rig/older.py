"""Today's program under a lower number: what an upgrade starts from. (Older ledgers have a test of their own.)"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from typing import TYPE_CHECKING, Final

from opencode_stats import __version__

if TYPE_CHECKING:
    from pathlib import Path

OLDER: Final = "0.0.1"
_SAY_IT: Final = ("pyproject.toml", "exporter/opencode_stats/__init__.py", "gnome_extension/metadata.json")


def older_wheel(sdist: Path, scratch: Path) -> Path:
    """A wheel made of the source archive, with another version in it wherever it is said."""
    with tarfile.open(sdist) as archive:
        archive.extractall(scratch / "source", filter="data")
    (source,) = (scratch / "source").iterdir()
    for name in _SAY_IT:
        text = (source / name).read_text("utf-8")
        assert f'"{__version__}"' in text, name
        (source / name).write_text(text.replace(f'"{__version__}"', f'"{OLDER}"', 1), "utf-8")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(scratch / "wheel")]
    subprocess.run(command, cwd=source, env={"PATH": os.environ["PATH"]}, check=True, capture_output=True)
    (wheel,) = (scratch / "wheel").iterdir()
    return wheel
