"""Reads what Plasma shows, as a screen reader does: one JSON request in a line, one JSON answer in a line.

``{"do": "texts"}``: every text of plasmashell, each with its role and its rectangle on the screen.
``{"do": "spoken", "has": TEXT, "for_s": SECONDS}``: waits until the widget's own text has TEXT in it; gives it, and
when, in nanoseconds of the monotonic clock.
"""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # noqa: E402 - the version first

if TYPE_CHECKING:
    from collections.abc import Iterator

Node = Any  # Atspi.Accessible
WIDGET = "OpenCode"
DEEPEST = 60
LOOK_EVERY_S = 0.002


def nodes(parent: Node, depth: int = 0) -> Iterator[Node]:
    for index in range(parent.get_child_count()):
        # It may go between two questions.
        child = parent.get_child_at_index(index)
        if child is not None and depth < DEEPEST:
            yield child
            yield from nodes(child, depth + 1)


def shell() -> Node | None:
    desktop = Atspi.get_desktop(0)
    for index in range(desktop.get_child_count()):
        application = desktop.get_child_at_index(index)
        if application is not None and application.get_name() == "plasmashell":
            # What was asked before is remembered, and nobody here hears that it has changed.
            application.clear_cache()
            return application
    return None


def texts() -> list[dict[str, Any]]:
    found = []
    application = shell()
    for node in nodes(application) if application else ():
        try:
            name, role = node.get_name(), node.get_role_name()
            box = node.get_extents(Atspi.CoordType.SCREEN)
            showing = node.get_state_set().contains(Atspi.StateType.SHOWING)
        except GLib.Error:
            continue  # it has gone meanwhile
        if name:
            box = [box.x, box.y, box.width, box.height]
            found.append({"text": name, "role": role, "box": box, "showing": showing})
    return found


def label() -> Node | None:
    """The widget in the panel: the button in the button that Plasma puts around a widget."""
    application = shell()
    for node in nodes(application) if application else ():
        if node.get_role_name() == "button" and node.get_name() == WIDGET and node.get_child_count() > 0:
            return node.get_child_at_index(0)
    return None


def spoken(has: str, for_s: float) -> dict[str, Any]:
    until_s = time.monotonic() + for_s
    text = None
    while time.monotonic() < until_s:
        node = label()
        while node is not None and time.monotonic() < until_s:
            try:
                node.clear_cache_single()
                text = node.get_name()
            except GLib.Error:
                break  # Plasma has made the widget anew
            if text and has in text:
                return {"text": text, "at_ns": time.monotonic_ns()}
            time.sleep(LOOK_EVERY_S)
        time.sleep(0.05)
    return {"text": text, "at_ns": None}


def main() -> None:
    Atspi.init()
    for line in sys.stdin:
        request = json.loads(line)
        answer = texts() if request["do"] == "texts" else spoken(request["has"], request["for_s"])
        print(json.dumps(answer), flush=True)


main()
