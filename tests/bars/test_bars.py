"""Real bars with the configurations of packaging/bars, in them our figures; and their pictures."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest
from tests.bars.desk import BARS, Home, run, shot, wait_for, x_display
from tests.bars.story import afternoon

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.bars.conftest import Keep

NOW_MS = time.time_ns() // 1_000_000
WIDTH, HEIGHT = 760, 28
BAR = f"{WIDTH}x{HEIGHT}+0+0"
SWAY = """
output X11-1 resolution {width}x440 position 0 0 bg #3a4650 solid_color
"""
WAYBAR = {
    "layer": "top",
    "height": HEIGHT,
    "modules-left": ["sway/workspaces"],
    "modules-right": ["custom/opencode", "clock"],
}
NOT_ROOT = ("unshare", "--user", "--map-user=1000", "--map-group=1000") if os.getuid() == 0 else ()
"""sway refuses to be root; in a namespace of its own it is somebody else, to whom our files belong all the same."""
WAYBAR_LOOK = (
    '* { font-family: "DejaVu Sans"; font-size: 14px; } window#waybar { background: #1d1f21; color: #d5d8d6; }\n'
)
POLYBAR = """
[bar/bar]
width = 100%
height = 28
background = #1d1f21
foreground = #d5d8d6
font-0 = DejaVu Sans:size=11;3
padding-right = 1
module-margin = 2
modules-left = xworkspaces
modules-right = opencode date
[module/date]
type = internal/date
date = %H:%M
[module/xworkspaces]
type = internal/xworkspaces
label-active-padding = 2
"""
I3 = """# i3 config file (v4)
font pango:DejaVu Sans 11
bar {{
    position top
    status_command i3blocks -c {blocks}
    workspace_buttons yes
    colors {{
        background #1d1f21
        statusline #d5d8d6
    }}
}}
"""


def waiting() -> dict[str, Any]:
    return afternoon(NOW_MS)


def working() -> dict[str, Any]:
    stats = afternoon(NOW_MS)
    stats["sessions"] = [run for run in stats["sessions"] if run["state"] != "waiting"]
    return stats


def jsonc(text: str) -> dict[str, Any]:
    """JSON with comments that have lines of their own."""
    read: dict[str, Any] = json.loads(re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE))
    return read


def test_waybar(on: Home, keep: Keep) -> None:
    on.publish(working())
    module = jsonc((BARS / "waybar" / "module.jsonc").read_text("utf-8"))
    (on.folder / "waybar.json").write_text(json.dumps(WAYBAR | module), "utf-8")
    (on.folder / "waybar.css").write_text(WAYBAR_LOOK + (BARS / "waybar" / "style.css").read_text("utf-8"), "utf-8")
    (on.folder / "sway.conf").write_text(SWAY.format(width=WIDTH), "utf-8")
    # In a window of an X server, so that there is a pointer.
    with x_display(on, WIDTH, 440) as display:
        nested = {"WLR_BACKENDS": "x11", "WLR_RENDERER": "pixman", "DISPLAY": display}
        black = shot(on, display)
        with on.program(*NOT_ROOT, "sway", "-c", "sway.conf", **nested):
            wait_for(lambda: list((on.folder / "run").glob("wayland-?")), "sway")
            wayland = {"WAYLAND_DISPLAY": next((on.folder / "run").glob("wayland-?")).name}
            sway = {"SWAYSOCK": str(next((on.folder / "run").glob("sway-ipc.*")))}
            wait_for(lambda: shot(on, display) != black, "the desktop")
            desk = settled(lambda: shot(on, display, BAR))
            with on.program("waybar", "-c", "waybar.json", "-s", "waybar.css", **wayland, **sway):
                wait_for(lambda: shot(on, display, BAR) != desk, "waybar")
                first = settled(lambda: shot(on, display, BAR))
                on.publish(waiting())
                wait_for(lambda: shot(on, display, BAR) != first, "the other state")
                below = shot(on, display, f"{WIDTH}x200+0+60")
                for left in (120, 119):
                    run(on, ["xdotool", "mousemove", str(WIDTH - left), "14"], {"DISPLAY": display})
                wait_for(lambda: shot(on, display, f"{WIDTH}x200+0+60") != below, "the tooltip")
                keep("waybar.png", settled(lambda: shot(on, display, f"{WIDTH}x412+0+0")))
    assert "[error]" not in on.log


def test_polybar(on: Home, keep: Keep) -> None:
    on.publish(working())
    config = POLYBAR + (BARS / "polybar" / "module.ini").read_text("utf-8")
    (on.folder / "polybar.ini").write_text(config, "utf-8")
    with x_display(on, WIDTH, 200) as display:
        bar = f"{WIDTH}x{HEIGHT}+0+0"
        desk = shot(on, display, bar)
        with (
            on.program("i3", "-c", "/dev/null", DISPLAY=display),
            on.program("polybar", "-c", "polybar.ini", "bar", DISPLAY=display),
        ):
            wait_for(lambda: shot(on, display, bar) != desk, "polybar")
            first = settled(lambda: shot(on, display, bar))
            on.publish(waiting())
            wait_for(lambda: shot(on, display, bar) != first, "the other state")
            keep("polybar.png", settled(lambda: shot(on, display, bar)))
    assert "polybar|error" not in on.log


@pytest.mark.parametrize("name", ["block.conf", "stream.conf"])
def test_i3blocks(on: Home, keep: Keep, name: str) -> None:
    on.publish(working())
    blocks = BARS / "i3blocks" / name
    (on.folder / "i3.conf").write_text(I3.format(blocks=blocks), "utf-8")
    with subprocess.Popen(
        ["i3blocks", "-c", str(blocks)], env=on.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        try:
            shown: dict[str, str] = {"full_text": ""}
            while not shown["full_text"]:
                # An endless list of lists, one a line.
                line = process.stdout.readline().decode().strip().strip(",")
                shown = json.loads(line)[-1] if line.endswith("}]") else shown
        finally:
            process.kill()
    assert re.fullmatch(r"[0-9.]+M \$[0-9.]+\+", shown["full_text"])
    assert re.fullmatch(r"[0-9.]+M", shown["short_text"])

    on.publish(waiting())
    with x_display(on, WIDTH, 200) as display:
        desk = shot(on, display)
        with on.program("i3", "-c", "i3.conf", DISPLAY=display):
            wait_for(lambda: shot(on, display) != desk, "i3")
            time.sleep(1)
            keep("i3blocks.png", settled(lambda: shot(on, display, f"{WIDTH}x24+0+0")))


def settled(take: Callable[[], bytes]) -> bytes:
    """The picture that stays."""
    pictures: list[bytes] = [take(), b""]
    while pictures[-1] != pictures[-2]:
        time.sleep(0.5)
        pictures.append(take())
    return pictures[-1]


def test_tmux(on: Home, keep: Keep) -> None:
    on.publish(working())
    look = ["-fa", "DejaVu Sans Mono", "-fs", "11", "-geometry", "84x4+0+0", "-bw", "0", "-b", "0", "+sb"]
    look += ["-bg", "#1d1f21", "-fg", "#d5d8d6"]
    style = "set -g status-style bg=#3a4650,fg=#d5d8d6\n"
    (on.folder / "tmux.conf").write_text(style + (BARS / "tmux" / "tmux.conf").read_text("utf-8"), "utf-8")
    tmux = ["tmux", "-S", "socket", "-f", "tmux.conf"]
    with x_display(on, WIDTH, 76) as display:
        desk = shot(on, display)
        with on.program("xterm", *look, "-e", *tmux, "new-session", "exec cat", DISPLAY=display):
            wait_for(lambda: shot(on, display) != desk, "tmux")
            try:
                time.sleep(2)
                first = settled(lambda: shot(on, display))
                on.publish(waiting())
                wait_for(lambda: shot(on, display) != first, "the other state")
                keep("tmux.png", settled(lambda: shot(on, display)))
            finally:
                run(on, ["tmux", "-S", "socket", "kill-server"], {})
