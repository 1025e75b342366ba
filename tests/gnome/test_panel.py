"""The panel, its menu, notifications and preferences in a real Shell, with a real exporter. Runs in every suite."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from tests.e2e.rig.processes import eventually
from tests.gnome.rig.desk import kept_settings, measured
from tests.gnome.rig.session import ACTIVE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.gnome.rig.desk import Desk
    from tests.gnome.rig.world import Played

pytestmark = [pytest.mark.gnome, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def opencode(live_desk: Desk) -> Iterator[Played]:
    """An OpenCode that has answered once."""
    played = live_desk.world.opencode()
    played.script.conversation("ses_a", directory="/home/rig/work/shop")
    played.turn("ses_a", input=1000, output=200, reasoning=30, cache_read=4, model="claude-sonnet-5", cost_usd=0.5)
    live_desk.world.wait_published(1234)
    # Folders that were not there when the Shell began to watch are looked for every few seconds.
    eventually(lambda: live_desk.shell.label, timeout_s=20, what="a first figure")
    measured(f"GNOME Shell {live_desk.shell.facts['version']}: started in {live_desk.shell.facts['start_s']} s")
    yield played
    played.now().ended()
    played.write()


def test_is_active_without_errors(desk: Desk) -> None:
    assert desk.shell.state == ACTIVE
    assert desk.shell.errors == []


def test_label_follows_the_exporter(live_desk: Desk, opencode: Played) -> None:
    with kept_settings(live_desk.shell, number_style="full"):
        before = live_desk.world.daily_tokens
        eventually(lambda: live_desk.shell.label == f"{before:,}", what="today's figure")

        opencode.now().answer("ses_a", input=765, output=1)
        opencode.write()

        live_desk.world.wait_published(before + 766)
        eventually(lambda: live_desk.shell.label == f"{before + 766:,}", timeout_s=2, what="the new figure")


def test_menu_shows_session_today_total_and_opens_to_models(live_desk: Desk, opencode: Played) -> None:
    shell = live_desk.shell
    texts = shell.open_menu()
    assert [name for name in texts if name in ("Session", "Today", "Total")] == ["Session", "Today", "Total"]
    assert texts[texts.index("shop") + 1] == "Idle", "an OpenCode that runs is there by its folder, with its state"
    assert "claude-sonnet-5" not in texts, "models are behind the section's arrow"

    today = "all(button().menu.actor).find(one => one.label?.text === 'Today')"
    shell.run(f"await clickActor({today})")
    shell.eventually(f"{today}.menu.isOpen", "the section to open")

    eventually(lambda: "claude-sonnet-5" in shell.menu_texts, timeout_s=2, what="the models")
    kinds = {"Input", "Output", "Reasoning", "Cache read", "Cache write"}
    eventually(lambda: kinds <= set(shell.menu_texts), timeout_s=2, what="the token kinds")
    assert "Nothing yet" not in shell.menu_texts
    shell.close_menu()


def test_menu_names_its_parts_for_screen_readers(live_desk: Desk, opencode: Played) -> None:
    shell = live_desk.shell
    shell.open_menu()
    total = live_desk.world.published["daily"]["totalTokens"]
    spoken = shell.run("return seen(button().menu.actor).map(one => one.accessible_name).filter(name => name)")
    assert any(f"{total:,}" in name for name in spoken), spoken
    assert "today" in shell.run("return button().accessible_name")
    shell.close_menu()


def test_finished_turn_is_announced_once(live_desk: Desk, opencode: Played) -> None:
    shell = live_desk.shell
    shell.run(
        "kept.announced = 0; kept.adding = Main.messageTray.connect('source-added', (_tray, source) =>"
        " source.connect('notification-added', () => kept.announced++))"
    )
    opencode.turn("ses_a", input=10, output=1)
    eventually(lambda: shell.notifications, what="a notification")
    for _again in range(2):  # each reading finds the item there
        before = live_desk.world.daily_tokens
        opencode.now().answer("ses_a", input=5)
        opencode.write()
        eventually(lambda before=before: live_desk.world.daily_tokens > before, what="new figures")  # type: ignore[misc]
        time.sleep(0.5)
    assert live_desk.world.published["attention"], "or it could not come a second time"
    assert shell.run("Main.messageTray.disconnect(kept.adding); return kept.announced") == 1

    ((title, body),) = shell.notifications
    assert title == "OpenCode has finished"
    assert body.startswith("~/work/shop")
    shown = shell.run("return [Main.messageTray._notification?.title, Main.messageTray._bannerBin.visible]")
    assert shown == ["OpenCode has finished", True]


def test_a_setting_applies_at_once(live_desk: Desk, opencode: Played) -> None:
    shell = live_desk.shell
    with kept_settings(shell, panel_content="cost"):
        eventually(lambda: shell.label.startswith("$"), timeout_s=2, what="the cost")
    with kept_settings(shell, panel_position="left"):
        shell.eventually("Main.panel._leftBox.contains(button())", "the button on the left", timeout_s=2)
    shell.eventually("Main.panel._rightBox.contains(button())", "the button on the right", timeout_s=2)


def test_preferences_open(desk: Desk) -> None:
    shell = desk.shell
    done = shell.command("gnome-extensions", "prefs", "opencode-stats@opencode-stats.github.io")
    assert done["code"] == 0, done
    windows = "global.get_window_actors().map(one => one.meta_window)"
    shell.eventually(f"{windows}.some(one => one.get_title() === 'OpenCode Statistics')", "the window", timeout_s=30)
    time.sleep(0.5)  # what goes wrong while it fills itself is in the log after that

    sizes: list[Any] = shell.run(f"return {windows}.map(one => one.get_frame_rect().height)")
    assert max(sizes) > 300
    # The window is there with the error in it, too; what the service says goes to the log of the bus that started it.
    assert "Failed to open preferences" not in shell.said("driver.log")
    assert "JS ERROR" not in shell.said("driver.log")
    shell.run(f"{windows}.forEach(one => one.delete(0))")
