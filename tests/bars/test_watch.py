"""``watch`` in a real terminal emulator, and its picture."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from tests.bars.desk import run, shot, wait_for, x_display
from tests.bars.story import afternoon, grown

if TYPE_CHECKING:
    from tests.bars.conftest import Keep
    from tests.bars.desk import Home

FAST_FORWARD = """
import sys, time
steady = time.monotonic
# The chart of the rate is of fifteen minutes; the picture is taken after half of one.
time.monotonic = lambda: steady() * 30
from opencode_stats.cli.main import main
sys.argv = ["opencode-stats", "watch"]
main()
"""
LOOK = (
    *("-fa", "DejaVu Sans Mono", "-fs", "12", "-geometry", "98x26+0+0", "-bw", "0", "-b", "12", "+sb"),
    *(
        "-bg",
        "#1d1f21",
        "-fg",
        "#d5d8d6",
        "-xrm",
        "*color2: #8fbf7f",
        "-xrm",
        "*color3: #e5a50a",
        "-xrm",
        "*color11: #e5a50a",
    ),
    *("-xrm", "*color6: #6cb6c9", "-xrm", "*colorBD: #ffffff", "-xrm", "*colorBDMode: false"),
)


def test_watch_in_xterm(on: Home, keep: Keep) -> None:
    now_ms = time.time_ns() // 1_000_000
    stats = afternoon(now_ms)
    on.publish(stats)
    (on.folder / "watch.py").write_text(FAST_FORWARD, "utf-8")
    with x_display(on, 1024, 640) as display:
        empty = shot(on, display)
        with on.program("xterm", *LOOK, "-e", sys.executable, "watch.py", DISPLAY=display):
            wait_for(lambda: shot(on, display) != empty, "xterm")
            before = shot(on, display)
            for number in range(100):
                grown(stats, 5_000 * (number * 7 % 11) if number % 3 else 0, now_ms)
                on.publish(stats)
                time.sleep(0.3)
            wait_for(lambda: shot(on, display) != before, "other figures")
            size = run(on, ["maim", "--hidecursor", "-g", "1004x544+0+0"], {"DISPLAY": display})
    keep("watch.png", size)
