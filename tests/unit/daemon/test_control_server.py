"""The socket's server by itself: who is let in, who gives way, and what is cleaned up."""

from __future__ import annotations

import os
import select
import socket
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from opencode_stats.daemon import control_server
from opencode_stats.daemon.control_server import MOST_ASKING, MOST_SILENT, ControlServer
from opencode_stats.errors import UserError
from opencode_stats.host.control import DONE, TAKE_IN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ControlServer]:
    with closing(ControlServer(tmp_path / "s")) as one:
        yield one


def client(tmp_path: Path) -> socket.socket:
    channel = socket.socket(socket.AF_UNIX)
    channel.connect(str(tmp_path / "s"))
    channel.settimeout(5)
    return channel


def serve(server: ControlServer) -> None:
    """Everything that is to be done at this moment."""
    while ready := select.select(server.descriptors, [], [], 0)[0]:
        for descriptor in ready:
            server.serve(descriptor)


def test_only_its_owner_may_ask(server: ControlServer, tmp_path: Path) -> None:
    assert (tmp_path / "s").stat().st_mode & 0o777 == 0o600


def test_an_answer_ends_the_talk(server: ControlServer, tmp_path: Path) -> None:
    with client(tmp_path) as one:
        one.sendall(TAKE_IN)
        serve(server)
        assert server.asked
        server.answer()

        assert (one.recv(100), one.recv(100), server.asked) == (DONE, b"", False)


def test_the_oldest_silent_one_gives_way(server: ControlServer, tmp_path: Path) -> None:
    clients = []
    for _ in range(MOST_SILENT + 1):
        clients.append(client(tmp_path))
        serve(server)

    assert len(server.descriptors) == 1 + MOST_SILENT
    assert clients[0].recv(1) == b""
    clients[1].sendall(TAKE_IN)
    serve(server)
    assert server.asked
    for one in clients:
        one.close()


def test_who_comes_when_many_wait_waits_in_the_queue(
    server: ControlServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MOST_ASKING < 1024 - 2 * MOST_SILENT
    monkeypatch.setattr(control_server, "MOST_ASKING", 3)
    clients = [client(tmp_path) for _ in range(5)]
    for one in clients:
        one.sendall(TAKE_IN)
    answered = 0
    while server.asked or select.select(server.descriptors, [], [], 0)[0]:
        serve(server)
        server.answer()
        answered += 1

    assert answered >= 2
    assert [one.recv(100) for one in clients] == [DONE] * 5
    for one in clients:
        one.close()


def test_who_goes_while_it_waits_is_forgotten(server: ControlServer, tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    one = client(tmp_path)
    one.sendall(TAKE_IN)
    serve(server)
    assert server.asked
    one.close()
    serve(server)

    assert not server.asked
    assert len(os.listdir("/proc/self/fd")) == before
    server.answer()


@pytest.mark.parametrize("said", [b"", b"take", b"take-in!", b"\0" * 100_000])
def test_who_says_something_else_is_sent_away(server: ControlServer, tmp_path: Path, said: bytes) -> None:
    with client(tmp_path) as one:
        one.settimeout(0)
        one.send(said)
        one.shutdown(socket.SHUT_WR)
        one.settimeout(5)
        serve(server)

        assert not server.asked
        try:
            assert one.recv(10) == b""
        except ConnectionResetError:
            assert len(said) > len(TAKE_IN)


def test_a_folder_that_does_not_take_it(tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()

    with pytest.raises(UserError, match="can't be made"):
        ControlServer(tmp_path / "s")


def test_a_dead_one_gives_way_and_nothing_is_left(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "s"))
    with closing(ControlServer(tmp_path / "s")), client(tmp_path):
        pass

    assert list(tmp_path.iterdir()) == []
