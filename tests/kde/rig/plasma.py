"""A running Plasma with the widget in its panel, as the tests hold it."""

from __future__ import annotations

import contextlib
import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.e2e.rig.processes import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDGET: Final = "io.github.opencode_stats"
MEASURED: Final[list[str]] = []
"""Figures that are printed at the end of the tests."""
WIDTH: Final = 1000
HEIGHT: Final = 720
_MOUNT: Final = Path(__file__).parents[2] / "support/mount.sh"
_INSIDE: Final = Path(__file__).with_name("inside")
_USER: Final = "4242"
_PATIENCE_S: Final = 60.0
_SESSION: Final = {
    "HOME": "/home/rig",
    "USER": "rig",
    "PATH": "/usr/bin:/bin",
    "SHELL": "/bin/bash",
    "LANG": "en_US.UTF-8",
    "TZ": "UTC",
    "XDG_RUNTIME_DIR": f"/run/user/{_USER}",
    "XDG_CURRENT_DESKTOP": "KDE",
    "XDG_SESSION_TYPE": "x11",
    "XDG_DATA_DIRS": "/usr/local/share:/usr/share",
    "KDE_FULL_SESSION": "true",
    "KDE_SESSION_VERSION": "6",
    "DISPLAY": ":7",
    "DBUS_SESSION_BUS_ADDRESS": f"unix:path=/run/user/{_USER}/bus",
    "LIBGL_ALWAYS_SOFTWARE": "1",
    "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1",
}
_PANEL: Final = """
panels().forEach(one => one.remove());
const panel = new Panel("org.kde.panel");
panel.location = "bottom";
panel.height = 44;
["org.kde.plasma.kickoff", "org.kde.plasma.panelspacer", "%s", "org.kde.plasma.digitalclock"]
    .forEach(name => panel.addWidget(name));
desktops().forEach(one => {
    one.wallpaperPlugin = "org.kde.color";
    one.currentConfigGroup = ["Wallpaper", "org.kde.color", "General"];
    one.writeConfig("Color", "#3a4650");
});
"""
_SETTING: Final = """
panels()[0].widgets("%s").forEach(widget => {
    widget.currentConfigGroup = ["General"];
    widget.writeConfig("%s", "%s");
    widget.reloadConfig();
});
"""


@dataclass(frozen=True, slots=True)
class Plasma:
    """One session; ``shared`` is a folder that it sees as /mnt."""

    view: Path
    shared: Path
    reader: subprocess.Popen[str]
    shell: subprocess.Popen[bytes]

    def run(self, *words: str) -> str:
        """A command in the session to its end; gives what it printed."""
        return _run(self.view, *words)

    def script(self, code: str) -> str:
        """What Plasma's own scripting prints."""
        place = ["org.kde.plasmashell", "--object-path", "/PlasmaShell"]
        method = "org.kde.PlasmaShell.evaluateScript"
        return self.run("gdbus", "call", "--session", "--dest", *place, "--method", method, code)

    def set(self, key: str, value: str) -> None:
        """Change one of the widget's settings."""
        self.script(_SETTING % (WIDGET, key, value))

    def texts(self) -> list[dict[str, Any]]:
        """Every text that is to be seen, with its ``role`` and its ``box`` (left, top, width, height)."""
        answer: list[dict[str, Any]] = self._ask(do="texts")
        return [one for one in answer if one["showing"]]

    def spoken(self, has: str, for_s: float = 20.0) -> tuple[str, float]:
        """The widget's text as soon as it has ``has`` in it, and when that was, on the monotonic clock, in ms.

        Raises:
            AssertionError: it never had; says what it was.
        """
        answer = self._ask(do="spoken", has=has, for_s=for_s)
        assert answer["at_ns"] is not None, f"not within {for_s} s: {has!r} in {answer['text']!r}\n{self.complaints}"
        return answer["text"], answer["at_ns"] / 1e6

    @property
    def label(self) -> str:
        """What stands in the panel."""
        left, top, width, height = self.box
        inside = [
            one["text"]
            for one in self.texts()
            if one["role"] == "label" and left <= one["box"][0] < left + width and top <= one["box"][1] < top + height
        ]
        return inside[0] if inside else ""

    @property
    def box(self) -> tuple[int, int, int, int]:
        """The widget's place in the panel."""
        found = next(one for one in self.texts() if one["role"] == "button" and one["text"] == "OpenCode")
        left, top, width, height = found["box"]
        return left, top, width, height

    def click(self, button: int = 1, on: tuple[int, int, int, int] | None = None) -> None:
        """Click on a rectangle, else on the widget: with the first button that opens the popup, or closes it."""
        left, top, width, height = on or self.box
        place = str(left + width // 2), str(top + height // 2)
        self.run("xdotool", "mousemove", *place, "click", str(button))

    def keys(self, *names: str) -> None:
        """Press keys, by X's names."""
        self.run("xdotool", "key", "--delay", "300", *names)

    def photograph(self, name: str, geometry: str = "") -> bytes:
        """The screen, or a part of it (``800x30+0+0``), as PNG."""
        self.run("maim", "--hidecursor", *(["-g", geometry] if geometry else []), f"/mnt/{name}")
        return (self.shared / name).read_bytes()

    @property
    def complaints(self) -> list[str]:
        """What Plasma has said of the widget."""
        said = (self.shared / "plasmashell.log").read_text("utf-8", "replace").splitlines()
        # Of every page of settings Plasma says that it is not placed, and places it then.
        return [line for line in said if WIDGET in line and "was not placed in the graphics scene" not in line]

    def _ask(self, **request: object) -> Any:  # noqa: ANN401 - JSON
        assert self.reader.stdin
        assert self.reader.stdout
        self.reader.stdin.write(json.dumps(request) + "\n")
        self.reader.stdin.flush()
        return json.loads(self.reader.stdout.readline())


@contextlib.contextmanager
def plasma(chroot: Path, home: Path, package: Path) -> Iterator[Plasma]:
    """A session of the user whose home folder is ``home``, with the packed widget installed, as long as it lasts."""
    with tempfile.TemporaryDirectory(prefix="ocs-kde-") as scratch, contextlib.ExitStack() as running:
        view, shared = Path(scratch, "view"), Path(scratch, "shared")
        view.mkdir()
        shared.mkdir()
        subprocess.run(["sh", _MOUNT, chroot, view, home, shared, _INSIDE], check=True)
        running.callback(subprocess.run, ["umount", "--recursive", "--lazy", str(view)], check=True)
        (shared / package.name).write_bytes(package.read_bytes())

        def start(*words: str, log: str) -> subprocess.Popen[bytes]:
            with open(shared / log, "wb") as file:
                process = subprocess.Popen(
                    _inside(view, *words), stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT
                )
            running.callback(process.wait, 30)
            running.callback(process.kill)
            return process

        start("Xvfb", ":7", "-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-nolisten", "tcp", log="x.log")
        eventually((view / "tmp/.X11-unix/X7").exists, what="the X server")
        bus = _SESSION["DBUS_SESSION_BUS_ADDRESS"]
        start("dbus-daemon", "--session", f"--address={bus}", "--nofork", "--nopidfile", log="bus.log")
        eventually((view / f"run/user/{_USER}/bus").exists, what="the bus")
        start("/usr/libexec/at-spi-bus-launcher", "--launch-immediately", log="accessibility.log")
        start("kwin_x11", log="kwin.log")
        _run(view, "kpackagetool6", "-t", "Plasma/Applet", "-i", f"/mnt/{package.name}")
        shell = start("plasmashell", log="plasmashell.log")
        _run(view, "gdbus", "wait", "--session", "--timeout", str(int(_PATIENCE_S)), "org.kde.plasmashell")
        reader = subprocess.Popen(
            _inside(view, "python3", "/opt/rig/look.py"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        running.enter_context(reader)
        running.callback(reader.kill)
        there = Plasma(view, shared, reader, shell)
        # Its own first panel is made after it has said that it is there.
        eventually(lambda: "0" not in there.script("print(panels().length)"), what="Plasma's own panel")
        there.script(_PANEL % WIDGET)
        eventually(lambda: "1" in there.script("print(panels().length)"), what="the panel to be alone")
        there.spoken("", _PATIENCE_S)
        yield there


def _run(view: Path, *words: str) -> str:
    done = subprocess.run(_inside(view, *words), capture_output=True, text=True, timeout=_PATIENCE_S + 10, check=False)
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout


def _inside(view: Path, *words: str) -> list[str]:
    """The command as an ordinary user in there, which refuses to be root; what we own belongs to that user."""
    own = ["unshare", "--user", f"--map-user={_USER}", f"--map-group={_USER}", f"--root={view}", "--wd=/home/rig"]
    return [*own, "env", "-i", *(f"{name}={value}" for name, value in _SESSION.items()), *words]
