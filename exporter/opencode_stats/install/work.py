"""Doing what was planned, and writing down what was done, so that it can be undone."""

from __future__ import annotations

import contextlib
import os
import signal
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from opencode_stats.errors import UserError
from opencode_stats.host.files import FILES, own_folder
from opencode_stats.host.lock import holder_of, is_held
from opencode_stats.install import opencode_dependencies, settings_file
from opencode_stats.install.files_written import digest_of, put_aside, remove_whole, write_file
from opencode_stats.install.gnome_panel import AT_LOGIN, archive_digest
from opencode_stats.install.manifest import FILE_NAME, Manifest, digest
from opencode_stats.install.steps import (
    AllowAutostart,
    BringDependencies,
    ForbidAutostart,
    Forget,
    Remove,
    RemoveBrought,
    RemoveOwn,
    RemovePanel,
    SetUpPanel,
    StartService,
    StopExporter,
    StopService,
    TakeInSpool,
    Write,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from opencode_stats.host.paths import Paths
    from opencode_stats.install.gnome_panel import GnomePanel
    from opencode_stats.install.opencode_dependencies import Waiting
    from opencode_stats.install.steps import Step
    from opencode_stats.install.user_services import Services

STOP_S: Final = 20.0
_POLL_S: Final = 0.05


class Work:
    """Does one step after the other. The manifest on disk is right after each of them."""

    def __init__(
        self,
        manifest: Manifest,
        paths: Paths,
        *,
        services: Services,
        panel: GnomePanel,
        env: Mapping[str, str],
        waiting: Waiting,
        take_in: Callable[[], None],
    ) -> None:
        self.manifest = manifest
        self._paths = paths
        self.left: list[str] = []
        """What only the user can do now, a sentence each."""
        self._services = services
        self._panel = panel
        self._env = env
        self._waiting = waiting
        self._take_in = take_in

    def do(self, step: Step) -> str:  # noqa: PLR0911, PLR0912 - one case a kind of step
        """Does the step; gives what went otherwise than planned, as a sentence, or an empty text.

        Raises:
            UserError: it can't be done, and what follows would make no sense.
            OSError: a file can't be written or removed.
        """
        match step:
            case Write():
                return self._write(step)
            case Remove():
                return self._remove(step)
            case BringDependencies():
                return self._bring(step)
            case AllowAutostart():
                return self._allow_autostart(step)
            case ForbidAutostart():
                return self._forbid_autostart(step)
            case StartService():
                return self._start_service(step)
            case StopService():
                done = self._services.stop()
                return f"The service could not be stopped: {done.err.strip()}" if done.code else ""
            case StopExporter():
                return self._stop_exporter(step)
            case TakeInSpool():
                self._take_in()
                return ""
            case RemoveOwn():
                for path in step.paths:
                    remove_whole(path)
                return ""
            case RemoveBrought():
                return self._remove_brought(step.folder)
            case SetUpPanel():
                return self._set_up_panel(step)
            case RemovePanel():
                return self._panel.remove(self.manifest.panel)
            case Forget():
                return self._forget(step)

    def note_package(self, fingerprint: str) -> None:
        """Writes down which program did all this."""
        self._write_down(replace(self.manifest, package=fingerprint))

    def _write(self, step: Write) -> str:
        if step.aside:
            put_aside(step.path)
        self._make_folder(step.path.parent)
        write_file(step.path, step.content)
        self._write_down(replace(self.manifest, files={**self.manifest.files, str(step.path): digest(step.content)}))
        return ""

    def _remove(self, step: Remove) -> str:
        kept = put_aside(step.path) if step.aside else None
        if kept is None:
            step.path.unlink(missing_ok=True)
        if str(step.path.parent) in self.manifest.folders:
            with contextlib.suppress(OSError):  # not empty yet, or no more
                step.path.parent.rmdir()
        files = {path: content for path, content in self.manifest.files.items() if path != str(step.path)}
        self._write_down(replace(self.manifest, files=files))
        if step.path.parent == self._paths.systemd_user:
            # What `disable` leaves where no manager answered.
            wants = step.path.parent / "default.target.wants" / step.path.name
            if wants.is_symlink():
                wants.unlink()
            self._services.reload()
        return "" if kept is None else f"{step.path} was changed since setup; it is {kept} now."

    def _bring(self, step: BringDependencies) -> str:
        for folder in step.folders:
            self._make_folder(folder)
        problem = opencode_dependencies.bring(step.program, step.folders, step.project, self._env, self._waiting)
        for folder in step.empty:
            made = {name: digest_of(folder / name) for name in opencode_dependencies.MADE}
            brought = {name: content for name, content in made.items() if content is not None}
            self._write_down(replace(self.manifest, brought={**self.manifest.brought, str(folder): brought}))
        if not problem:
            return ""
        return (
            f"OpenCode's dependency install is not done: {problem}. OpenCode works all the same, but waits for it at "
            "every start. Run opencode-stats setup again while you are online: it finishes this."
        )

    def _allow_autostart(self, step: AllowAutostart) -> str:
        self._make_folder(step.path.parent)
        text = "" if step.new else step.path.read_text()
        write_file(step.path, settings_file.with_autostart(text).encode())
        self._write_down(replace(self.manifest, settings="file" if step.new else "line"))
        return ""

    def _forbid_autostart(self, step: ForbidAutostart) -> str:
        with contextlib.suppress(FileNotFoundError):
            before = step.path.read_text()
            after = settings_file.without_autostart(before)
            if not after and self.manifest.settings == "file":
                step.path.unlink()
            elif after != before:
                write_file(step.path, after.encode())
        self._write_down(replace(self.manifest, settings=""))
        return ""

    def _start_service(self, step: StartService) -> str:
        done = self._services.start(step.unit)
        if done.code == 0:
            return ""
        return f"The service did not start: {done.err.strip()}"

    def _stop_exporter(self, step: StopExporter) -> str:
        if not self._holds(step.pid):
            return ""
        try:
            os.kill(step.pid, signal.SIGTERM)
        except ProcessLookupError:
            return ""
        except PermissionError:
            raise UserError(f"The exporter with pid {step.pid} is another user's; it can't be stopped.") from None
        end_s = self._waiting.elapsed_s() + STOP_S
        while self._holds(step.pid):
            if self._waiting.elapsed_s() >= end_s:
                raise UserError(f"The exporter with pid {step.pid} does not stop. End it, and start this again.")
            self._waiting.sleep_s(_POLL_S)
        return ""

    def _holds(self, pid: int) -> bool:
        return is_held(self._paths.lock) and holder_of(self._paths.lock) == pid

    def _remove_brought(self, folder: Path) -> str:
        brought = self.manifest.brought.get(str(folder), {})
        if not folder.is_dir():
            return ""
        there = {name: digest_of(folder / name) for name in os.listdir(folder)}
        if any(name not in brought or (content and content != brought[name]) for name, content in there.items()):
            return f"{folder} stays as it is: it is in use by now. OpenCode keeps its package there by itself."
        for name in there:
            remove_whole(folder / name)
        return ""

    def _set_up_panel(self, step: SetUpPanel) -> str:
        """Whatever goes wrong here, the rest of ``setup`` stands."""
        try:
            self._make_folder(step.folder.parent)
            problem = self._panel.install(step.archive) if step.archive is not None else ""
        except OSError as error:
            problem = f"The GNOME panel was not installed: {error.filename or 'a file'}: {error.strerror}."
        if problem:
            return f"{problem} Run opencode-stats setup again once that is mended; everything else is not affected."
        if step.archive is not None:
            enabled = not step.enable
            self._write_down(replace(self.manifest, panel=archive_digest(step.archive), panel_enabled=enabled))
        at_once, problem = self._panel.enable() if step.enable else (False, "")
        if not problem:
            self._write_down(replace(self.manifest, panel_enabled=True))
            if (step.replaces and step.archive is not None) or not at_once:
                self.left.append(AT_LOGIN)
        return problem

    def _forget(self, step: Forget) -> str:
        step.manifest.unlink(missing_ok=True)
        own = (self._paths.state, self._paths.data, self._paths.config)
        # The longest first: a folder is empty only after those in it are gone.
        for folder in sorted({*self.manifest.folders, *map(str, own)}, key=len, reverse=True):
            with contextlib.suppress(OSError):  # not there, or not empty: then it is not ours to remove
                os.rmdir(folder)
        return ""

    def _make_folder(self, folder: Path) -> None:
        missing = []
        while not os.path.lexists(folder):
            missing.append(folder)
            folder = folder.parent
        for path in reversed(missing):
            with contextlib.suppress(FileExistsError):
                FILES.mkdir(path)
        if missing:
            made = (*self.manifest.folders, *(str(path) for path in missing))
            self._write_down(replace(self.manifest, folders=tuple(sorted(set(made)))))

    def _write_down(self, manifest: Manifest) -> None:
        if manifest == self.manifest:
            return
        self.manifest = manifest
        own_folder(self._paths.data, linked=True)
        write_file(self._paths.data / FILE_NAME, manifest.text.encode())
