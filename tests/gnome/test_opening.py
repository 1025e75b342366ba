"""The menu is made ready before anybody opens it. What that takes is printed, beside the Shell's own menus."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import pytest
from tests.gnome.rig.desk import measured, spread
from tests.gnome.rig.documents import document
from tests.gnome.rig.session import shell
from tests.gnome.rig.world import world

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gnome.rig.session import Shell

pytestmark = [pytest.mark.gnome, pytest.mark.timeout(150)]
OPENINGS: Final = 6
# What opening a menu takes in one go: the call, without waiting for a processor; then the first layout of its items.
OPEN: Final = """
    const [pid] = new TextDecoder().decode(GLib.file_get_contents('/proc/self/stat')[1]).split(' ');
    const schedule = `/proc/self/task/${pid}/schedstat`;
    const waitedMs = () => Number(new TextDecoder().decode(GLib.file_get_contents(schedule)[1]).split(' ')[1]) / 1e6;
    const ownMs = () => GLib.get_monotonic_time() / 1000 - waitedMs();
    await painted();
    await pause(300);
    let began = 0;
    let layout = 0;
    const handlers = [
        global.stage.connect('before-update', () => (began = ownMs())),
        global.stage.connect('before-paint', () => (layout = Math.max(layout, ownMs() - began))),
    ];
    const since = ownMs();
    MENU.open();
    const opening = ownMs() - since;
    await painted();
    await pause(300);
    handlers.forEach(handler => global.stage.disconnect(handler));
    MENU.close();
    await pause(300);
    return [opening, layout];
"""
ONE_ITEM: Final = """
    const PanelMenu = await import('resource:///org/gnome/shell/ui/panelMenu.js');
    const PopupMenu = await import('resource:///org/gnome/shell/ui/popupMenu.js');
    kept.plain = new PanelMenu.Button(0.5, '');
    kept.plain.add_child(new St.Label({text: 'plain'}));
    kept.plain.menu.addMenuItem(new PopupMenu.PopupMenuItem('one item'));
    Main.panel.addToStatusArea('plain', kept.plain);
"""
MENUS: Final = {
    "ours": "button().menu",
    "one item": "kept.plain.menu",
    "the Shell's calendar": "Main.panel.statusArea.dateMenu.menu",
}


def test_the_menu_is_made_ready_before_it_is_opened(chroot: Path, archive: Path) -> None:
    with world() as made, shell(chroot, made.home.user, extension=archive) as fresh:
        made.put(document(1_234))
        made.stamp()
        fresh.set("number-style", "full")
        fresh.enable()
        texts = "all(button().menu.actor).map(one => one.text ?? '')"
        fresh.eventually(f"{texts}.includes('1,234')", "today's figure in the closed menu")
        fresh.eventually(f"{texts}.includes('Settings')", "all of the closed menu")
        time.sleep(2)  # and the rest, which is not seen
        fresh.run(ONE_ITEM)
        for name, menu in MENUS.items():
            (first_ms, first_layout_ms), *later = openings(fresh, menu)
            measured(
                f"opening a menu, {name}: first {first_ms:.1f} ms, then {spread([opening for opening, _ in later])};"
                f" its layout {first_layout_ms:.1f} ms, then {spread([layout for _, layout in later])}"
            )
        assert "1,234" in fresh.open_menu()


def openings(fresh: Shell, menu: str) -> list[list[float]]:
    """Of some openings what each took, and its layout, in milliseconds."""
    return [fresh.run(OPEN.replace("MENU", menu)) for _ in range(OPENINGS)]
