from __future__ import annotations

import os
import socket
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from opencode_stats.host.systemd import notify

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("kind", ["path", "abstract"])
def test_the_manager_gets_one_datagram(tmp_path: Path, kind: str) -> None:
    name = f"opencode-stats-test-{os.getpid()}"
    address, told = (str(tmp_path / "notify"),) * 2 if kind == "path" else (f"\0{name}", f"@{name}")
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as manager:
        manager.bind(address)
        manager.settimeout(5)

        assert notify({"NOTIFY_SOCKET": told}, "READY=1")
        assert manager.recv(100) == b"READY=1"


@pytest.mark.parametrize(
    "env", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "relative"}, {"NOTIFY_SOCKET": "vsock:1:2"}]
)
def test_without_a_manager_nothing_is_told(env: dict[str, str]) -> None:
    assert not notify(env, "READY=1")


def test_a_manager_that_went_away_is_no_error(tmp_path: Path) -> None:
    assert not notify({"NOTIFY_SOCKET": str(tmp_path / "gone")}, "READY=1")
    assert not notify({"NOTIFY_SOCKET": "/" + "x" * 200}, "READY=1")
