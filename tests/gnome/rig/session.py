"""A running GNOME Shell, as the tests hold it."""

from __future__ import annotations

import contextlib
import json
import re
import selectors
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.e2e.rig.processes import eventually
from tests.gnome.rig.language import translate_shell

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

UUID: Final = "opencode-stats@opencode-stats.github.io"
SCHEMA: Final = "org.gnome.shell.extensions.opencode-stats"
ENTER: Final = Path(__file__).with_name("enter.sh")
ACTIVE: Final = 1
_ANSWER_S: Final = 150.0
_END_S: Final = 15.0
_CLICKS: Final = 3


class ShellError(Exception):
    """The Shell, or what drives it, did not do what it was asked."""


@dataclass(frozen=True, slots=True)
class Shell:
    """One Shell; ``shared`` is a folder that it sees as /mnt, ``home`` its user's home folder."""

    driver: subprocess.Popen[str]
    home: Path
    shared: Path
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def pid(self) -> int:
        """The Shell's process."""
        return int(self.facts["pid"])

    def tell(self, do: str, **values: object) -> Any:  # noqa: ANN401 - JSON
        """One request to the driver (inside/driver.py).

        Raises:
            ShellError: it could not be done, or nothing answered.
        """
        assert self.driver.stdin
        assert self.driver.stdout
        try:
            self.driver.stdin.write(json.dumps({"do": do, **values}) + "\n")
            self.driver.stdin.flush()
        except BrokenPipeError:
            raise ShellError(f"the driver is gone:\n{self.said('driver.log')}") from None
        with selectors.DefaultSelector() as selector:
            selector.register(self.driver.stdout, selectors.EVENT_READ)
            if not selector.select(_ANSWER_S):
                raise ShellError(f"no answer to {do} {values}")
        answer = self.driver.stdout.readline()
        if not answer:
            raise ShellError(f"the driver ended:\n{self.said('driver.log')}\n{self.log[-4000:]}")
        told = json.loads(answer)
        if "error" in told:
            raise ShellError(f"{do}: {told['error']}")
        return told["value"]

    def run(self, code: str) -> Any:  # noqa: ANN401 - JSON
        """What a JavaScript function body returns in the Shell (see inside/helper/extension.js for its scope)."""
        return self.tell("run", code=code)

    def eventually(self, code: str, what: str, *, timeout_s: float = 10.0) -> Any:  # noqa: ANN401 - JSON
        """The first true value of a JavaScript expression."""
        return eventually(lambda: self.run(f"return {code}"), timeout_s=timeout_s, what=what)

    def photograph(self, name: str) -> Path:
        """The screen as a PNG; gives its place."""
        self.tell("photograph", name=name)
        return self.shared / name

    def command(self, *argv: str) -> dict[str, Any]:
        """A command to its end, in the session."""
        done: dict[str, Any] = self.tell("command", argv=argv)
        return done

    def enable(self) -> None:
        """Enable the extension.

        Raises:
            ShellError: it is not active afterwards, or did not come to put its button into the panel; says why.
        """
        self.tell("extensions", method="EnableExtension", uuid=UUID)
        try:
            eventually(lambda: self.state not in (None, 2, 6, 8), timeout_s=15, what="a state")
        finally:
            if self.state != ACTIVE:
                raise ShellError(f"state {self.state}: {self.errors}")
        eventually(lambda: self.run("return Boolean(button())") or self.errors, what="its button")
        if self.errors:
            raise ShellError(f"state {self.state}: {self.errors}")

    def disable(self) -> None:
        """Disable the extension."""
        self.tell("extensions", method="DisableExtension", uuid=UUID)
        eventually(lambda: self.state == 2, timeout_s=15, what="INACTIVE")

    @property
    def state(self) -> int | None:
        """The extension's state in the Shell's numbers; None where the Shell does not know it."""
        state = self.tell("extensions", method="GetExtensionInfo", uuid=UUID).get("state")
        return None if state is None else int(state)

    @property
    def errors(self) -> list[str]:
        """What the Shell noted against the extension."""
        errors: list[str] = self.tell("extensions", method="GetExtensionErrors", uuid=UUID)
        return errors

    def set(self, key: str, value: str) -> None:
        """Change one of the extension's settings from another process, as the preferences do."""
        self._gsettings("set", key, value)

    def reset(self, key: str) -> None:
        """Give one of the extension's settings its default again."""
        self._gsettings("reset", key)

    def _gsettings(self, do: str, *arguments: str) -> None:
        schemas = f"/home/rig/.local/share/gnome-shell/extensions/{UUID}/schemas"
        done = self.command("gsettings", "--schemadir", schemas, do, SCHEMA, *arguments)
        if done["code"]:
            raise ShellError(f"gsettings {do} {arguments}: {done}")

    @property
    def label(self) -> str:
        """The panel's figure."""
        return str(self.run("return label()?.text ?? ''"))

    def open_menu(self) -> list[str]:
        """Open the menu with a real click; gives what can be read in it, in its order."""
        for _attempt in range(_CLICKS):  # a button whose figure changes just then moves away under the pointer
            if self.run("return button().menu.isOpen"):
                return self.menu_texts
            self.run("await painted(); await clickActor(button()); await pause(100)")
        self.eventually("button().menu.isOpen", "the menu to open", timeout_s=1)
        return self.menu_texts

    def close_menu(self) -> None:
        """Close the menu."""
        self.run("button().menu.close()")

    @property
    def menu_texts(self) -> list[str]:
        """What can be read in the open menu."""
        texts: list[str] = self.run("return texts(button().menu.actor)")
        return texts

    @property
    def notifications(self) -> list[list[str]]:
        """Title and body of what the extension's source holds in the message tray, the newest last."""
        found: list[list[str]] = self.run(
            "return Main.messageTray.getSources().filter(source => source.title === 'OpenCode')"
            ".flatMap(source => source.notifications.map(({title, body}) => [title, body]))"
        )
        return found

    @property
    def log(self) -> str:
        """What the Shell wrote to its log."""
        return self.said("shell.log")

    def said(self, name: str) -> str:
        """A log of the shared folder; empty where there is none."""
        try:
            return (self.shared / name).read_text(errors="replace")
        except FileNotFoundError:
            return ""

    def complaints(self) -> list[str]:
        """Lines of the log that are about the extension, or that no Shell should write."""
        pattern = re.compile(r"JS ERROR|Gjs-CRITICAL|opencode-stats", re.IGNORECASE)
        found = (line for line in self.log.splitlines() if pattern.search(line))
        return [line for line in found if "rig@opencode-stats" not in line]


@contextlib.contextmanager
def shell(
    chroot: Path,
    home: Path,
    *,
    extension: Path | None = None,
    settings: Sequence[tuple[str, str, str]] = (),
    size: str = "1280x800",
    lockable: bool = False,
    locale: str | None = None,
) -> Iterator[Shell]:
    """A Shell while the context lasts; needs namespaces of our own (``in_own_namespaces``).

    Args:
        chroot: where it is installed.
        home: its user's home folder.
        extension: a zip that the user installed before the login.
        settings: schema, key and value of settings that the user made before.
        size: of the screen, in pixels.
        lockable: whether it has a lock screen.
        locale: its user's, as ``de_DE.UTF-8``; English without one.
    """
    with tempfile.TemporaryDirectory(prefix="oc-gnome-", ignore_cleanup_errors=True) as scratch:
        view, shared = Path(scratch, "view"), Path(scratch, "shared")
        view.mkdir()
        shared.mkdir()
        places = [str(place) for place in (chroot, view, home, shared)]
        if locale is not None:
            translate_shell(shared, locale)
            places.append(locale)
        with (shared / "driver.log").open("wb") as log:
            driver = subprocess.Popen(
                ["unshare", "--mount", "--propagation", "private", str(ENTER), *places],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        started = Shell(driver, home, shared)
        try:
            before = []
            if extension is not None:
                (shared / extension.name).write_bytes(extension.read_bytes())
                before.append(["gnome-extensions", "install", f"/mnt/{extension.name}"])
            started.facts.update(started.tell("start", settings=settings, size=size, before=before, lockable=lockable))
            yield started
        finally:
            _end(driver)


def _end(driver: subprocess.Popen[str]) -> None:
    assert driver.stdin
    assert driver.stdout
    with contextlib.suppress(BrokenPipeError):
        driver.stdin.close()
    try:
        driver.wait(_END_S)
    except subprocess.TimeoutExpired:
        driver.kill()  # its children end with the namespace, at the end of all tests
        driver.wait()
    driver.stdout.close()


def monotonic_ms() -> float:
    """The clock of ``GLib.get_monotonic_time()``."""
    return time.monotonic_ns() / 1e6
