"""Screens of another kind: one with twice the pixels, and the one behind which the session is locked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.e2e.rig.processes import eventually
from tests.gnome.rig.desk import Desk
from tests.gnome.rig.documents import document
from tests.gnome.rig.session import shell
from tests.gnome.rig.world import world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.gnome, pytest.mark.timeout(90)]
SCALE = 2.0
WIDTH, HEIGHT = 2560, 1600
# As the display settings do it: the screen that is there, in its own resolution, at this scale.
RESCALE = """
    const call = (method, parameters) => new Promise((resolve, reject) => Gio.DBus.session.call(
        'org.gnome.Mutter.DisplayConfig', '/org/gnome/Mutter/DisplayConfig', 'org.gnome.Mutter.DisplayConfig', method,
        parameters, null, Gio.DBusCallFlags.NONE, -1, null, (bus, result) => {
            try {
                resolve(bus.call_finish(result));
            } catch (error) {
                reject(error);
            }
        }));
    const [serial, [[[connector], modes]]] = (await call('GetCurrentState', null)).recursiveUnpack();
    const mode = modes.find(([, , , , , , properties]) => properties['is-current']);
    await call('ApplyMonitorsConfig', new GLib.Variant('(uua(iiduba(ssa{sv}))a{sv})',
        [serial, 1, [[0, 0, %f, 0, true, [[connector, mode[0], {}]]]], {}]));
"""
TODAY = "all(button().menu.actor).find(one => one.label?.text === 'Today')"


@pytest.fixture(scope="module")
def desk(chroot: Path, archive: Path) -> Iterator[Desk]:
    """A Shell with a lock screen, on a screen of 2560 by 1600 pixels that is as large as one of 1280 by 800."""
    with (
        world() as made,
        shell(chroot, made.home.user, extension=archive, size=f"{WIDTH}x{HEIGHT}", lockable=True) as started,
    ):
        started.run(RESCALE % SCALE)
        made.put(document(1_234))
        made.stamp()
        started.set("number-style", "full")
        started.enable()
        eventually(lambda: started.label == "1,234", timeout_s=15, what="a first figure")
        yield Desk(made, started)


def test_at_twice_the_pixels_everything_is_drawn_in_all_of_them(desk: Desk) -> None:
    run = desk.shell.run
    assert run("return global.display.get_monitor_scale(0)") == SCALE
    assert run("return global.stage.width") == WIDTH / SCALE

    desk.shell.open_menu()
    run(f"{TODAY}.menu.open()")
    eventually(lambda: run(f"return {TODAY}.menu._getMenuItems().length > 2"), what="the models")
    x, y, width, height = run(
        "await painted(); const menu = button().menu.actor;"
        "return [...menu.get_transformed_position(), ...menu.get_transformed_size()]"
    )
    assert 0 <= x <= x + width <= WIDTH / SCALE
    assert 0 <= y <= y + height <= HEIGHT / SCALE
    scales = run(
        "return [...seen(button().menu.actor), ...all(button())].filter(one => one.mapped &&"
        " (one instanceof St.DrawingArea || one instanceof St.Icon)).map(one => one.get_resource_scale())"
    )
    assert len(scales) > 5, "icons, bars and charts"
    assert set(scales) == {SCALE}
    desk.shell.close_menu()


def test_the_real_lock_takes_the_panel_away_and_gives_it_back(desk: Desk) -> None:
    run = desk.shell.run
    run("Main.screenShield.lock(false)")
    eventually(lambda: run("return Main.sessionMode.currentMode") == "unlock-dialog", what="the lock")
    eventually(lambda: desk.shell.state == 2, what="the extension to be disabled behind the lock")
    assert run("return button() ?? null") is None
    desk.world.put(document(4_321))
    desk.world.stamp()

    run("Main.screenShield.deactivate(false)")
    eventually(lambda: desk.shell.state == 1, what="the extension to be enabled again")
    eventually(lambda: desk.shell.label == "4,321", what="the figure of meanwhile")
    desk.shell.open_menu()
    desk.shell.close_menu()
