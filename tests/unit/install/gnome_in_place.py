"""A home with programs that stand in for GNOME's own, run for real."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opencode_stats.host.paths import Paths
from opencode_stats.install.gnome_panel import UUID, GnomePanel
from opencode_stats.install.manifest import Manifest
from opencode_stats.install.opencode_dependencies import Waiting
from opencode_stats.install.steps import SetUpPanel
from opencode_stats.install.user_services import UserServices, real_runner
from opencode_stats.install.work import Work

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from opencode_stats.install.user_services import Outcome

STAND_IN = """\
#!{python} -I
import json, os, pathlib, shutil, sys, time, zipfile
gnome = pathlib.Path({gnome!r})
name, arguments = pathlib.Path(sys.argv[0]).name, sys.argv[1:]
with open(gnome / "calls", "a") as calls:
    calls.write(json.dumps([name, *arguments]) + "\\n")
behaviour = json.loads((gnome / "behaviour").read_text())
folder = pathlib.Path(os.environ["HOME"], ".local/share/gnome-shell/extensions", {uuid!r})
if name == "gsettings":
    key = gnome / arguments[2]
    if arguments[0] == "get":
        print(key.read_text() if key.exists() else "@as []")
    elif behaviour.get("bus", True):
        key.write_text(arguments[3])
    else:
        print("failed to commit changes to dconf: no bus", file=sys.stderr)
    sys.exit(0)
if arguments[0] == behaviour.get("hangs"):
    time.sleep(60)
if arguments[0] == "install" and not behaviour.get("broken"):
    shutil.rmtree(folder, ignore_errors=True)
    zipfile.ZipFile(arguments[-1]).extractall(folder)
    (folder / "schemas/gschemas.compiled").write_bytes(b"compiled")
    sys.exit(0)
shell = behaviour.get("shell", "surprised")
if shell == "absent" and arguments[0] == "enable":
    # As the real one: it writes the setting itself, and ends well whether that was kept or not.
    if behaviour.get("bus", True):
        (gnome / "enabled-extensions").write_text(str([arguments[1]]))
    sys.exit(0)
if shell == "knows it":
    if arguments[0] == "uninstall":
        shutil.rmtree(folder)
    if arguments[0] == "info":
        print(arguments[1] + "\\n  Name: OpenCode Statistics\\n  Enabled: Yes\\n  State: " + behaviour["state"])
    sys.exit(0)
print("GLib-WARNING: noise\\nFailed to do that.", file=sys.stderr)
sys.exit(2)
"""


@dataclass
class Gnome:
    """A home with a GNOME whose programs only note what they were asked, and keep settings in files."""

    home: Path
    panel: GnomePanel
    work: Work

    def behaves(self, **behaviour: object) -> None:
        (self.home / "gnome" / "behaviour").write_text(json.dumps(behaviour))

    @property
    def calls(self) -> list[list[str]]:
        noted = self.home / "gnome" / "calls"
        return [json.loads(line) for line in noted.read_text().splitlines()] if noted.exists() else []

    def listed(self, key: str) -> list[str]:
        kept = self.home / "gnome" / key
        names: list[str] = json.loads(kept.read_text().replace("'", '"')) if kept.exists() else []
        return names

    def lists(self, key: str, *names: str) -> None:
        (self.home / "gnome" / key).write_text(str(list(names)))

    def step(self, archive: bytes | None, *, replaces: bool = False, enable: bool = True) -> SetUpPanel:
        return SetUpPanel(self.panel.folder, archive, replaces=replaces, enable=enable)


def gnome_in(home: Path, programs: Sequence[str] = ("gnome-extensions", "gsettings"), most_s: float = 20) -> Gnome:
    places = home / "bin", home / "gnome"
    for place in places:
        place.mkdir(parents=True)
    for name in programs:
        program = places[0] / name
        program.write_text(STAND_IN.format(python=sys.executable, gnome=str(places[1]), uuid=UUID))
        program.chmod(0o755)
    env = {"HOME": str(home), "PATH": str(places[0])}
    real = real_runner(env, os.getuid())

    def run(command: Sequence[str], *, timeout_s: float) -> Outcome:
        assert os.path.isabs(command[0]), "GNOME's programs are run by their absolute path"
        return real(command, timeout_s=min(timeout_s, most_s))

    paths = Paths.of(env, home)
    panel = GnomePanel(env, paths.data.parent, run)
    waiting = Waiting(elapsed_s=lambda: 0.0, sleep_s=lambda _s: None)
    work = Work(
        Manifest(),
        paths,
        services=UserServices(real),
        panel=panel,
        env=env,
        waiting=waiting,
        take_in=lambda: None,
    )
    made = Gnome(home, panel, work)
    made.behaves()
    return made
