"""Each thing is told once: on a real bus, to a real command, and over restarts."""

from __future__ import annotations

import json
import stat
import sys
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest
from tests.support.clock import NOON_MS, FakeClock
from tests.support.session_bus import Server, until
from tests.support.session_bus import session_bus as bus_at
from tests.unit.desktop.items import item

from opencode_stats.desktop.bus import session_bus
from opencode_stats.desktop.herald import AGAIN_AFTER_S, Herald
from opencode_stats.desktop.told import read_told
from opencode_stats.host.paths import Paths
from opencode_stats.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from opencode_stats.core.attention import AttentionItem

pytestmark = pytest.mark.processes

KEEP = "import os, sys; open(sys.argv[1], 'a').write(os.environ['OPENCODE_STATS_KIND'] + '\\n')"


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    made = Paths.of({}, tmp_path / "home")
    made.state.mkdir(parents=True)
    return made


@contextmanager
def herald(paths: Paths, address: str = "", clock: FakeClock | None = None) -> Iterator[Herald]:
    env = {"DBUS_SESSION_BUS_ADDRESS": address, "HOME": "/home/me", "PATH": "/usr/bin:/bin"}
    made = Herald(paths, env, clock or FakeClock(), lambda: None)
    try:
        yield made
    finally:
        made.end()


def tell(paths: Paths, address: str, *items: AttentionItem, settings: Settings | None = None) -> None:
    """The life of one exporter that publishes these."""
    with herald(paths, address) as one:
        one.look(items, settings or Settings(), NOON_MS)


def titles(server: Server) -> list[str]:
    return [one.title for one in server.got]


def test_each_is_shown_once_over_any_number_of_restarts(paths: Paths, address: str, server: Server) -> None:
    tell(paths, address)
    for _ in range(3):
        tell(paths, address, item("error", 2), item("permission"))
    tell(paths, address, item("question", 3), item("error", 2))

    assert titles(server) == ["OpenCode stopped with an error", "OpenCode has a question"]
    assert [one.replaces for one in server.got] == [0, 1]
    assert stat.S_IMODE(paths.told.stat().st_mode) == 0o600


def test_what_there_was_before_the_first_start_is_no_news(paths: Paths, address: str, server: Server) -> None:
    tell(paths, address, item(at_ms=NOON_MS - 1))
    tell(paths, address, item(at_ms=NOON_MS - 1))

    assert titles(server) == []


def test_what_is_answered_goes_also_after_a_restart(paths: Paths, address: str, server: Server) -> None:
    tell(paths, address, item("permission"))
    assert len(server.open) == 1
    tell(paths, address)

    assert server.open == {}
    assert server.members().count("CloseNotification") == 1


def test_what_is_answered_while_it_is_being_shown_goes_too(paths: Paths, address: str, server: Server) -> None:
    with herald(paths, address) as one:
        # Answered in the middle of the call that shows it.
        server.on_notify = lambda: one.look([], Settings(), NOON_MS)
        one.look([item("permission")], Settings(), NOON_MS)
        until(lambda: server.got and not server.open, "that it is taken away")

    assert (titles(server), server.open) == (["OpenCode asks for permission"], {})


def test_what_is_answered_before_its_turn_is_never_shown(paths: Paths, address: str, server: Server) -> None:
    first, second = item("permission"), item("question", 2, run="run-2")
    with herald(paths, address) as one:

        def meanwhile() -> None:
            one.look([second, first], Settings(), NOON_MS)
            one.look([first], Settings(), NOON_MS)

        server.on_notify = meanwhile
        one.look([first], Settings(), NOON_MS)
        until(lambda: server.open, "the first")

    assert titles(server) == ["OpenCode asks for permission"]


def test_many_at_once_start_few_processes(paths: Paths, address: str, server: Server) -> None:
    items: list[AttentionItem] = []
    with herald(paths, address) as one:
        for number in range(20):
            items.insert(0, item("error", number, run=f"run-{number}"))
            one.look(items, Settings(), NOON_MS)

    assert len(server.got) == 20
    assert server.members().count("GetCapabilities") < 10


def test_a_switch_a_kind_and_a_short_turn_keep_silent(paths: Paths, address: str, server: Server) -> None:
    tell(paths, address, item(), settings=Settings(notify=False))
    tell(paths, address, item("error", 2), settings=Settings(notify_kinds=("finished",)))
    tell(paths, address, item(number=3, turn_ms=29_000), settings=Settings(notify_minimum_turn_s=30))
    tell(paths, address, item(number=3), item("error", 2), item())

    assert titles(server) == []


def test_nothing_is_started_while_there_is_nothing_to_say(paths: Paths, address: str, server: Server) -> None:
    tell(paths, address, item())
    content, calls = paths.told.read_bytes(), len(server.calls)
    with herald(paths, address) as one:
        for _ in range(3):
            one.look([item()], Settings(), NOON_MS)
            assert one._thread is None

    assert (paths.told.read_bytes(), len(server.calls)) == (content, calls)


def test_the_command_is_run_without_any_bus_and_where_notifications_are_off(paths: Paths) -> None:
    kept = paths.state / "kept"
    settings = Settings(notify=False, on_attention=(sys.executable, "-c", KEEP, str(kept)))
    with herald(paths) as one:
        one.look([item("limit"), item("permission", 2)], settings, NOON_MS)
        until(lambda: kept.exists() and kept.read_text().count("\n") == 2, "the commands")
    tell(paths, "", item("limit"), item("permission", 2), settings=settings)

    assert sorted(kept.read_text().split()) == ["limit", "permission"]


def test_a_click_runs_the_users_command(paths: Paths, address: str, server: Server) -> None:
    kept = paths.state / "kept"
    settings = Settings(on_open=(sys.executable, "-c", KEEP, str(kept)))
    with herald(paths, address) as one:
        one.look([item("question")], settings, NOON_MS)
        until(lambda: server.got and one._shown, "the notification")
        server.click(1)
        until(lambda: kept.exists() and kept.read_text(), "the command")

    assert kept.read_text() == "question\n"


def test_a_click_on_what_the_exporter_before_has_shown_runs_the_command_of_now(
    paths: Paths, address: str, server: Server
) -> None:
    server.tells_all = True
    kept = paths.state / "kept"
    tell(paths, address, item("question"), settings=Settings(on_open=("/nowhere",)))
    with herald(paths, address) as one:
        settings = Settings(on_open=(sys.executable, "-c", KEEP, str(kept)))
        one.look([item("error", 2, run="run-2"), item("question")], settings, NOON_MS)
        until(lambda: len(server.got) == 2 and one._thread is None, "the error")
        server.click(1)
        until(lambda: kept.exists() and kept.read_text(), "the command")

    assert kept.read_text() == "question\n"


def test_what_nobody_took_is_shown_once_there_is_somebody_and_no_command_is_run_for_it_again(
    paths: Paths, address: str
) -> None:
    kept, clock = paths.state / "kept", FakeClock()
    settings = Settings(on_attention=(sys.executable, "-c", KEEP, str(kept)))
    both = [item("permission"), item("question", 2, run="run-2")]
    with herald(paths, address, clock) as one:
        one.look(both, settings, NOON_MS)
        until(lambda: one._thread is None, "that it failed")
        with closing(Server(address)) as late:
            one.look(both, settings, NOON_MS)
            assert one._thread is None, "not at once"
            clock.advance(AGAIN_AFTER_S[0])
            # The question was answered meanwhile.
            one.look(both[:1], settings, NOON_MS)
            until(lambda: late.got and one._thread is None, "the notification")
            clock.advance(AGAIN_AFTER_S[-1])
            one.look(both[:1], settings, NOON_MS)
            assert one._thread is None, "it is told now"
            assert titles(late) == ["OpenCode asks for permission"]

    assert sorted(kept.read_text().split()) == ["permission", "question"]


def test_what_nobody_ever_takes_is_not_tried_for_ever(paths: Paths, address: str) -> None:
    clock, tries = FakeClock(), 0
    with herald(paths, address, clock) as one:
        for _ in range(len(AGAIN_AFTER_S) + 3):
            one.look([item()], Settings(), NOON_MS)
            tries += one._thread is not None
            until(lambda: one._thread is None, "that it failed")
            clock.advance(AGAIN_AFTER_S[-1])

    assert tries == 1 + len(AGAIN_AFTER_S)


def test_a_bus_that_was_not_there_at_the_start_is_found_later(paths: Paths, tmp_path: Path) -> None:
    one = Herald(paths, {"XDG_RUNTIME_DIR": str(tmp_path), "HOME": "/home/me"}, FakeClock(), lambda: None)
    try:
        one.look([item()], Settings(), NOON_MS)
        until(lambda: one._thread is None, "that there is nobody to tell")
        with bus_at(tmp_path) as there, closing(Server(there)) as late:
            one.look([item("error", 2)], Settings(), NOON_MS)
            until(lambda: late.got, "the notification")
    finally:
        one.end()

    assert titles(late) == ["OpenCode stopped with an error"]


def test_an_end_waits_for_no_program_that_hangs(paths: Paths, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opencode_stats.desktop.herald.ENDS_S", 0.05)
    env = {"DBUS_SESSION_BUS_ADDRESS": address}
    hangs = (sys.executable, "-c", "import time; time.sleep(1000)")
    one = Herald(paths, env, FakeClock(), lambda: None, speaking=hangs)
    one.look([item()], Settings(), NOON_MS)
    until(lambda: one._speaker is not None and one._speaker._process, "the program")
    assert one._speaker is not None
    process = one._speaker._process
    one.end()

    assert process is not None
    assert process.returncode == -9
    assert one._thread is None


def test_a_failed_command_is_a_problem(paths: Paths) -> None:
    with herald(paths) as one:
        one.look([item()], Settings(on_attention=("/nowhere",)), NOON_MS)
        until(lambda: one.problems(NOON_MS), "the problem")

    assert [problem.code for problem in one.problems(NOON_MS)] == ["hook"]


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"sinceMs": 1, "dealtWith": 3, "shown": {}}', "[" * 10_000])
def test_a_memory_that_makes_no_sense_is_begun_anew(paths: Paths, content: str) -> None:
    paths.told.write_text(content)

    assert (read_told(paths.told, NOON_MS).memory.since_ms, read_told(paths.told, NOON_MS).shown.ids) == (NOON_MS, {})


def test_a_memory_that_cannot_be_kept_is_no_reason_to_be_silent(paths: Paths, address: str, server: Server) -> None:
    paths.told.mkdir()
    (paths.told / "in the way").touch()
    with herald(paths, address) as one:
        one.look([item()], Settings(), NOON_MS)
        one.look([item()], Settings(), NOON_MS)

    assert titles(server) == ["OpenCode has finished"]


def test_the_file_says_what_is_shown(paths: Paths, address: str, server: Server) -> None:
    tell(paths, address, item("permission"))

    found = json.loads(paths.told.read_bytes())
    assert (found["sinceMs"], found["dealtWith"]) == (NOON_MS, ["permission/run-1/1"])
    assert (found["shown"]["ids"], found["shown"]["items"]) == ({"run-1": 1}, {"run-1": "permission/run-1/1"})
    assert titles(server) == ["OpenCode asks for permission"]


def test_the_bus_is_where_the_environment_says_or_where_systemd_has_it(tmp_path: Path) -> None:
    assert session_bus({}) == ""
    assert session_bus({"XDG_RUNTIME_DIR": str(tmp_path)}) == ""
    (tmp_path / "bus").touch()
    assert session_bus({"XDG_RUNTIME_DIR": str(tmp_path)}) == f"unix:path={tmp_path}/bus"
    assert session_bus({"XDG_RUNTIME_DIR": str(tmp_path), "DBUS_SESSION_BUS_ADDRESS": "unix:abstract=x"}) == (
        "unix:abstract=x"
    )
    for elsewhere in ("tcp:host=example.org,port=1", "unix:path=/x;tcp:host=example.org,port=1"):
        assert session_bus({"DBUS_SESSION_BUS_ADDRESS": elsewhere}) == ""
