"""What ``setup`` wrote, so that ``uninstall`` takes out that and nothing else."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from opencode_stats.errors import UserError
from opencode_stats.host.files import read_plain

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SCHEMA_VERSION: Final = 1
FILE_NAME: Final = "setup.json"
"""In the data folder, beside the ledger."""


def digest(content: bytes) -> str:
    """The name by which a content is recognised later, with its algorithm in front."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What ``setup`` did so far.

    ``files``: each file that it wrote, with the digest of what it wrote. ``folders``: those it made. ``brought``: for
    each folder of OpenCode's configuration that held nothing before, what OpenCode's own dependency install put there
    while ``setup`` waited, with the digest of each file and an empty text for a folder. ``settings``: whether the
    settings file was made by ``setup`` or got a line from it. ``package``: the fingerprint of the program that ran.
    ``panel``: the digest of the GNOME extension that it installed. ``panel_enabled``: that was enabled, once; whether
    it still is, is the user's affair.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    folders: tuple[str, ...] = ()
    brought: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    settings: Literal["", "file", "line"] = ""
    package: str = ""
    panel: str = ""
    panel_enabled: bool = False

    @property
    def text(self) -> str:
        """The manifest as JSON; the same manifest is always the same text."""
        document = {
            "schemaVersion": SCHEMA_VERSION,
            "files": self.files,
            "folders": sorted(self.folders),
            "brought": self.brought,
            "settings": self.settings,
            "package": self.package,
            "panel": self.panel,
            "panelEnabled": self.panel_enabled,
        }
        return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def read_manifest(file: Path) -> Manifest:
    """The manifest; a missing one means that ``setup`` has done nothing.

    Raises:
        UserError: it can't be read, or is not one of ours.
    """
    try:
        return parse_manifest(read_plain(file))
    except FileNotFoundError:
        return Manifest()
    except OSError as error:
        raise UserError(f"What setup wrote down in {file} can't be read: {error.strerror}.") from error
    except ValueError as error:
        raise UserError(
            f"What setup wrote down in {file} is damaged ({error}). Move it away and run setup again."
        ) from error


def parse_manifest(content: bytes) -> Manifest:
    """The manifest in this JSON.

    Raises:
        ValueError: it is not one, or a newer version's.
    """
    document: Any = json.loads(content)
    if not isinstance(document, dict) or document.get("schemaVersion") != SCHEMA_VERSION:
        raise ValueError("not a manifest of this version")
    settings = document.get("settings")
    folders = document.get("folders")
    brought = document.get("brought")
    package = document.get("package")
    if not isinstance(folders, list) or not isinstance(brought, dict) or not isinstance(package, str):
        raise ValueError("a part is missing")  # noqa: TRY004 - one kind of error for one kind of damage
    # Neither is in what was written before there was a panel.
    panel, panel_enabled = document.get("panel", ""), document.get("panelEnabled", False)
    if not isinstance(panel, str) or not isinstance(panel_enabled, bool):
        raise ValueError("the panel is told of wrongly")  # noqa: TRY004 - one kind of error for one kind of damage
    if settings not in ("", "file", "line"):
        raise ValueError("settings is none of its words")
    return Manifest(
        files=_texts(document.get("files")),
        folders=tuple(_absolute(folder) for folder in folders),
        brought={_absolute(folder): _texts(names, absolute=False) for folder, names in brought.items()},
        settings=settings,
        package=package,
        panel=panel,
        panel_enabled=panel_enabled,
    )


def _texts(found: object, *, absolute: bool = True) -> dict[str, str]:
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise ValueError("a list of files is not one")
    if absolute:
        for name in found:
            _absolute(name)
    elif any("/" in name or name in ("", ".", "..") for name in found):
        raise ValueError("a name is a path")
    return found


def _absolute(path: object) -> str:
    if not isinstance(path, str) or not path.startswith("/"):
        raise ValueError("a path is not absolute")
    return path
