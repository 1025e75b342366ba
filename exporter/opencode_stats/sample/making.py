"""From scenes to figures: the lines go into a spool, and the exporter that makes everybody's figures takes them in."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Final, Literal

from opencode_stats import __version__
from opencode_stats.daemon.exporter import Exporter, refresh
from opencode_stats.host.files import own_folder
from opencode_stats.host.lock import exporter_lock
from opencode_stats.host.paths import Paths
from opencode_stats.host.processes import Processes
from opencode_stats.sample.scenes import SCENES, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import tzinfo

    from opencode_stats.core.events import ProcessKey
    from opencode_stats.host.clock import Clock

NO_BOOT: Final = "00000000-0000-4000-8000-000000000000"
"""Of a moment that was asked for: the same bytes on every machine, and no process that anybody could look for."""


class Still:
    """A clock that has stopped."""

    def __init__(self, now_ms: int) -> None:
        self._now_ms = now_ms

    def now_ms(self) -> int:
        """That moment, Unix milliseconds."""
        return self._now_ms

    def elapsed_s(self) -> float:
        """No second passes."""
        return 0.0


class Imagined(Processes):
    """Processes that can't be seen, as those in another pid namespace: they live until they say goodbye."""

    def life_of(self, key: ProcessKey) -> Literal["unknown"]:
        """Nobody can tell."""
        del key
        return "unknown"


def boot_id(proc: str = "/proc") -> str:
    """This boot's; ``NO_BOOT`` where the system has none (macOS)."""
    try:
        return Path(proc, "sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return NO_BOOT


def paths_in(home: Path) -> Paths:
    """The places in a sample's home, whatever the environment says."""
    return Paths.of({}, home)


def make_scenes(
    folder: Path, *, seed: int, now_ms: int, zone: Callable[[], tzinfo], boot: str
) -> Iterator[tuple[str, Path]]:
    """Makes the home of each scene; gives its name and its stats.json.

    Raises:
        UserError: a folder can't be made.
    """
    for name, scene in SCENES.items():
        # A seed of its own, so that a scene stays as it is when another one changes.
        stage = Stage(Random(f"{seed} {name}"), now_ms, boot)  # noqa: S311 - nothing here is a secret
        scene.play(stage)
        paths = paths_in(folder / name)
        for process in stage.processes:
            append(paths, process.file_name, process.take_lines())
        if stage.spoiled:
            append(paths, stage.processes[-1].file_name, stage.spoiled)
        with exporter_lock(paths.lock, os.getpid()):
            exporter = exporter_of(paths, clock=Still(now_ms), zone=zone, processes=Imagined(), daemon_pid=None)
            refresh(exporter)
            exporter.close()
        yield name, paths.stats_file


def exporter_of(
    paths: Paths, *, clock: Clock, zone: Callable[[], tzinfo], processes: Processes, daemon_pid: int | None
) -> Exporter:
    """The exporter of a sample's home; it knows of no OpenCode and of no settings."""
    return Exporter(
        paths,
        version=__version__,
        clock=clock,
        zone=zone,
        processes=processes,
        databases=list,
        daemon_pid=daemon_pid,
    )


def append(paths: Paths, name: str, lines: bytes) -> None:
    """Writes lines into a spool file, as the plugin does: at its end, in one write."""
    own_folder(paths.spool)
    descriptor = os.open(paths.spool / name, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, lines)
    finally:
        os.close(descriptor)
