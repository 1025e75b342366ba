"""Takes the pictures of docs/images from a real Shell with a real exporter: ``make gnome-shots``."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from tests.e2e.rig.fetch import REPOSITORY
from tests.e2e.rig.processes import eventually
from tests.gnome.rig.desk import PICTURES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.gnome.rig.desk import Desk
    from tests.gnome.rig.world import Played

pytestmark = [
    pytest.mark.gnome,
    pytest.mark.timeout(120),
    pytest.mark.skipif(PICTURES not in os.environ, reason="only when asked: they would be new with every run"),
]
IMAGES: Final = REPOSITORY / "docs" / "images"
DAY_MS: Final = 86_400_000
WORK: Final = "/home/rig/work"
SETTINGS: Final = """
[[limits]]
name = "5-hour"
window = "5h"
tokens = 3000000

[[limits]]
name = "weekly"
window = "week"
usd = 20.0
"""


@pytest.fixture(scope="module")
def two_weeks(desk: Desk) -> Iterator[tuple[Played, Played]]:
    """Two OpenCodes at work, and a fortnight before them."""
    past = desk.world.opencode(f"{WORK}/shop")
    now_ms = time.time_ns() // 1_000_000
    past.script.conversation("ses_past", directory=f"{WORK}/shop")
    for days in range(13, -1, -1):
        for hour in range(1 + days * 5 % 4):
            past.script.at_ms = min(now_ms - days * DAY_MS - hour * 5_400_000, now_ms - 3_600_000)
            busy = 1 + (days * 7 + hour * 3) % 5
            for model, part in (("claude-sonnet-5", 5), ("claude-haiku-5", 2)):
                past.script.answer(
                    "ses_past",
                    model=model,
                    input=9_000 * busy * part,
                    output=2_500 * busy * part,
                    reasoning=900 * busy * part,
                    cache_read=70_000 * busy * part,
                    cache_write=8_000 * busy,
                    cost_usd=0.04 * busy * part,
                    directory=f"{WORK}/shop",
                )
    past.now().ended()
    past.write()
    desk.world.processes[-1].kill()
    settings = desk.world.home.user / ".config" / "opencode-stats" / "settings.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text(SETTINGS)
    with desk.world.exporter.daemon():
        played = []
        for name in ("shop", "website"):
            opencode = desk.world.opencode(f"{WORK}/{name}")
            opencode.script.conversation(f"ses_{name}", directory=f"{WORK}/{name}")
            opencode.write()
            played.append(opencode)
        shop, website = played
        website.now().prompt("ses_website").busy("ses_website")
        website.now().answer("ses_website", model="gpt-6", provider="openai", input=21_000, output=3_100, cost_usd=0.12)
        website.write()
        shop.script.at_ms -= 120_000
        shop.turn("ses_shop", input=48_213, output=6_020, reasoning=1_800, cache_read=310_447, cost_usd=0.31)
        eventually(lambda: desk.shell.label, timeout_s=20, what="a first figure")
        yield shop, website


def take(desk: Desk, name: str, actor: str, margin: int = 12) -> None:
    """Write what is around an actor into docs/images."""
    whole = desk.shell.photograph("screen.png")
    x, y, width, height = (
        int(value)
        for value in desk.shell.run(
            f"const actor = {actor}; const frame = actor.meta_window?.get_frame_rect();"
            "return frame ? [frame.x, frame.y, frame.width, frame.height]"
            " : [...actor.get_transformed_position(), ...actor.get_transformed_size()].map(Math.round)"
        )
    )
    target = Path("/mnt/cut.png")
    script = (
        "import sys, gi; gi.require_version('GdkPixbuf', '2.0');"
        "from gi.repository import GdkPixbuf;"
        "source, target, *box = sys.argv[1:]; whole = GdkPixbuf.Pixbuf.new_from_file(source);"
        "x, y, width, height = map(int, box); x, y = max(0, x), max(0, y);"
        "width, height = min(width, whole.get_width() - x), min(height, whole.get_height() - y);"
        "whole.new_subpixbuf(x, y, width, height).savev(target, 'png', ['compression'], ['9'])"
    )
    box = (x - margin, y - margin, width + 2 * margin, height + 2 * margin)
    done = desk.shell.command("python3", "-c", script, f"/mnt/{whole.name}", str(target), *map(str, box))
    assert done["code"] == 0, done
    IMAGES.mkdir(parents=True, exist_ok=True)
    (IMAGES / f"gnome-{name}.png").write_bytes((desk.shell.shared / target.name).read_bytes())


def test_panel(desk: Desk, two_weeks: tuple[Played, Played]) -> None:
    desk.shell.set("panel-content", "both")
    time.sleep(0.5)
    take(desk, "panel", "Main.panel._rightBox", 0)


def test_notification(desk: Desk, two_weeks: tuple[Played, Played]) -> None:
    shop, _website = two_weeks
    desk.shell.run("Main.messageTray.getSources().forEach(source => source.destroy())")
    shop.turn("ses_shop", input=8_213, output=2_020, cache_read=90_447, cost_usd=0.08)
    desk.shell.eventually("Main.messageTray._banner?.visible", "a banner")
    time.sleep(0.8)
    take(desk, "notification", "Main.messageTray._banner")


def test_menu(desk: Desk, two_weeks: tuple[Played, Played]) -> None:
    desk.shell.run("Main.messageTray.getSources().forEach(source => source.destroy())")
    desk.shell.open_menu()
    time.sleep(0.8)
    take(desk, "menu", "button().menu.actor", 0)
    today = "all(button().menu.actor).find(one => one.label?.text === 'Today')"
    desk.shell.run(f"await clickActor({today})")
    time.sleep(0.8)
    take(desk, "menu-open", "button().menu.actor", 0)
    desk.shell.close_menu()


def test_waiting(desk: Desk, two_weeks: tuple[Played, Played]) -> None:
    _shop, website = two_weeks
    website.now().asked("per_1", "ses_website")
    website.write()
    desk.shell.eventually("button().get_style_class_name().includes('opencode-stats-attention')", "the colour")
    time.sleep(0.8)
    take(desk, "waiting", "Main.panel._rightBox", 0)
    take(desk, "permission", "Main.messageTray._banner")


def test_preferences(desk: Desk, two_weeks: tuple[Played, Played]) -> None:
    desk.shell.run("Main.messageTray.getSources().forEach(source => source.destroy())")
    desk.shell.command("gnome-extensions", "prefs", "opencode-stats@opencode-stats.github.io")
    windows = "global.get_window_actors().filter(one => one.meta_window.title === 'OpenCode Statistics')"
    desk.shell.eventually(f"{windows}.length", "the window", timeout_s=30)
    time.sleep(1.5)
    take(desk, "preferences", f"{windows}[0]")
    # The two pages are named in the middle of the top, the second on the right.
    desk.shell.run(
        f"const {{x, y, width}} = {windows}[0].meta_window.get_frame_rect(); await click(x + 0.6 * width, y + 24)"
    )
    time.sleep(1.5)
    take(desk, "preferences-notifications", f"{windows}[0]")
