"""Notifications in a real Shell: when there is one, when there is none, and where a click on one leads."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from tests.e2e.rig.processes import eventually
from tests.gnome.rig.desk import kept_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.gnome.rig.desk import Desk
    from tests.gnome.rig.world import Played

pytestmark = [pytest.mark.gnome, pytest.mark.timeout(90)]
A_READING_S = 1.0
"""In this time everything that is published has long been read and shown."""
SHOWN = 2
"""``State.SHOWN`` of the Shell's ui/messageTray.js."""


@dataclass(frozen=True, slots=True)
class Terminals:
    """Two terminal windows, an OpenCode in each."""

    first: Played
    second: Played


@pytest.fixture(scope="module")
def terminals(live_desk: Desk) -> Iterator[Terminals]:
    played, windows = [], []
    for name in ("first", "second"):
        child = live_desk.shell.shared / f"{name}.pid"
        argv = ["gjs", "-m", "/opt/rig/terminal.js", name, f"/mnt/{child.name}"]
        windows.append(live_desk.shell.tell("client", argv=argv))
        wait_focus(live_desk, name)
        opencode = live_desk.world.opencode(f"/home/rig/work/{name}", pid=int(child.read_text()))
        opencode.script.conversation(f"ses_{name}", directory=f"/home/rig/work/{name}")
        opencode.write()
        played.append(opencode)
    eventually(lambda: live_desk.shell.label, timeout_s=20, what="a first figure")
    yield Terminals(*played)
    for pid in windows:
        live_desk.shell.tell("end_client", pid=pid)


@pytest.fixture(autouse=True)
def _nothing_shown(live_desk: Desk, terminals: Terminals) -> None:
    """Every test begins with an empty message tray and the second window in front."""
    live_desk.shell.run("Main.messageTray.getSources().forEach(source => source.destroy())")
    focus(live_desk, "second")


def wait_focus(desk: Desk, title: str) -> None:
    desk.shell.eventually(f"global.display.focus_window?.title === {title!r}", f"the window {title} in front")


def focus(desk: Desk, title: str) -> None:
    windows = "global.get_window_actors().map(one => one.meta_window)"
    desk.shell.run(f"Main.activateWindow({windows}.find(one => one.title === {title!r}))")
    wait_focus(desk, title)


def shown(desk: Desk) -> list[str]:
    return [title for title, _body in desk.shell.notifications]


def test_click_raises_the_terminal_of_that_opencode(live_desk: Desk, terminals: Terminals) -> None:
    terminals.first.turn("ses_first", input=10, output=1)
    banner = "Main.messageTray._banner"
    # A banner that still slides in is somewhere else by the time the click comes.
    slid_in = f"Main.messageTray._notificationState === {SHOWN} && {banner}.get_transition('y') === null"
    live_desk.shell.eventually(f"{banner}?.visible && {slid_in}", "a banner")

    live_desk.shell.run(f"await clickActor({banner})")

    wait_focus(live_desk, "first")


def test_none_while_that_terminal_has_the_focus(live_desk: Desk, terminals: Terminals) -> None:
    terminals.second.turn("ses_second", input=10, output=1)
    time.sleep(A_READING_S)
    assert shown(live_desk) == []

    focus(live_desk, "first")
    time.sleep(A_READING_S)
    assert shown(live_desk) == [], "what was seen at once is no news later"


def test_one_in_focus_is_shown_where_the_user_wants_that(live_desk: Desk, terminals: Terminals) -> None:
    with kept_settings(live_desk.shell, notify_focused="true"):
        terminals.second.turn("ses_second", input=10, output=1)
        eventually(lambda: shown(live_desk) == ["OpenCode has finished"], what="a notification")


def test_a_later_one_takes_the_place_of_the_one_before(live_desk: Desk, terminals: Terminals) -> None:
    terminals.first.turn("ses_first", input=10, output=1)
    eventually(lambda: shown(live_desk) == ["OpenCode has finished"], what="the first notification")

    terminals.first.now().prompt("ses_first").busy("ses_first").asked("per_1", "ses_first")
    terminals.first.write()
    eventually(lambda: shown(live_desk) == ["OpenCode asks for permission"], what="one notification, the newer")

    terminals.first.now().answered("per_1").idle("ses_first")
    terminals.first.write()
    eventually(lambda: "OpenCode asks for permission" not in shown(live_desk), what="the answered one to go")


def test_waiting_for_an_answer_shows_in_the_panel(live_desk: Desk, terminals: Terminals) -> None:
    classes = "button().get_style_class_name()"
    terminals.first.now().busy("ses_first").asked("que_1", "ses_first", "question")
    terminals.first.write()
    live_desk.shell.eventually(f"{classes}.includes('opencode-stats-attention')", "the attention colour")
    eventually(lambda: shown(live_desk) == ["OpenCode has a question"], what="a notification")

    terminals.first.now().answered("que_1").idle("ses_first")
    terminals.first.write()
    live_desk.shell.eventually(f"!{classes}.includes('opencode-stats-attention')", "the usual colour")


def test_do_not_disturb_holds(live_desk: Desk, terminals: Terminals) -> None:
    live_desk.shell.command("gsettings", "set", "org.gnome.desktop.notifications", "show-banners", "false")
    try:
        terminals.first.turn("ses_first", input=10, output=1)
        eventually(lambda: shown(live_desk) == ["OpenCode has finished"], what="it in the list")
        time.sleep(A_READING_S)
        assert live_desk.shell.run("return Main.messageTray._notification?.title ?? null") is None
    finally:
        live_desk.shell.command("gsettings", "reset", "org.gnome.desktop.notifications", "show-banners")


def test_switched_off_and_short_turns_are_not_announced(live_desk: Desk, terminals: Terminals) -> None:
    with kept_settings(live_desk.shell, notify_finished="false"):
        terminals.first.turn("ses_first", input=10, output=1)
        time.sleep(A_READING_S)
    with kept_settings(live_desk.shell, notify_minimum_turn="3600"):
        terminals.first.turn("ses_first", input=10, output=1)
        time.sleep(A_READING_S)
    assert shown(live_desk) == []


def test_an_aborted_turn_and_a_sub_agent_are_not_announced(live_desk: Desk, terminals: Terminals) -> None:
    script = terminals.first.now()
    script.conversation("ses_child", parent="ses_first").busy("ses_child").idle("ses_child")
    script.prompt("ses_first").busy("ses_first").failed("ses_first", "MessageAbortedError").idle("ses_first")
    terminals.first.write()
    time.sleep(A_READING_S)
    assert shown(live_desk) == []


def test_screen_lock_shows_nothing_twice_and_loses_nothing(live_desk: Desk, terminals: Terminals) -> None:
    shell = live_desk.shell
    terminals.first.turn("ses_first", input=10, output=1)
    eventually(lambda: shown(live_desk) == ["OpenCode has finished"], what="a notification")

    shell.run("Main.sessionMode.pushMode('unlock-dialog')")
    eventually(lambda: shell.state == 2, what="the extension to be disabled behind the lock")
    assert shell.run("return button() ?? null") is None
    terminals.second.now().prompt("ses_second").busy("ses_second").asked("per_2", "ses_second")
    terminals.second.write()
    time.sleep(A_READING_S)
    focus_lost = "global.display.unset_input_focus(global.get_current_time())"
    shell.run(focus_lost)
    shell.run("Main.sessionMode.popMode('unlock-dialog')")

    eventually(lambda: shell.state == 1, what="the extension to be enabled again")
    eventually(lambda: shown(live_desk) == ["OpenCode asks for permission"], what="the news, and only that")
    terminals.second.now().answered("per_2").idle("ses_second")
    terminals.second.write()
