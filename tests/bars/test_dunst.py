"""A real notification daemon on a real bus: what it shows, replaces, takes away and passes on; and its picture."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any

from tests.bars.desk import Home, run, shot, wait_for, x_display
from tests.support.session_bus import session_bus
from tests.unit.desktop.items import item

from opencode_stats.desktop.herald import Herald
from opencode_stats.host.clock import SystemClock
from opencode_stats.settings import Settings

if TYPE_CHECKING:
    from tests.bars.conftest import Keep

WIDTH, HEIGHT = 420, 150
CONFIG = f"""
[global]
    width = ({WIDTH - 20}, {WIDTH - 20})
    height = 100
    origin = top-left
    offset = 8x8
    font = DejaVu Sans 11
    frame_width = 2
    separator_height = 2
    format = "<b>%s</b>\\n%b"
    markup = full
    min_icon_size = 32
    max_icon_size = 32
    icon_path = /usr/share/icons/Adwaita/48x48/legacy
    show_indicators = no
    scale = 1
    corner_radius = 4
[urgency_normal]
    background = "#1d1f21"
    foreground = "#d5d8d6"
    frame_color = "#3a4650"
    timeout = 0
[urgency_critical]
    background = "#1d1f21"
    foreground = "#ffffff"
    frame_color = "#cc6666"
    timeout = 0
"""
KEEP = "import os, sys; open(sys.argv[1], 'a').write(os.environ['OPENCODE_STATS_FOLDER'])"


def shown(on: Home, env: dict[str, str]) -> int:
    """How many notifications are on the screen."""
    return int(run(on, ["dunstctl", "count", "displayed"], env))


def closed(on: Home, env: dict[str, str]) -> list[dict[str, Any]]:
    """Those that are not any more, the last one first."""
    found: list[dict[str, Any]] = json.loads(run(on, ["dunstctl", "history"], env))["data"][0]
    return found


def test_dunst_shows_each_once_replaces_and_takes_away_and_a_click_is_passed_on(on: Home, keep: Keep) -> None:
    (on.folder / "dunstrc").write_text(CONFIG, "utf-8")
    kept, now_ms = on.folder / "kept", SystemClock().now_ms()
    home = str(on.folder)
    first = item("permission", folder=f"{home}/work/<i>shop", at_ms=now_ms)
    second = item("finished", 2, run="run-2", folder=f"{home}/work/website", at_ms=now_ms, turn_ms=192_000)
    settings = Settings(on_open=(sys.executable, "-c", KEEP, str(kept)))
    with session_bus(on.folder) as address, x_display(on, WIDTH, HEIGHT) as display:
        env = {"DBUS_SESSION_BUS_ADDRESS": address, "DISPLAY": display}
        with on.program("dunst", "-conf", str(on.folder / "dunstrc"), **env):
            wait_for(
                lambda: b"OK" in run(on, ["sh", "-c", "dunstctl count > /dev/null 2>&1 && echo OK || true"], env),
                "dunst",
            )
            herald = Herald(on.paths, {**on.env, **env}, SystemClock(), lambda: None)
            try:
                herald.look([second, first], settings, now_ms)
                wait_for(lambda: shown(on, env) == 2, "both notifications")
                time.sleep(0.3)  # it counts before it has drawn
                keep("notifications-dunst.png", shot(on, display))

                herald.look([item("error", 3, folder=f"{home}/work/<i>shop", at_ms=now_ms), second], settings, now_ms)
                wait_for(lambda: herald._thread is None, "the error")
                assert shown(on, env) == 2, "the run's notification was replaced"

                herald.look([second], settings, now_ms)
                wait_for(lambda: shown(on, env) == 1, "that the answered one is gone")
                assert closed(on, env)[0]["summary"]["data"] == "OpenCode stopped with an error"

                wait_for(lambda: herald._thread is None, "that clicks are heard")
                run(on, ["dunstctl", "action"], env)
                wait_for(lambda: kept.exists() and kept.read_text(), "the click")
                assert kept.read_text() == f"{home}/work/website"
            finally:
                herald.end()
