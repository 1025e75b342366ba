"""A second real notification daemon, which tells everybody of clicks: mako, in a compositor without a screen."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

from tests.bars.desk import Home, run, wait_for
from tests.support.session_bus import session_bus
from tests.unit.desktop.items import item

from opencode_stats.desktop.herald import Herald
from opencode_stats.host.clock import SystemClock
from opencode_stats.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

SWAY = "output HEADLESS-1 resolution 420x300\nxwayland disable\n"
HEADLESS = {"WLR_BACKENDS": "headless", "WLR_LIBINPUT_NO_DEVICES": "1", "WLR_RENDERER": "pixman"}
NOT_ROOT = ("unshare", "--user", "--map-user=1000", "--map-group=1000") if os.getuid() == 0 else ()
"""sway refuses to be root; in a namespace of its own it is somebody else, to whom our files belong all the same."""
KEEP = "import os, sys; open(sys.argv[1], 'a').write(os.environ['OPENCODE_STATS_FOLDER'] + '\\n')"


def shown(on: Home, env: Mapping[str, str]) -> list[dict[str, Any]]:
    """What is on the screen, the newest first."""
    found: list[dict[str, Any]] = json.loads(run(on, ["makoctl", "list"], env))["data"][0]
    return found


def titles(on: Home, env: Mapping[str, str]) -> list[str]:
    return sorted(str(one["summary"]["data"]) for one in shown(on, env))


def test_mako_shows_each_once_replaces_and_takes_away_and_hears_clicks_on_what_a_former_exporter_showed(
    on: Home,
) -> None:
    kept, now_ms = on.folder / "kept", SystemClock().now_ms()
    first = item("permission", folder="/work/<i>shop & co", at_ms=now_ms)
    second = item("finished", 2, run="run-2", folder="/work/website", at_ms=now_ms, turn_ms=192_000)
    third = item("question", 3, run="run-3", folder="/work/api", at_ms=now_ms)
    settings = Settings(on_open=(sys.executable, "-c", KEEP, str(kept)))
    (on.folder / "sway.conf").write_text(SWAY, "utf-8")
    with session_bus(on.folder) as address, on.program(*NOT_ROOT, "sway", "-c", "sway.conf", **HEADLESS):
        wait_for(lambda: list((on.folder / "run").glob("wayland-?")), "sway")
        env = {
            "DBUS_SESSION_BUS_ADDRESS": address,
            "WAYLAND_DISPLAY": next((on.folder / "run").glob("wayland-?")).name,
        }
        with on.program("mako", "--config", "/dev/null", **env):
            wait_for(
                lambda: b"OK" in run(on, ["sh", "-c", "makoctl list > /dev/null 2>&1 && echo OK || true"], env), "mako"
            )

            def herald() -> Herald:
                return Herald(on.paths, {**on.env, **env}, SystemClock(), lambda: None)

            one = herald()
            one.look([second, first], settings, now_ms)
            wait_for(lambda: len(shown(on, env)) == 2, "both notifications")
            bodies = {str(each["body"]["data"]) for each in shown(on, env)}
            one.end()

            one = herald()
            try:
                error = item("error", 4, folder="/work/shop", at_ms=now_ms)
                one.look([third, error, second], settings, now_ms)
                wait_for(lambda: len(shown(on, env)) == 3, "the question")
                wait_for(lambda: one._thread is None, "the error")
                replaced = titles(on, env)
                # Shown by the exporter before: mako tells everybody.
                number = next(each["id"]["data"] for each in shown(on, env) if "finished" in each["summary"]["data"])
                run(on, ["makoctl", "invoke", "-n", str(number)], env)
                wait_for(lambda: kept.exists() and kept.read_text(), "the click")
                one.look([], settings, now_ms)
                wait_for(lambda: shown(on, env) == [], "that all are gone")
            finally:
                one.end()

    assert bodies == {"/work/&lt;i&gt;shop &amp; co", "/work/website, after 3m"}
    assert replaced == ["OpenCode has a question", "OpenCode has finished", "OpenCode stopped with an error"]
    assert kept.read_text() == "/work/website\n"
