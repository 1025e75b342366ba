"""What a real notification server on a real bus is told."""

from __future__ import annotations

import sys
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from dbus_fast import Variant
from tests.support.session_bus import Party, Server, session_bus, until
from tests.unit.desktop.items import item

from opencode_stats.core.notices import Memory, Rules, notices
from opencode_stats.desktop.bus import PANEL_NAME, PANEL_UUID
from opencode_stats.desktop.speaker import Answer, Speaker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from opencode_stats.core.attention import AttentionItem
    from opencode_stats.core.notices import Notice

pytestmark = pytest.mark.processes


@pytest.fixture
def clicked() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def speaker(address: str, clicked: list[tuple[str, str]]) -> Iterator[Speaker]:
    made = Speaker(address, {}, lambda subject, token: clicked.append((subject, token)))
    yield made
    made.end()


def noticed(*items: AttentionItem) -> list[Notice]:
    return notices(items, Memory(0), Rules(), "/home/me", items[0].at_ms)


def show(
    speaker: Speaker,
    *items: AttentionItem,
    before: Answer | None = None,
    close: tuple[str, ...] = (),
    sound: bool = False,
    listen: bool = False,
) -> Answer:
    told = noticed(*items) if items else []
    known = Answer() if before is None else before
    return speaker.show(told, close, server=known.server, ids=known.ids or {}, sound=sound, listen=listen)


def test_a_finished_turn_is_shown_quietly_and_what_is_in_its_name_is_no_markup(
    server: Server, speaker: Speaker
) -> None:
    answer = show(speaker, item(folder="/home/me/<b>&\x1b"))

    (got,) = server.got
    assert (got.title, got.body) == ("OpenCode has finished", "~/&lt;b&gt;&amp;?, after 1m")
    assert (got.hint("urgency"), got.hint("category"), got.hint("sound-name")) == (1, "transfer.complete", None)
    assert (got.hint("suppress-sound"), got.actions, got.replaces) == (True, [], 0)
    assert (answer.ids, answer.error, answer.silent) == ({"run-1": 1}, "", False)


def test_what_holds_opencode_up_is_pressing_and_sounds_where_that_is_wanted(server: Server, speaker: Speaker) -> None:
    show(speaker, item("permission"), sound=True)

    (got,) = server.got
    assert (got.hint("urgency"), got.hint("category")) == (2, "x-opencode-stats.permission")
    assert (got.hint("sound-name"), got.hint("suppress-sound")) == ("message-new-instant", None)


def test_a_server_without_markup_gets_the_text_as_it_is(address: str, speaker: Speaker) -> None:
    with closing(Server(address, "body")) as plain:
        show(speaker, item(folder="/a<b>"), listen=True)

        assert (plain.got[0].body, plain.got[0].actions) == ("/a<b>, after 1m", [])


def test_the_next_of_a_run_replaces_the_last_also_after_a_restart_of_ours(server: Server, speaker: Speaker) -> None:
    first = show(speaker, item("permission"))
    other = show(speaker, item("question", 2, run="run-2"), before=first)
    last = show(speaker, item("finished", 3), before=other)

    assert [one.replaces for one in server.got] == [0, 0, 1]
    assert last.ids == {"run-1": 1, "run-2": 2}


def test_a_server_that_was_started_anew_is_asked_to_replace_nothing(address: str, speaker: Speaker) -> None:
    with closing(Server(address)):
        first = show(speaker, item("permission"))
    with closing(Server(address)) as another:
        second = show(speaker, item("finished", 2), before=first)

        assert [one.replaces for one in another.got] == [0]
        assert first.server != second.server


def test_what_is_answered_is_taken_away(server: Server, speaker: Speaker) -> None:
    shown = show(speaker, item("permission"), item("question", 2, run="run-2"))
    answer = show(speaker, before=shown, close=("run-1", "never shown"))

    assert [one.title for one in server.open.values()] == ["OpenCode has a question"]
    assert answer.ids is not None
    assert [*answer.ids] == ["run-2"]


def test_one_that_the_user_has_closed_before_keeps_nothing_from_being_shown(server: Server, speaker: Speaker) -> None:
    shown = show(speaker, item("permission"))
    # As the specification has it, of a number that is not on the screen any more.
    server.refuse("CloseNotification", "org.freedesktop.Notifications.InvalidId")
    answer = show(speaker, item("question", 2, run="run-2"), before=shown, close=("run-1",))

    assert [one.title for one in server.got] == ["OpenCode asks for permission", "OpenCode has a question"]
    assert (answer.error, answer.ids) == ("", {"run-2": 2})


def test_one_that_is_refused_keeps_no_other_from_being_shown_and_is_known_as_untold(
    server: Server, speaker: Speaker
) -> None:
    error = "org.freedesktop.Notifications.MaxNotificationsExceeded"
    server.refuse("Notify", error, only=lambda message: message.body[3] == "OpenCode asks for permission")
    answer = show(speaker, item("question", 2, run="run-2"), item("permission"), item("error", 3, run="run-3"))

    assert {one.title for one in server.got} == {"OpenCode has a question", "OpenCode stopped with an error"}
    assert (answer.error, answer.untold) == (error, ("run-1",))
    assert answer.ids is not None
    assert answer.ids.keys() == {"run-2", "run-3"}


def test_a_server_that_takes_too_long_is_an_error_and_what_was_known_stays_known(
    address: str, server: Server, speaker: Speaker, clicked: list[tuple[str, str]]
) -> None:
    told = threading.Event()

    def slow() -> None:
        told.wait(20)

    # Long enough for all that comes before on a busy machine.
    hasty = Speaker(address, {}, lambda *click: clicked.append(click), patience_s=3.0)
    first = show(speaker, item("permission"))
    server.on_notify = slow
    second = show(hasty, item("question", 2, run="run-2"), before=first)
    told.set()

    assert (second.error, second.server, second.ids) == ("TimeoutError", first.server, {"run-1": 1})
    # It may be on the screen all the same, and is not to be shown twice.
    assert second.untold == ()


def test_a_server_that_ends_ends_what_listens(address: str, speaker: Speaker) -> None:
    with closing(Server(address, "actions")):
        show(speaker, item(), listen=True)
        process = speaker._process
    assert process is not None

    until(lambda: process.returncode is not None, "the end of the program that listens")


def test_where_the_gnome_panel_is_nothing_is_shown(address: str, server: Server, speaker: Speaker) -> None:
    with closing(Party(address)) as panel:
        panel.own(PANEL_NAME)
        silent = show(speaker, item())
        panel.release(PANEL_NAME)
        spoken = show(speaker, item("error", 2))

    assert (silent.silent, spoken.silent) == (True, False)
    assert [one.title for one in server.got] == ["OpenCode stopped with an error"]


@pytest.mark.parametrize(
    ("locked", "enabled", "silent"), [(True, True, True), (True, False, False), (False, True, False)]
)
def test_a_locked_gnome_whose_panel_comes_back_is_left_to_it(
    address: str, server: Server, speaker: Speaker, *, locked: bool, enabled: bool, silent: bool
) -> None:
    del server
    with closing(Party(address)) as shell:
        shell.on("GetActive", "b", lambda _: [locked])
        shell.on("GetExtensionInfo", "a{sv}", lambda _: [{"enabled": Variant("b", enabled)}])
        shell.own("org.gnome.Shell")
        shell.own("org.gnome.ScreenSaver")

        assert show(speaker, item()).silent == silent
        assert [call.body for call in shell.calls if call.member == "GetExtensionInfo"] == [[PANEL_UUID]] * locked


@pytest.mark.parametrize("tells_all", [True, False])
def test_a_click_is_told_with_what_raises_a_window(
    server: Server, speaker: Speaker, clicked: list[tuple[str, str]], *, tells_all: bool
) -> None:
    server.tells_all = tells_all
    show(speaker, item("permission"), item("question", 2, run="run-2"), listen=True)
    assert [one.actions for one in server.got] == [["default", "Show"]] * 2

    server.click(2, token="token-1")
    until(lambda: clicked, "the click")

    titles = {"run-1": "OpenCode asks for permission", "run-2": "OpenCode has a question"}
    (told,) = clicked
    assert (titles[told[0]], told[1]) == (server.got[1].title, "token-1")


@pytest.mark.parametrize("tells_all", [True, False])
def test_a_click_is_told_once_also_after_the_next_notice(
    server: Server, speaker: Speaker, clicked: list[tuple[str, str]], *, tells_all: bool
) -> None:
    server.tells_all = tells_all
    first = show(speaker, item("permission"), listen=True)
    show(speaker, item("question", 2, run="run-2"), before=first, listen=True)

    server.click(1)
    server.click(2)
    until(lambda: len(clicked) == 2, "the clicks")
    speaker.end()

    assert sorted(clicked) == [("run-1", ""), ("run-2", "")]


def test_nothing_stays_behind_once_nothing_is_open(server: Server, speaker: Speaker) -> None:
    show(speaker, item(), listen=True)
    process = speaker._process
    assert process is not None

    server.click(1)

    until(lambda: process.returncode is not None, "the end of the program that listens")


def test_without_a_server_or_a_bus_it_is_an_error_and_no_more(address: str, tmp_path: Path, speaker: Speaker) -> None:
    del address
    answer = show(speaker, item())
    assert ("ServiceUnknown" in answer.error, answer.untold) == (True, ("run-1",))
    for words, error in (
        (f"unix:path={tmp_path}/nowhere", "FileNotFoundError"),
        ("nonsense", "InvalidAddressError"),
        ("unix:runtime=yes", "InvalidAddressError"),
    ):
        nowhere = Speaker(words, {}, lambda _subject, _token: None)
        answer = show(nowhere, item(), before=Answer("a server", {"run-2": 3}))
        assert (error in answer.error, answer.untold) == (True, ("run-1",)), answer
        # A bus that is back may have the same server.
        assert (answer.server, answer.ids) == ("a server", {"run-2": 3})


def test_a_program_that_says_nothing_sensible_is_an_error(address: str) -> None:
    for words in (["/nowhere"], [sys.executable, "-c", "pass"], [sys.executable, "-c", "print('[]', flush=True)"]):
        speaker = Speaker(address, {}, lambda _subject, _token: None, words)
        assert show(speaker, item()).error
        speaker.end()


def test_a_bus_that_goes_away_ends_what_listens(tmp_path: Path, clicked: list[tuple[str, str]]) -> None:
    (tmp_path / "other").mkdir()
    with session_bus(tmp_path / "other") as there:
        speaker = Speaker(there, {}, lambda subject, token: clicked.append((subject, token)))
        with closing(Server(there, "actions")):
            show(speaker, item(), listen=True)
            process = speaker._process
    assert process is not None

    until(lambda: process.returncode is not None, "the end of the program that listens")
    speaker.end()
    assert clicked == []
