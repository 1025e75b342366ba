"""The figures on a real bus, as a panel finds them."""

from __future__ import annotations

import json
import subprocess
import xml.etree.ElementTree as ET
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.clock import FakeClock
from tests.support.ledgers import ledger_in_memory, stats_of
from tests.support.session_bus import Party, session_bus, until

from opencode_stats.contract.stats_document import document_of, encode
from opencode_stats.desktop.bus import FIGURES_NAME as NAME
from opencode_stats.desktop.bus import program
from opencode_stats.desktop.figures import INTERFACE, PATH, TYPES, values_of
from opencode_stats.desktop.outlets import AGAIN_AFTER_S, OnTheBus
from opencode_stats.host.paths import Paths

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.processes

PROPERTIES = "org.freedesktop.DBus.Properties"
DBUS = "org.freedesktop.DBus"


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    made = Paths.of({}, tmp_path / "home")
    for folder in (made.stats_file.parent, made.stamp.parent):
        folder.mkdir(parents=True)
    return made


@pytest.fixture
def panel(address: str) -> Iterator[Party]:
    with closing(Party(address)) as made:
        made.hear(f"type='signal',interface='{PROPERTIES}',path='{PATH}'")
        yield made


@pytest.fixture
def served(address: str, paths: Paths) -> Iterator[OnTheBus]:
    made = OnTheBus(paths, {"DBUS_SESSION_BUS_ADDRESS": address}, FakeClock())
    yield made
    made.end()


def document(today: int = 0) -> dict[str, Any]:
    with ledger_in_memory() as ledger:
        made = document_of(stats_of(ledger))
    made["daily"]["totalTokens"] = today
    return made


def publish(paths: Paths, content: bytes) -> None:
    for path, what in ((paths.stats_file, content), (paths.stamp, b"{}")):
        # The temporary file is elsewhere, as the exporter's own is: one event for each publishing.
        (paths.state / "temporary").write_bytes(what)
        (paths.state / "temporary").replace(path)


def start(served: OnTheBus, panel: Party) -> None:
    served.look(wanted=True)
    until(lambda: panel.call(DBUS, "/org/freedesktop/DBus", DBUS, "NameHasOwner", "s", NAME).body[0], "the name")


def read(panel: Party) -> dict[str, Any]:
    reply = panel.call(NAME, PATH, PROPERTIES, "GetAll", "s", INTERFACE)
    return {name: variant.value for name, variant in reply.body[0].items()}


def test_the_properties_are_the_figures_of_the_file(paths: Paths, served: OnTheBus, panel: Party) -> None:
    content = encode(document(1234))
    publish(paths, content)
    start(served, panel)

    found, stats = read(panel), json.loads(content)
    assert found.keys() == TYPES.keys()
    assert found["Json"] == content.decode()
    assert (found["TodayTokens"], found["TodayDate"]) == (1234, stats["daily"]["date"])
    assert (found["TotalTokens"], found["TotalCost"]) == (stats["total"]["totalTokens"], stats["total"]["totalCost"])
    assert (found["State"], found["Health"]) == (stats["session"]["state"], "ok")
    assert (found["Runs"], found["Attention"]) == (0, [])
    assert found["GeneratedAt"] == stats["exporter"]["generatedAt"]
    one = panel.call(NAME, PATH, PROPERTIES, "Get", "ss", INTERFACE, "TodayTokens").body[0]
    assert (one.signature, one.value) == ("t", 1234)


def test_a_change_is_told_with_what_changed_and_the_file_only_by_name(
    paths: Paths, served: OnTheBus, panel: Party
) -> None:
    publish(paths, encode(document(1)))
    start(served, panel)
    publish(paths, encode(document(2)))
    until(lambda: any(one.member == "PropertiesChanged" for one in panel.signals), "the signal")

    (signal,) = [one for one in panel.signals if one.member == "PropertiesChanged"]
    interface, changed, invalidated = signal.body
    assert (interface, {name: variant.value for name, variant in changed.items()}, invalidated) == (
        INTERFACE,
        {"TodayTokens": 2},
        ["Json"],
    )
    assert read(panel)["TodayTokens"] == 2


def test_of_many_publishings_every_signal_is_of_one_version_and_the_last_is_the_files(
    paths: Paths, served: OnTheBus, panel: Party
) -> None:
    publish(paths, encode(document(0)))
    start(served, panel)
    for number in range(1, 201):
        made = document(number)
        made["total"]["totalTokens"] = made["exporter"]["generatedAt"] = number
        publish(paths, encode(made))
        if number % 20 == 0:
            found = read(panel)
            assert values_of(found["Json"].encode()) == found
    until(lambda: read(panel)["TodayTokens"] == 200, "the last version")

    told = [one.body[1] for one in panel.signals if one.member == "PropertiesChanged"]
    versions = [
        [changed[name].value for name in ("TodayTokens", "TotalTokens", "GeneratedAt") if name in changed]
        for changed in told
    ]
    assert [len(set(version)) for version in versions] == [1] * len(told)
    assert [len(version) for version in versions] == [3] * len(told)
    assert versions == sorted(versions)
    assert read(panel) == values_of(paths.stats_file.read_bytes())


def test_before_there_is_a_file_there_are_no_figures_and_a_broken_one_changes_nothing(
    paths: Paths, served: OnTheBus, panel: Party
) -> None:
    start(served, panel)
    assert (read(panel)["State"], read(panel)["Json"], read(panel)["TotalTokens"]) == ("none", "", 0)

    publish(paths, b"{")
    publish(paths, encode({**document(3), "schemaVersion": 2}))
    publish(paths, encode(document(4)))
    until(lambda: read(panel)["TodayTokens"] == 4, "the figures")
    told = [one.body[1]["TodayTokens"].value for one in panel.signals if one.member == "PropertiesChanged"]
    assert told == [4]


def test_it_says_of_itself_what_it_has(served: OnTheBus, panel: Party) -> None:
    start(served, panel)
    path, found = "/", []
    while path != PATH:
        xml = panel.call(NAME, path, "org.freedesktop.DBus.Introspectable", "Introspect").body[0]
        (child,) = ET.fromstring(xml).findall("node")
        path = f"{path.rstrip('/')}/{child.get('name')}"
        found.append(path)
    node = ET.fromstring(panel.call(NAME, PATH, "org.freedesktop.DBus.Introspectable", "Introspect").body[0])
    own = node.find(f"interface[@name='{INTERFACE}']")

    assert found == ["/io", "/io/github", PATH]
    assert own is not None
    assert {one.get("name"): one.get("type") for one in own.findall("property")} == TYPES
    assert {one.get("access") for one in own.findall("property")} == {"read"}
    assert [one.get("name") for one in own.findall("property") if one.find("annotation") is not None] == ["Json"]


@pytest.mark.parametrize(
    ("member", "words", "error"),
    [
        ("Get", (INTERFACE, "Nothing"), "UnknownProperty"),
        ("Get", ("org.example.Other", "State"), "UnknownInterface"),
        ("Set", (INTERFACE, "State"), "PropertyReadOnly"),
        ("Put", (INTERFACE, "State"), "UnknownMethod"),
    ],
)
def test_what_is_not_there_or_not_to_be_changed_is_refused(
    served: OnTheBus, panel: Party, member: str, words: tuple[str, str], error: str
) -> None:
    start(served, panel)

    assert panel.call(NAME, PATH, PROPERTIES, member, "ss", *words).error_name == f"{DBUS}.Error.{error}"


def test_it_ends_when_it_is_not_wanted_any_more_and_when_its_exporter_does(served: OnTheBus, panel: Party) -> None:
    start(served, panel)
    process = served._process
    assert process is not None
    served.look(wanted=False)

    assert process.returncode == 0
    start(served, panel)


def test_one_that_ended_is_started_again_after_a_minute(address: str, paths: Paths, panel: Party) -> None:
    clock = FakeClock()
    served = OnTheBus(paths, {"DBUS_SESSION_BUS_ADDRESS": address}, clock)
    start(served, panel)
    first = served._process
    assert first is not None
    first.kill()
    first.wait()
    served.look(wanted=True)
    assert served._process is None
    clock.advance(AGAIN_AFTER_S)
    start(served, panel)
    served.end()


def test_without_a_bus_it_says_so_and_ends(tmp_path: Path) -> None:
    ended = subprocess.run(
        [*program("figures"), str(tmp_path), str(tmp_path)],
        env={"DBUS_SESSION_BUS_ADDRESS": f"unix:path={tmp_path}/nowhere"},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("The figures are not on the bus: FileNotFoundError")


def test_without_an_address_nothing_is_started_until_there_is_one(paths: Paths, tmp_path: Path) -> None:
    clock = FakeClock()
    nowhere = OnTheBus(paths, {"XDG_RUNTIME_DIR": str(tmp_path)}, clock)
    nowhere.look(wanted=True)
    assert nowhere._process is None

    clock.advance(AGAIN_AFTER_S)
    with session_bus(tmp_path) as there, closing(Party(there)) as panel:
        start(nowhere, panel)
        nowhere.end()
