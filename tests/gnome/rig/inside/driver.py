"""Starts a GNOME Shell and does with it what it is told, a line of JSON at a time on standard input.

Runs in the chroot with its own Python, python3-gi and python3-dbusmock, as an ordinary user on a session bus of its
own. Each line is ``{"do": name, ...}``; each answer is ``{"value": …}`` or ``{"error": text}``. The end of standard
input ends everything that was started.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gi.repository import Gio, GLib

if TYPE_CHECKING:
    from collections.abc import Callable

HELPER: Final = "rig@opencode-stats.github.io"
RIG: Final = ("io.github.opencode_stats.Rig", "/rig", "io.github.opencode_stats.Rig")
EXTENSIONS: Final = ("org.gnome.Shell", "/org/gnome/Shell", "org.gnome.Shell.Extensions")
SYSTEM_BUS: Final = "/run/dbus/system_bus_socket"
DISPLAY: Final = "wayland-rig"
OUT: Final = Path("/mnt")
SETTINGS: Final = (
    ("org.gnome.shell", "disable-user-extensions", "false"),
    ("org.gnome.shell", "enabled-extensions", f"['{HELPER}']"),
    ("org.gnome.shell", "welcome-dialog-last-shown-version", "'999'"),
    ("org.gnome.desktop.interface", "enable-animations", "false"),
    # The pointer starts in the corner: its barriers would stop the first move.
    ("org.gnome.desktop.interface", "enable-hot-corners", "false"),
    ("org.gnome.desktop.session", "idle-delay", "0"),
)
_END_S: Final = 4.0


class RigError(Exception):
    """The Shell did not do what it was asked."""


class Driver:
    """One Shell with what it needs around it."""

    def __init__(self) -> None:
        self._started: list[subprocess.Popen[bytes]] = []
        self._clients: dict[int, subprocess.Popen[bytes]] = {}
        self._shell: subprocess.Popen[bytes] | None = None
        self._bus: Any = None

    def start(
        self, settings: list[list[str]], size: str, before: list[list[str]], *, lockable: bool = False
    ) -> dict[str, Any]:
        """Starts the Shell after the commands ``before``; gives its version, its process and how long it took.

        It has a lock screen where it is ``lockable``: a Shell asks GDM's version before it makes one.
        """
        since_s = time.monotonic()
        address = f"unix:path={SYSTEM_BUS}"
        self._spawn("dbus-daemon", "--session", f"--address={address}", "--nofork", "--nopidfile", "--nosyslog")
        _until(lambda: os.path.exists(SYSTEM_BUS), 10, "system bus")
        os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = address
        for template in ("logind", "upower", "polkitd"):
            self._spawn("python3", "-m", "dbusmock", "--system", "--template", template, log="mocks.log")
        flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
        system_bus = Gio.DBusConnection.new_for_address_sync(address, flags, None, None)
        _until(lambda: _owned(system_bus, "org.freedesktop.login1"), 20, "logind")
        if lockable:
            self._fake_gdm(system_bus)
        own = Path.home() / ".local/share/gnome-shell/extensions" / HELPER
        shutil.copytree("/opt/rig/helper", own, dirs_exist_ok=True)
        for schema, key, value in (*SETTINGS, *settings):
            subprocess.run(["gsettings", "set", schema, key, value], check=True)
        for argv in before:
            subprocess.run(argv, check=True)
        os.environ["WAYLAND_DISPLAY"] = DISPLAY
        os.environ["GDK_BACKEND"] = "wayland"
        os.environ["GSK_RENDERER"] = "cairo"
        os.environ["JS_GC_PROFILE"] = "0"  # the engine logs each collection of all garbage
        activation = ["dbus-update-activation-environment", "WAYLAND_DISPLAY", "GDK_BACKEND", "GSK_RENDERER"]
        subprocess.run(activation, check=True)
        options = ["--headless", "--wayland", "--virtual-monitor", size, "--wayland-display", DISPLAY]
        if "--no-x11" in subprocess.run(["gnome-shell", "--help"], capture_output=True, text=True, check=True).stdout:
            options.append("--no-x11")
        self._shell = self._spawn("gnome-shell", *options, log="shell.log")
        self._bus = Gio.bus_get_sync(Gio.BusType.SESSION)
        self._until(lambda: _owned(self._bus, RIG[0]), 60, "the Shell with its helper")
        self._until(lambda: self.run("return !Main.layoutManager._startingUp"), 60, "end of the Shell's start")
        # The Shell starts with its overview, and with news of its own that would take a banner's place.
        self.run("Main.overview.hide()")
        self._until(lambda: not self.run("return Main.overview.visible"), 10, "desktop")
        self.run("Main.messageTray.getSources().forEach(source => source.destroy())")
        version = self.run("return (await import('resource:///org/gnome/shell/misc/config.js')).PACKAGE_VERSION")
        return {"version": version, "pid": self._shell.pid, "start_s": round(time.monotonic() - since_s, 2)}

    def run(self, code: str) -> Any:  # noqa: ANN401 - JSON
        """What a JavaScript function body returns in the Shell; it may await."""
        done, text = self._call(RIG, "Run", "(s)", code)
        if not done:
            raise RigError(f"{text}\nin: {code[:400]}")
        return json.loads(text)

    def photograph(self, name: str) -> None:
        """Writes the screen as a PNG of this name into the shared folder."""
        done, text = self._call(RIG, "Photograph", "(s)", str(OUT / name))
        if not done:
            raise RigError(text)

    def extensions(self, method: str, uuid: str) -> Any:  # noqa: ANN401 - as D-Bus has it
        """A method of the Shell's own interface for extensions, with an extension's id."""
        answer = self._call(EXTENSIONS, method, "(s)", uuid)
        return answer[0] if answer else None

    def command(self, argv: list[str]) -> dict[str, Any]:
        """A command to its end, in the session."""
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
        return {"code": done.returncode, "output": done.stdout, "errors": done.stderr}

    def client(self, argv: list[str]) -> int:
        """Starts a program in the session; gives its process id."""
        process = self._spawn(*argv, log="clients.log")
        self._clients[process.pid] = process
        return process.pid

    def end_client(self, pid: int) -> None:
        """Ends a program that ``client`` started."""
        process = self._clients.pop(pid)
        process.terminate()
        process.wait(_END_S)

    def stop(self) -> None:
        """Ends everything, the last that was started first."""
        for process in reversed(self._started):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        end_s = time.monotonic() + _END_S
        for process in reversed(self._started):
            try:
                process.wait(max(0.1, end_s - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _fake_gdm(self, system_bus: Any) -> None:  # noqa: ANN401 - python3-gi has no types
        name, path = "org.gnome.DisplayManager", "/org/gnome/DisplayManager/Manager"
        self._spawn("python3", "-m", "dbusmock", "--system", name, path, f"{name}.Manager", log="mocks.log")
        _until(lambda: _owned(system_bus, name), 20, "GDM")
        version = GLib.Variant("(ssv)", (f"{name}.Manager", "Version", GLib.Variant("s", "48.0")))
        system_bus.call_sync(name, path, "org.freedesktop.DBus.Mock", "AddProperty", version, None, 0, 5000, None)

    def _spawn(self, *argv: str, log: str = "others.log") -> subprocess.Popen[bytes]:
        with (OUT / log).open("ab") as file:
            process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=file, stderr=file)
        self._started.append(process)
        return process

    def _call(self, target: tuple[str, str, str], method: str, signature: str, *values: str) -> Any:  # noqa: ANN401
        name, path, interface = target
        variant = GLib.Variant(signature, values)
        return self._bus.call_sync(name, path, interface, method, variant, None, 0, 120_000, None).unpack()

    def _until(self, holds: Callable[[], Any], limit_s: float, what: str) -> None:
        def check() -> Any:  # noqa: ANN401
            if self._shell is not None and self._shell.poll() is not None:
                raise RigError(f"gnome-shell ended with {self._shell.returncode}")
            return holds()

        _until(check, limit_s, what)


def _owned(bus: Any, name: str) -> bool:  # noqa: ANN401 - python3-gi has no types
    target = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")
    variant = GLib.Variant("(s)", (name,))
    return bool(bus.call_sync(*target, "NameHasOwner", variant, None, 0, 5000, None).unpack()[0])


def _until(holds: Callable[[], Any], limit_s: float, what: str) -> None:
    end_s = time.monotonic() + limit_s
    while not holds():
        if time.monotonic() > end_s:
            raise RigError(f"no {what} in {limit_s} s")
        time.sleep(0.03)


def main() -> None:
    """Answers until standard input ends."""
    driver = Driver()
    try:
        for line in sys.stdin:
            told = json.loads(line)
            try:
                answer = {"value": getattr(driver, told.pop("do"))(**told)}
            except Exception as error:  # noqa: BLE001 - whatever it was, the test has to hear of it
                answer = {"error": f"{type(error).__name__}: {error}"}
            print(json.dumps(answer), flush=True)
    finally:
        driver.stop()


if __name__ == "__main__":
    main()
