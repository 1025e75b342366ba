"""What is not as it should be: the menu says it in a plain sentence, and the panel recovers by itself."""

from __future__ import annotations

import json
import shutil
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from tests.e2e.rig.processes import eventually
from tests.gnome.rig.desk import measured
from tests.gnome.rig.documents import document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.gnome.rig.desk import Desk

pytestmark = [pytest.mark.gnome, pytest.mark.timeout(90)]
SOON_S = 3.0
UNREADABLE = "stats.json can’t be read"  # noqa: RUF001 - the extension's own words
LATER_S = 15.0
"""A folder that was not there when the Shell began to watch is looked for by GLib every few seconds."""


@pytest.fixture(scope="module", autouse=True)
def _in_full(desk: Desk) -> None:
    desk.shell.set("number-style", "full")


@pytest.fixture(autouse=True)
def _closed_menu(desk: Desk) -> Iterator[None]:
    yield
    desk.shell.close_menu()


def wait_figure(desk: Desk, tokens: int, timeout_s: float = SOON_S) -> None:
    eventually(lambda: desk.shell.label == f"{tokens:,}", timeout_s=timeout_s, what=f"{tokens:,} in the panel")


def assert_says_and_recovers(desk: Desk, sentence: str, tokens: int) -> None:
    desk.shell.open_menu()
    eventually(lambda: sentence in desk.shell.menu_texts, timeout_s=LATER_S, what=sentence)
    desk.world.put(document(tokens))
    wait_figure(desk, tokens, LATER_S)
    eventually(lambda: sentence not in desk.shell.menu_texts, what="the sentence to go")


def test_nothing_set_up_then_the_folders_appear(desk: Desk) -> None:
    assert not desk.world.home.stats_file.parent.exists()
    assert_says_and_recovers(desk, "opencode-stats is not set up", 1_111)


def test_half_installed(desk: Desk) -> None:
    desk.world.home.state.mkdir(parents=True, exist_ok=True)
    desk.world.home.stats_file.unlink(missing_ok=True)
    assert_says_and_recovers(desk, "No figures yet", 2_222)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "stats.json is empty"),
        ('{"session": {"totalTokens": 1', "stats.json is damaged"),
        (b"\x00\xff\xfe" * 100, "stats.json is damaged"),
        ("[1, 2]", "stats.json is not from opencode-stats"),
        ("null", "stats.json is not from opencode-stats"),
        (json.dumps({"schemaVersion": 2, "everything": "else"}), "opencode-stats is newer than this extension"),
        (" " * (9 * 1024 * 1024), "stats.json is too large"),
    ],
    ids=["empty", "torn", "bytes", "list", "null", "newer", "9 MiB"],
)
def test_bad_content(desk: Desk, content: str | bytes, sentence: str) -> None:
    desk.world.put(content)
    assert_says_and_recovers(desk, sentence, 3_000 + len(sentence))


def test_unreadable(desk: Desk) -> None:
    desk.world.put(document(1))
    desk.world.home.stats_file.chmod(0)
    assert_says_and_recovers(desk, UNREADABLE, 4_444)


def test_a_folder_in_its_place(desk: Desk) -> None:
    desk.world.home.stats_file.unlink()
    desk.world.home.stats_file.mkdir()
    try:
        desk.shell.open_menu()
        eventually(lambda: UNREADABLE in desk.shell.menu_texts, timeout_s=LATER_S, what="the sentence")
    finally:
        desk.world.home.stats_file.rmdir()
    desk.world.put(document(5_555))
    wait_figure(desk, 5_555, LATER_S)


def test_wrong_types_in_every_place_show_as_nothing(desk: Desk) -> None:
    desk.world.put(document(6_000))
    wait_figure(desk, 6_000, LATER_S)
    wrongs: list[Any] = [None, 7, "text", [], {}, [None], {"a": []}, -1, True]
    for wrong in wrongs:
        good = document(6_001)
        spoiled = {key: wrong for key in good if key not in ("session", "daily", "total", "schemaVersion")}
        parts = {part: dict.fromkeys(good[part], wrong) for part in ("session", "daily", "total")}
        desk.world.put(good | spoiled | parts)
        time.sleep(0.3)
        desk.shell.open_menu()
        assert "Today" in desk.shell.menu_texts
        desk.shell.close_menu()
    desk.world.put(document(6_666))
    wait_figure(desk, 6_666)


def test_folder_removed_and_made_again(desk: Desk) -> None:
    shutil.rmtree(desk.world.home.stats_file.parent)
    desk.shell.open_menu()
    eventually(lambda: "No figures yet" in desk.shell.menu_texts, timeout_s=LATER_S, what="the sentence")
    desk.world.put(document(7_777))
    wait_figure(desk, 7_777, LATER_S)


def test_replaced_a_thousand_times_a_second(desk: Desk) -> None:
    shell = desk.shell
    shell.run("kept.changes = 0; kept.handler = label().connect('notify::text', () => kept.changes++)")
    content = json.dumps(document(10_000))
    ended = threading.Event()
    slowest_ms: list[float] = []

    def ask() -> None:
        while not ended.is_set():
            since = time.monotonic()
            shell.run("return 1")
            slowest_ms.append((time.monotonic() - since) * 1000)
            time.sleep(0.02)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        since_s = time.monotonic()
        for number in range(3_000):
            desk.world.put(content.replace('"totalTokens": 10000', f'"totalTokens": {10_000 + number}'))
            time.sleep(max(0.0, since_s + number / 1000 - time.monotonic()))
        took_s = time.monotonic() - since_s
    finally:
        ended.set()
        asking.join()
    wait_figure(desk, 12_999)
    changes = shell.run("label().disconnect(kept.handler); return kept.changes")
    measured(
        f"3,000 replacements in {took_s:.1f} s: {changes} new labels;"
        f" the Shell answered within {max(slowest_ms):.0f} ms at most"
    )
    assert changes <= took_s * 25 + 2, "at most 25 looks a second"


HOSTILE = {
    "markup": "<b>bold</b> & <span size='999999'>huge</span>",
    "direction": "claude-\u202egpj.exe\u202c",
    "controls": "line\nbreak\ttab\x1b[31mred\u0000end",
    "long": "m" * 1_000_000,
    "arabic": "نموذج",
    "prototype": "__proto__",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_names_are_text_and_nothing_else(desk: Desk, kind: str) -> None:
    name = HOSTILE[kind]
    tokens = 100_000 + len(name) % 1000
    found = document(tokens)
    found["daily"] |= {"tokensByModel": {name: tokens}, "costsByModel": {name: 1.0}}
    for run in (found["session"], *found["sessions"]):
        run |= {"live": True, "workspaces": [{"directory": f"/home/rig/{name}", "totalTokens": 1}]}
    desk.world.put(json.dumps(found))
    wait_figure(desk, tokens, LATER_S)
    shell = desk.shell
    shell.open_menu()
    today = "all(button().menu.actor).find(one => one.label?.text === 'Today')"
    shell.run(f"{today}.menu.open(); await painted(); await painted()")
    texts = shell.menu_texts

    width, formatted = shell.run(
        "await painted(); return [button().menu.actor.width,"
        " seen(button().menu.actor).filter(one => one.clutter_text?.use_markup).length]"
    )
    assert width <= 700, "no name makes the menu wide"
    assert formatted == 0
    assert max(map(len, texts)) < 1_000
    shown = {"markup": "<b>bold</b>", "arabic": "نموذج", "prototype": "__proto__", "long": "mmmm"}.get(kind)
    if shown:
        assert any(shown in text for text in texts), texts
    assert not any(sign in text for text in texts for sign in "\u202e\x1b\x00")
