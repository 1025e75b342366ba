"""To which processes a terminal's window may belong, with a made-up /proc and with a real tmux."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import pytest
from tests.support.tmux import tmux_server

from opencode_stats.host.processes import Processes
from opencode_stats.host.terminals import (
    MOST_PIDS,
    Tmux,
    attached_clients,
    clients_of,
    distinct,
    lineage,
    tmux_around,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.tmux import TmuxServer

pytestmark = pytest.mark.processes

TMUX = Tmux("/tmp/s", 7, "$0", "%1")


class FakeProcesses(Processes):
    """Processes of which only names and environments are asked."""

    def __init__(self, environment: dict[str, str], names: dict[int, str]) -> None:
        self._environment = environment
        self._names = names

    def environment(self, pid: int, names: object) -> dict[str, str]:
        return self._environment

    def name(self, pid: int) -> str:
        return self._names.get(pid, "")


@pytest.mark.parametrize(
    ("environment", "names", "expected"),
    [
        ({"TMUX": "/tmp/s,7,3", "TMUX_PANE": "%1"}, {7: "tmux: server"}, Tmux("/tmp/s", 7, "$3", "%1")),
        ({"TMUX": "/tmp/a,b,7,3"}, {7: "tmux: server"}, Tmux("/tmp/a,b", 7, "$3", "")),
        ({}, {7: "tmux: server"}, None),
        ({"TMUX": ""}, {7: "tmux: server"}, None),
        ({"TMUX": "/tmp/s,7"}, {7: "tmux: server"}, None),
        ({"TMUX": "/tmp/s,x,3"}, {7: "tmux: server"}, None),
        # Numbers that are wrong, or that another program has by now, make nothing run.
        ({"TMUX": "/tmp/s,9,3"}, {9: "tmux: server"}, None),
        ({"TMUX": "/tmp/s,42,3"}, {42: "tmux: server"}, None),
        ({"TMUX": "/tmp/s,7,3"}, {7: "bash"}, None),
        ({"TMUX": "/tmp/s,7,3"}, {}, None),
    ],
)
def test_tmux_is_believed_where_its_server_is_an_ancestor(
    environment: dict[str, str], names: dict[int, str], expected: Tmux | None
) -> None:
    assert tmux_around(FakeProcesses(environment, names), (42, 8, 7)) == expected


def test_the_clients_of_every_session_that_has_the_pane_the_last_used_first() -> None:
    lines = [
        "pane %0 $0", "pane %1 $1", "pane %1 $2", "client 100 $1 11", "client 300 $2 12", "client 200 $1 13",
        "client 400 $0 14", "client x $1 15", "client 500 $1", "client 500 $1 -1", "pane %1", "", "panic",
    ]  # fmt: skip

    assert clients_of(TMUX, lines) == [12, 13, 11]
    assert clients_of(Tmux("/tmp/s", 7, "$0", ""), lines) == [14]
    assert clients_of(TMUX, []) == []


def test_the_nearest_pids_are_kept_each_once() -> None:
    assert distinct([3, 1, 3, 2, 1]) == (3, 1, 2)
    assert distinct(range(1000)) == tuple(range(MOST_PIDS))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[TmuxServer]:
    with tmux_server(tmp_path) as one:
        yield one


def around(pid: int) -> Tmux:
    found = tmux_around(Processes(), lineage(Processes(), pid))
    assert found is not None
    return found


def test_a_real_pane_is_shown_by_the_clients_of_its_session_only(server: TmuxServer) -> None:
    pid = server.session("one", "sh -c 'cat; true'")
    tmux = around(pid)

    assert (tmux.server_pid, tmux.socket) == (server.pid, str(server.socket))
    assert attached_clients(Processes(), tmux) == ()
    with server.client("one") as client, server.client("keeper"):
        assert attached_clients(Processes(), tmux) == (client, os.getpid(), *Processes().ancestors(os.getpid()))
    assert attached_clients(Processes(), tmux) == ()


def test_a_session_that_shares_the_windows_shows_it_too(server: TmuxServer) -> None:
    tmux = around(server.session("one"))
    server.ask("new-session", "-d", "-t", "one", "-s", "two")

    with server.client("two") as client:
        assert attached_clients(Processes(), tmux)[:1] == (client,)


def test_a_server_that_hangs_is_not_waited_for(server: TmuxServer) -> None:
    tmux = around(server.session("one"))
    os.kill(tmux.server_pid, signal.SIGSTOP)
    try:
        began_s = time.monotonic()
        assert attached_clients(Processes(), tmux, patience_s=0.2) == ()
        assert time.monotonic() - began_s < 5
    finally:
        os.kill(tmux.server_pid, signal.SIGCONT)


def test_a_server_that_is_gone_has_no_clients() -> None:
    assert attached_clients(Processes(), Tmux("/nowhere", 2**31 - 1, "$0", "%0")) == ()


def test_another_programs_answer_is_none() -> None:
    """The program is the one with that pid: here Python, which knows no such option."""
    assert attached_clients(Processes(), Tmux("/nowhere", os.getpid(), "$0", "%0")) == ()
