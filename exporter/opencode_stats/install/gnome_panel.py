"""The GNOME panel: GNOME's own programs put it in, enable it and take it out; here they are found and called."""

from __future__ import annotations

import ast
import contextlib
import hashlib
import io
import json
import os
import re
import runpy
import shutil
import stat
import tempfile
import zipfile
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final

from opencode_stats.host.installation import PACKAGE
from opencode_stats.install.manifest import digest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opencode_stats.install.user_services import Outcome, Runner

UUID: Final = "opencode-stats@opencode-stats.github.io"
ARCHIVE: Final = "gnome-extension.zip"
"""Beside this module in an installed package; packaging/hatch_build.py puts it there."""
AT_LOGIN: Final = "The GNOME panel: log out and in once; GNOME Shell loads new extensions at login."
TOOL_S: Final = 30.0
_COMPILED: Final = "schemas/gschemas.compiled"
"""Made by ``gnome-extensions install``."""
_UNREADABLE: Final = "unreadable"
_RUNS: Final = re.compile(r"\b(?:ACTIVE|ENABLED)$", re.MULTILINE)
"""The state as ``gnome-extensions info`` has it, older Shells the latter; only its label is translated."""
_SCHEMA: Final = "org.gnome.shell"
_ENABLED: Final = "enabled-extensions"
_DISABLED: Final = "disabled-extensions"
"""The Shell obeys this list before the other one."""


@dataclass(frozen=True, slots=True)
class PanelThere:
    """What is there on a machine with GNOME.

    ``installable``: there is a ``gnome-extensions``. ``content``: the digest of what the folder holds, or empty.
    """

    folder: Path
    installable: bool = True
    content: str = ""
    linked: bool = False


def bundled_panel() -> bytes | None:
    """The packed extension that belongs to this version; None where this installation was made without it."""
    packed = files("opencode_stats.install") / ARCHIVE
    if packed.is_file():
        return packed.read_bytes()
    packer = PACKAGE.parents[1] / "gnome_extension" / "tools" / "pack.py"  # in a checkout
    if not packer.is_file():
        return None
    with tempfile.TemporaryDirectory() as folder:
        target: Path = runpy.run_path(str(packer))["pack"](Path(folder))
        return target.read_bytes()


def folder_below(data_home: Path) -> Path:
    """Where ``gnome-extensions install`` puts it."""
    return data_home / "gnome-shell" / "extensions" / UUID


def archive_digest(archive: bytes) -> str:
    """The digest of what is packed: the same as ``folder_digest`` once it is installed."""
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        return _digest({name: packed.read(name) for name in packed.namelist()})


def folder_digest(folder: Path) -> str:
    """The digest of every file in a folder, by name and content; empty where there is no such folder.

    Raises:
        OSError: something in it can't be read.
    """
    if not os.path.lexists(folder):
        return ""
    there = {}
    for path in sorted(folder.rglob("*")):
        mode = path.lstat().st_mode
        if stat.S_ISDIR(mode):
            continue
        # What is no file is never ours; a pipe must not be waited for.
        content = path.read_bytes() if stat.S_ISREG(mode) else b"\0not a file"
        there[path.relative_to(folder).as_posix()] = content
    there.pop(_COMPILED, None)
    return _digest(there)


class GnomePanel:
    """The panel in the user's GNOME. Programs are those on the user's ``PATH``, run by their absolute path."""

    def __init__(self, env: Mapping[str, str], data_home: Path, run: Runner) -> None:
        self._env = env
        self._run = run
        self.folder = folder_below(data_home)

    def there(self) -> PanelThere | None:
        """What is there; None on a machine without GNOME."""
        tool = self._program("gnome-extensions")
        desktops = self._env.get("XDG_CURRENT_DESKTOP", "").split(":")
        if tool is None and self._program("gnome-shell") is None and "GNOME" not in desktops:
            return None
        try:
            content = folder_digest(self.folder)
        except OSError:
            content = _UNREADABLE  # installing it says what is wrong
        return PanelThere(self.folder, tool is not None, content, linked=self.folder.is_symlink())

    def install(self, archive: bytes) -> str:
        """Puts it in, over what is there; gives what went wrong, or an empty text."""
        with tempfile.TemporaryDirectory() as scratch:
            packed = Path(scratch, f"{UUID}.shell-extension.zip")
            packed.write_bytes(archive)
            done = self._call("gnome-extensions", "install", "--force", str(packed))
        return "" if done.code == 0 else f"The GNOME panel was not installed: {_reason(done)}."

    def enable(self) -> tuple[bool, str]:
        """Enables it: in the running Shell if that knows it, else for the next login.

        Gives whether the running Shell has it now, and what went wrong, or an empty text.
        """
        # Its exit code says nothing: where no Shell answers it writes the setting itself, and ends with 0 even when
        # that was not kept (seen with GNOME 48).
        self._call("gnome-extensions", "enable", UUID)
        told = self._call("gnome-extensions", "info", UUID)
        if told.code == 0 and _RUNS.search(told.out):
            return True, ""
        enabled, reason = self._listed(_ENABLED)
        disabled, _ = self._listed(_DISABLED)
        if not reason:
            self._list(_ENABLED, enabled, wanted=True)
            self._list(_DISABLED, disabled, wanted=False)
            # Without a session bus gsettings warns, ends with 0, and nothing is kept: only a second look tells.
            kept, reason = self._listed(_ENABLED)
            reason = reason or ("" if UUID in kept else "the setting was not kept, as without a session bus")
        if not reason:
            return False, ""
        return False, (
            f"The GNOME panel is installed, but not enabled: {reason}. "
            "Run opencode-stats setup again in a terminal of your GNOME session."
        )

    def remove(self, installed: str) -> str:
        """Takes it out if it is what ``setup`` installed, known by its digest; gives why not, or an empty text."""
        if self.folder.is_symlink() or folder_digest(self.folder) not in ("", installed):
            return f"{self.folder} was changed since setup, and stays; gnome-extensions uninstall {UUID} removes it."
        self._call("gnome-extensions", "uninstall", UUID)
        if self.folder.is_dir():
            # No Shell is there to do it, or it has not seen it yet; one that is still at it may be faster.
            with contextlib.suppress(FileNotFoundError):
                shutil.rmtree(self.folder)
        for key in (_ENABLED, _DISABLED):
            # Where these can't be reached the name stays in them, and the Shell passes over a name it does not know.
            self._list(key, self._listed(key)[0], wanted=False)
        return ""

    def _program(self, name: str) -> str | None:
        found = shutil.which(name, path=self._env.get("PATH", os.defpath))
        return found if found and os.path.isabs(found) else None

    def _call(self, name: str, *arguments: str) -> Outcome:
        return self._run((self._program(name) or name, *arguments), timeout_s=TOOL_S)

    def _listed(self, key: str) -> tuple[list[str], str]:
        """A list of the Shell's settings; and why it can't be had, or an empty text."""
        told = self._call("gsettings", "get", _SCHEMA, key)
        if told.code != 0:
            return [], _reason(told)
        try:
            # GVariant's text of a list of strings is Python's, but for the type before an empty one.
            listed = ast.literal_eval(told.out.strip().removeprefix("@as "))
        except (ValueError, SyntaxError):
            listed = None
        if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
            return [], f"{key} is not a list of names"
        return listed, ""

    def _list(self, key: str, listed: list[str], *, wanted: bool) -> None:
        """Has our name in a list or not; the others stay."""
        if (UUID in listed) == wanted:
            return
        others = [name for name in listed if name != UUID]
        changed = json.dumps([*others, UUID] if wanted else others, ensure_ascii=False)
        self._call("gsettings", "set", _SCHEMA, key, changed)


def _digest(contents: Mapping[str, bytes]) -> str:
    lines = (f"{hashlib.sha256(content).hexdigest()} {name}\n" for name, content in sorted(contents.items()))
    return digest("".join(lines).encode(errors="surrogateescape"))


def _reason(told: Outcome) -> str:
    """The last line of what a program complained of: GLib writes its warnings before it."""
    lines = (told.err.strip() or told.out.strip()).splitlines()
    return lines[-1].strip().rstrip(".") if lines else f"it ended with {told.code}"
