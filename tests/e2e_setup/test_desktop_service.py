"""Under the hardened service: notifications reach the user's bus, and the user's command may use the network."""

from __future__ import annotations

import json
import os
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.e2e_setup.manager import eventually, make_program, user_manager, why_not
from tests.support.session_bus import Server
from tests.unit.daemon.household import Household

if TYPE_CHECKING:
    from pathlib import Path

# As Debian's dbus-user-session has them, without what only a booted machine has.
SOCKET = """\
[Socket]
ListenStream=%t/bus
ExecStartPost=-/usr/bin/systemctl --user set-environment DBUS_SESSION_BUS_ADDRESS=unix:path=%t/bus
"""
SERVICE = """\
[Unit]
Requires=dbus.socket
[Service]
Type=notify
NotifyAccess=main
ExecStart=/usr/bin/dbus-daemon --session --address=systemd: --nofork --nopidfile --systemd-activation
"""
HOOK = """\
#!/bin/sh
# The service itself may not.
python3 -c 'import socket; socket.socket(socket.AF_INET).close()' && mode=net || mode=none
{ echo "$mode $OPENCODE_STATS_KIND $1"; cat; } > "$HOME/told.new"
mv "$HOME/told.new" "$HOME/told"
"""


@pytest.fixture(autouse=True)
def _possible() -> None:
    reason = why_not()
    if reason and os.environ.get("CI"):
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)


def test_a_notification_is_shown_and_the_command_may_use_the_network(tmp_path: Path) -> None:
    program = make_program(tmp_path / "venv")
    with user_manager(tmp_path) as manager:
        units = manager.home / ".config" / "systemd" / "user"
        units.mkdir(parents=True)
        (units / "dbus.socket").write_text(SOCKET)
        (units / "dbus.service").write_text(SERVICE)
        hook = manager.home / "hook"
        hook.write_text(HOOK)
        hook.chmod(0o755)
        manager.ctl("daemon-reload")
        manager.ctl("start", "dbus.socket")
        manager.run(program.script, "setup", "--yes")
        manager.run(program.script, "config", "set", "on_attention", json.dumps([str(hook), "$HOME a"]))
        household = Household(manager.home)
        with (
            closing(Server(f"unix:path={manager.runtime}/bus")) as server,
            household.opencode() as opencode,
        ):
            opencode.script.at_ms = time.time_ns() // 1_000_000
            opencode.script.conversation("ses_a", directory="/w").prompt("ses_a").busy("ses_a").asked("per_1", "ses_a")
            household.tell(opencode)
            household.ring()
            eventually(lambda: bool(server.got), timeout_s=20, what="the notification")
            eventually((manager.home / "told").exists, timeout_s=20, what="the command")

        assert [one.title for one in server.got] == ["OpenCode asks for permission"]
        first, second = (manager.home / "told").read_text().splitlines()
        assert first == "net permission $HOME a"
        assert json.loads(second)["folder"] == "/w"
        assert household.stats["exporter"]["health"]["problems"] == []
        assert "failed" not in manager.ctl("list-units", "--failed", "--no-legend")
