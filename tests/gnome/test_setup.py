"""What ``setup`` and ``uninstall`` do to a real GNOME, through its own programs in a real session."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.e2e.rig.processes import eventually
from tests.gnome.rig.session import ACTIVE, UUID, Shell, shell

from opencode_stats.install.gnome_panel import GnomePanel, archive_digest, folder_digest
from opencode_stats.install.user_services import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = [pytest.mark.gnome, pytest.mark.timeout(180)]


def panel_in(session: Shell, programs: Path) -> GnomePanel:
    """The panel of the session's user; what is run, is run in there, where a file of ours has another path."""

    def run(command: Sequence[str], *, timeout_s: float) -> Outcome:
        assert timeout_s > 0
        argv = [Path(command[0]).name]
        for argument in command[1:]:
            if argument.endswith(".zip"):
                shutil.copy(argument, session.shared)
                argv.append(f"/mnt/{Path(argument).name}")
            else:
                argv.append(argument)
        done = session.command(*argv)
        return Outcome(done["code"], done["output"], done["errors"])

    programs.mkdir(exist_ok=True)
    for name in ("gnome-extensions", "gsettings"):
        (programs / name).touch(mode=0o755)
    return GnomePanel({"PATH": str(programs)}, session.home / ".local" / "share", run)


def enabled_in(session: Shell) -> str:
    listed: str = session.command("gsettings", "get", "org.gnome.shell", "enabled-extensions")["output"].strip()
    return listed


def test_it_is_installed_enabled_at_the_next_login_and_taken_out(chroot: Path, archive: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    packed = archive.read_bytes()
    with shell(chroot, home) as first:
        panel = panel_in(first, tmp_path / "programs")
        assert panel.install(packed) == ""
        assert folder_digest(panel.folder) == archive_digest(packed)
        assert (panel.folder / "schemas" / "gschemas.compiled").is_file()
        assert panel.enable() == (False, ""), "a running Shell does not know it yet"
        assert panel.install(packed) == "", "over itself, as an upgrade does"
        listed = enabled_in(first)
        assert UUID in listed
        assert first.complaints() == []

    # The rig writes the list anew at each start: it gets what setup has left there.
    with shell(chroot, home, settings=[("org.gnome.shell", "enabled-extensions", listed)]) as second:
        eventually(lambda: second.state == ACTIVE, timeout_s=15, what="the panel after the next login")
        panel = panel_in(second, tmp_path / "programs")
        assert panel.enable() == (True, "")
        assert panel.remove(archive_digest(packed)) == ""
        assert not panel.folder.exists()
        assert UUID not in enabled_in(second)
        assert second.complaints() == []
