"""The single things that ``setup`` and ``uninstall`` do, each with the sentence that announces it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from opencode_stats.install.service import SYSTEMD

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Write:
    """Write a file; ``aside``: keep what is there as ``NAME.orig``."""

    path: Path
    content: bytes
    what: str
    aside: bool = False

    def __str__(self) -> str:
        kept = f" (the one there was changed; it is kept as {self.path.name}.orig)" if self.aside else ""
        return f"write {self.what} {self.path}{kept}"


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove a file that ``setup`` wrote; ``aside``: it was changed since, so rename it to ``NAME.orig`` instead."""

    path: Path
    what: str
    aside: bool = False

    def __str__(self) -> str:
        kept = f" (it was changed; it is kept as {self.path.name}.orig)" if self.aside else ""
        return f"remove {self.what} {self.path}{kept}"


@dataclass(frozen=True, slots=True)
class BringDependencies:
    """Have OpenCode do its own dependency install; ``empty``: those of the folders that held nothing before."""

    program: Path
    folders: tuple[Path, ...]
    project: Path | None
    empty: tuple[Path, ...]

    def __str__(self) -> str:
        return (
            f"have OpenCode install its plugin package into {', '.join(map(str, self.folders))}, as it would at its "
            f"next start ({self.program} runs for some seconds, on loopback; it starts no model and no plugin)"
        )


@dataclass(frozen=True, slots=True)
class AllowAutostart:
    """Write ``autostart = true`` into the settings; ``new``: there is no such file yet."""

    path: Path
    new: bool

    def __str__(self) -> str:
        return f"set autostart = true in {self.path}: with no systemd user manager, the plugin starts the exporter"


@dataclass(frozen=True, slots=True)
class ForbidAutostart:
    """Take our line out of the settings."""

    path: Path

    def __str__(self) -> str:
        return f"take the line that setup wrote out of {self.path}"


@dataclass(frozen=True, slots=True)
class StartService:
    """Enable and (re)start the service; ``title``: how it is announced."""

    unit: Path
    title: str = SYSTEMD.title

    def __str__(self) -> str:
        return f"start the {self.title}, now and at every login"


@dataclass(frozen=True, slots=True)
class StopService:
    """Stop and disable the service; ``title``: how it is announced."""

    title: str = SYSTEMD.title

    def __str__(self) -> str:
        return f"stop the {self.title}"


@dataclass(frozen=True, slots=True)
class SetUpPanel:
    """Put the packed extension into the user's GNOME, over what is there (``replaces``), and enable it.

    ``archive``: None where it is installed and only to be enabled.
    """

    folder: Path
    archive: bytes | None
    replaces: bool
    enable: bool

    def __str__(self) -> str:
        if self.archive is None:
            return "enable the GNOME panel"
        if self.replaces:
            return f"replace the GNOME panel in {self.folder}" + (" and enable it" if self.enable else "")
        return f"install the GNOME panel into {self.folder} and enable it"


@dataclass(frozen=True, slots=True)
class RemovePanel:
    """Take the extension that ``setup`` installed out of the user's GNOME, unless it was changed since."""

    folder: Path

    def __str__(self) -> str:
        return f"remove the GNOME panel from {self.folder}, unless it was changed since setup"


@dataclass(frozen=True, slots=True)
class StopExporter:
    """End an exporter that no service runs."""

    pid: int
    why: str

    def __str__(self) -> str:
        return f"stop the exporter with pid {self.pid}{self.why}"


@dataclass(frozen=True, slots=True)
class TakeInSpool:
    """Count what OpenCode did until now and nobody has counted yet."""

    def __str__(self) -> str:
        return "count what is still in the spool"


@dataclass(frozen=True, slots=True)
class RemoveOwn:
    """Remove files and folders that the exporter itself made, as far as they are there."""

    paths: tuple[Path, ...]
    what: str

    def __str__(self) -> str:
        return f"remove {self.what}"


@dataclass(frozen=True, slots=True)
class RemoveBrought:
    """Remove what OpenCode's dependency install put into a folder that held nothing before, if nothing came since."""

    folder: Path

    def __str__(self) -> str:
        return f"remove the package that OpenCode installed into {self.folder}, unless something else is there now"


@dataclass(frozen=True, slots=True)
class Forget:
    """Remove what ``setup`` wrote down, and the folders that it made and that are empty now."""

    manifest: Path

    def __str__(self) -> str:
        return f"remove {self.manifest} and the folders that setup made, where they are empty"


Step = (
    Write
    | Remove
    | BringDependencies
    | AllowAutostart
    | ForbidAutostart
    | StartService
    | StopService
    | StopExporter
    | TakeInSpool
    | RemoveOwn
    | RemoveBrought
    | SetUpPanel
    | RemovePanel
    | Forget
)
