"""The daemon as a whole: an event that asks for attention is on the desktop, and the figures are on the bus."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.support.session_bus import Party, Server, session_bus
from tests.unit.daemon.household import Household, until

from opencode_stats.desktop.bus import FIGURES_NAME as NAME
from opencode_stats.desktop.figures import INTERFACE, PATH

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.processes


def test_what_asks_for_attention_is_shown_once_also_by_the_next_daemon(tmp_path: Path) -> None:
    with session_bus(tmp_path) as address, closing(Server(address, "actions")) as server:
        household = Household(tmp_path / "home", {"DBUS_SESSION_BUS_ADDRESS": address})
        with household.opencode() as opencode:
            with household.daemon() as daemon:
                opencode.script.at_ms = time.time_ns() // 1_000_000
                opencode.script.conversation("ses_a", directory="/w").prompt("ses_a").busy("ses_a")
                opencode.script.asked("per_1", "ses_a")
                household.tell(opencode)
                household.ring()
                until(lambda: server.got, "the notification")
                assert daemon.end() == 0
            with household.daemon() as daemon:
                assert [item["kind"] for item in household.stats["attention"]] == ["permission"]
                opencode.script.answered("per_1")
                household.tell(opencode)
                household.ring()
                until(lambda: not server.open, "that it is taken away")
                assert daemon.end() == 0

        assert [one.title for one in server.got] == ["OpenCode asks for permission"]


def test_the_figures_are_on_the_bus_while_the_setting_says_so(tmp_path: Path) -> None:
    with session_bus(tmp_path) as address, closing(Party(address)) as panel:
        household = Household(tmp_path / "home", {"DBUS_SESSION_BUS_ADDRESS": address})

        def there() -> bool:
            dbus = "org.freedesktop.DBus"
            return bool(panel.call(dbus, "/org/freedesktop/DBus", dbus, "NameHasOwner", "s", NAME).body[0])

        with household.daemon() as daemon:
            assert household.call("config", "set", "dbus", "true").returncode == 0
            until(there, "the figures")
            reply = panel.call(NAME, PATH, "org.freedesktop.DBus.Properties", "Get", "ss", INTERFACE, "Json")
            assert reply.body[0].value.encode() == household.paths.stats_file.read_bytes()
            assert household.call("config", "set", "dbus", "false").returncode == 0
            assert not there()
            assert household.call("config", "set", "dbus", "true").returncode == 0
            assert daemon.end() == 0
        until(lambda: not there(), "that nothing stays behind")
