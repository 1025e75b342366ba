"""A screen that nobody sees, a scratch home with figures, and programs that are ended with them."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from opencode_stats.host.lock import exporter_lock
from opencode_stats.host.paths import Paths

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

ROOT: Final = Path(__file__).parents[2]
BARS: Final = ROOT / "packaging" / "bars"
IMAGES: Final = ROOT / "docs" / "images"
PATIENCE_S: Final = 30.0
_DISPLAYS: Final = range(90, 190)


@dataclass(frozen=True)
class Home:
    """A home of its own, with ``opencode-stats`` in its PATH and an exporter that seems to be at work."""

    folder: Path
    env: dict[str, str]

    @property
    def paths(self) -> Paths:
        """Its places."""
        return Paths.of(self.env, self.folder)

    def publish(self, document: dict[str, Any]) -> None:
        """Replaces stats.json, as the exporter does."""
        file = self.paths.stats_file
        file.parent.mkdir(parents=True, exist_ok=True)
        file.with_name("temporary").write_text(json.dumps(document), "utf-8")
        file.with_name("temporary").replace(file)

    @contextmanager
    def program(self, *words: str, **env: str) -> Iterator[subprocess.Popen[bytes]]:
        """A program in this home while the context lasts; what it says is in ``log``."""
        with open(self.folder / "log", "ab") as log:
            process = subprocess.Popen(
                words,
                env={**self.env, **env},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            yield process
        finally:
            # The whole of its session: bars and compositors have children.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, 15)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, 9)
            process.wait()

    @property
    def log(self) -> str:
        """What all programs have said."""
        return (self.folder / "log").read_text("utf-8", "replace")


@contextmanager
def home() -> Iterator[Home]:
    """A scratch home."""
    with tempfile.TemporaryDirectory(prefix="ocs-bars-") as made:
        folder = Path(made)
        for name in ("bin", "run"):
            (folder / name).mkdir(mode=0o700)
        command = folder / "bin" / "opencode-stats"
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m opencode_stats "$@"\n', "utf-8")
        command.chmod(0o755)
        env = {
            "HOME": str(folder),
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT / "exporter"),
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "XDG_RUNTIME_DIR": str(folder / "run"),
        }
        there = Home(folder, env)
        there.paths.state.mkdir(parents=True)
        with exporter_lock(there.paths.lock, os.getpid()):
            yield there


@contextmanager
def x_display(on: Home, width: int, height: int) -> Iterator[str]:
    """An X server without a screen; gives its name (``:90``)."""
    number = next(number for number in _DISPLAYS if not Path(f"/tmp/.X11-unix/X{number}").exists())
    with on.program("Xvfb", f":{number}", "-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp"):
        wait_for(lambda: Path(f"/tmp/.X11-unix/X{number}").exists(), "the X server")
        yield f":{number}"


def wait_for(seen: Callable[[], object], what: str) -> None:
    """Waits until it is so."""
    give_up_s = time.monotonic() + PATIENCE_S
    while not seen():
        if time.monotonic() > give_up_s:
            raise AssertionError(f"not within {PATIENCE_S:.0f} s: {what}")
        time.sleep(0.05)


def run(on: Home, words: Sequence[str], env: Mapping[str, str]) -> bytes:
    """A program to its end; gives what it printed."""
    return subprocess.run(
        words, cwd=on.folder, env={**on.env, **env}, capture_output=True, timeout=PATIENCE_S, check=True
    ).stdout


def shot(on: Home, display: str, geometry: str = "") -> bytes:
    """What the display shows, or a part of it (``800x30+0+0``), as PNG."""
    return run(on, ["maim", "--hidecursor", *(["-g", geometry] if geometry else [])], {"DISPLAY": display})
