"""While the panel is there it owns a name on the bus, by which the exporter knows that it shows notifications."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from opencode_stats.desktop.bus import PANEL_NAME, PANEL_UUID

if TYPE_CHECKING:
    from tests.gnome.rig.desk import Desk

pytestmark = pytest.mark.gnome
BUS = "org.freedesktop.DBus"
SHELL = ("org.gnome.Shell", "/org/gnome/Shell", "org.gnome.Shell.Extensions.GetExtensionInfo")


def asked(desk: Desk, name: str, path: str, method: str, *words: str) -> str:
    """What a call on the session's bus gives."""
    done = desk.shell.command("gdbus", "call", "--session", "-d", name, "-o", path, "-m", method, *words)
    assert done["code"] == 0, done["errors"]
    return str(done["output"])


def test_the_name_is_there_as_long_as_the_panel(desk: Desk) -> None:
    def owned() -> bool:
        return "true" in asked(desk, BUS, "/", f"{BUS}.NameHasOwner", PANEL_NAME)

    assert owned()
    assert "'enabled': <true>" in asked(desk, *SHELL, PANEL_UUID)
    desk.shell.disable()
    try:
        assert not owned()
    finally:
        desk.shell.enable()
    assert owned()
