"""What is done once, at a login, an opening or a change of a setting, is done in pieces. Their lengths are printed."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import TYPE_CHECKING, Final

import pytest
from tests.e2e.rig.processes import eventually
from tests.gnome.rig.desk import measured
from tests.gnome.rig.documents import large_text
from tests.gnome.rig.session import UUID, shell
from tests.gnome.rig.stretches import BLOCKED_MS, TAKE_STRETCHES, WATCH_STRETCHES
from tests.gnome.rig.world import world

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.gnome.rig.session import Shell

pytestmark = [pytest.mark.gnome, pytest.mark.timeout(150)]
ROUNDS: Final = 4
SETTLED_S: Final = 1.0
SETTINGS: Final = (
    ("panel-figure", "total", "today"),
    ("panel-content", "both", "tokens"),
    ("number-style", "compact", "full"),
    ("show-cost", "false", "true"),
    ("panel-position", "left", "right"),
    ("fallback-interval", "30", "60"),
    ("stats-file", "/home/rig/none.json", ""),
)
# The Shell calls enable() itself, and a section is opened by the Shell's own code.
WATCH_ENABLE: Final = f"""
    const one = Main.extensionManager.lookup('{UUID}').stateObj;
    const enable = one.enable;
    one.enable = function () {{
        kept.measure();
        enable.call(this);
    }};
"""
OPEN_SECTION: Final = """
    const section = all(button().menu.actor).find(one => one.label?.text === '%s');
    kept.measure();
    section.menu.open();
"""


def test_what_is_done_once_is_done_in_pieces(chroot: Path, archive: Path) -> None:
    longest_ms: dict[str, list[float]] = defaultdict(list)
    with world() as made, shell(chroot, made.home.user, extension=archive) as fresh:
        made.put(large_text(1_234))
        made.stamp()
        fresh.set("number-style", "full")
        fresh.run(WATCH_STRETCHES)
        fresh.enable()
        eventually(lambda: fresh.label == "1,234", timeout_s=15, what="a first figure")

        def note(deed: str) -> None:
            time.sleep(SETTLED_S)
            longest_ms[deed].append(max(own_ms for own_ms, _whole_ms in fresh.run(TAKE_STRETCHES)))

        note("enabled, for the first time after the login")
        fresh.run(WATCH_ENABLE)
        for _round in range(ROUNDS):
            once(fresh, note)
    for deed, found_ms in longest_ms.items():
        measured(f"longest piece of ours, {deed}: {', '.join(f'{one_ms:.1f}' for one_ms in found_ms)} ms")
    # What is long is long each time; what other programs on the machine do to one is not. They make all of it longer,
    # for which there is as much again: before the pieces, to move the panel's button took 29 ms, to be enabled again 7.
    repeated = {deed: min(found_ms) for deed, found_ms in longest_ms.items() if len(found_ms) == ROUNDS}
    assert len(repeated) > len(SETTINGS)
    assert {deed: least_ms for deed, least_ms in repeated.items() if least_ms > 2 * BLOCKED_MS} == {}


def once(fresh: Shell, note: Callable[[str], None]) -> None:
    """Everything once; leaves the extension enabled, as its settings were."""
    fresh.disable()
    fresh.run(TAKE_STRETCHES)
    fresh.enable()
    eventually(lambda: fresh.label == "1,234", timeout_s=15, what="the figure again")
    note("enabled again")
    fresh.open_menu()
    for section in ("Session", "Today", "Total"):
        time.sleep(SETTLED_S)
        fresh.run(TAKE_STRETCHES)
        fresh.run(OPEN_SECTION % section)
        note(f"{section} opened")
    fresh.close_menu()
    for key, *values in SETTINGS:
        time.sleep(SETTLED_S)
        fresh.run(TAKE_STRETCHES)
        for value in values:
            fresh.set(key, value)
        note(f"{key} changed")
