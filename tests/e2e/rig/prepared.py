"""OpenCode's own dependency install, done once for real and copied into every scratch home.

With any plugin configured, OpenCode's first start in a configuration folder installs ``@opencode-ai/plugin`` there
through npm, and waits for it. What is copied here is what OpenCode itself installed, never an imitation: an imitation
breaks users' own tools.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from tests.e2e.rig.fetch import CACHE, VERSION, only_one
from tests.e2e.rig.home import make_home
from tests.e2e.rig.opencode import run
from tests.mock_provider import MockProvider

_INSTALLED: Final = ("node_modules", "package.json", "package-lock.json", ".gitignore")
EMPTY_PLUGIN: Final = 'export default { id: "nothing", server: async () => ({}) };\n'


def prepared(program: Path) -> Path:
    """A folder with what OpenCode installed; the first call in a checkout starts OpenCode for it.

    Raises:
        RuntimeError: OpenCode ended without having installed it.
    """
    place = CACHE / "opencode-config" / VERSION
    with only_one(CACHE / "opencode-config.lock"):
        if not place.exists():
            _prepare(place, program)
    return place


def copy_into(place: Path, folder: Path) -> None:
    """Give a configuration folder what OpenCode would install there at its first start with a plugin."""
    for name in _INSTALLED:
        # cp keeps links and is ten times as fast as shutil over the 4,000 files.
        subprocess.run(["cp", "-a", str(place / name), str(folder / name)], check=True)


def user_registry() -> str | None:
    """The npm registry that the user of this machine configured; None where npm is not there."""
    npm = shutil.which("npm")
    if not npm:
        return None
    # npm keeps a log of each call in its cache; asking must leave nothing in the user's home.
    with tempfile.TemporaryDirectory() as cache:
        command = [npm, f"--cache={cache}", "config", "get", "registry"]
        answer = subprocess.run(command, capture_output=True, text=True, check=True)
    return answer.stdout.strip() or None


def _prepare(place: Path, program: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="opencode-prepare-") as scratch, MockProvider() as provider:
        root = Path(scratch) / "root"
        root.mkdir()
        home = make_home(root, program, provider.url, registry=user_registry())
        plugins = home.config / "plugins"
        plugins.mkdir()
        (plugins / "nothing.ts").write_text(EMPTY_PLUGIN)
        done = run(home, "SCENARIO:hello", timeout_s=240)
        if done.returncode or not (home.config / "node_modules" / "@opencode-ai" / "plugin" / "package.json").exists():
            raise RuntimeError(f"OpenCode did not install its plugin types: {done}")
        with tempfile.TemporaryDirectory(dir=place.parent, prefix="preparing-") as beside:
            for name in _INSTALLED:
                subprocess.run(["cp", "-a", str(home.config / name), beside], check=True)
            os.rename(beside, place)
            os.mkdir(beside)  # its context removes it
