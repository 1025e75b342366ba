from __future__ import annotations

import os
import socket
import threading
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest

from opencode_stats.host.control import DONE, TAKE_IN, address_of, ask, listens

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def daemon(path: Path, answer: bytes) -> Iterator[list[bytes]]:
    """Something that listens there, takes one request and gives one answer."""
    asked: list[bytes] = []
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as listener:
        with address_of(path) as address:
            listener.bind(address)
        listener.listen()

        def serve() -> None:
            channel, _ = listener.accept()
            with channel:
                asked.append(channel.recv(100))
                channel.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield asked
        thread.join(10)
        assert not thread.is_alive()


@pytest.mark.parametrize("depth", [0, 3])
def test_a_request_is_taken_and_answered_however_long_the_path_is(tmp_path: Path, depth: int) -> None:
    folder = tmp_path.joinpath(*["a long name for a folder of somebody" * 2] * depth)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "control.sock"
    assert (len(os.fsencode(path)) > 107) is (depth == 3)

    with daemon(path, DONE) as asked:
        assert ask(path, TAKE_IN, 10)
    assert asked == [TAKE_IN]


@pytest.mark.parametrize("answer", [b"", b"no\n"])
def test_another_answer_is_none(tmp_path: Path, answer: bytes) -> None:
    with daemon(tmp_path / "control.sock", answer):
        assert not ask(tmp_path / "control.sock", TAKE_IN, 10)


def test_no_daemon_is_no_error(tmp_path: Path) -> None:
    assert not ask(tmp_path / "none.sock", TAKE_IN, 1)
    (tmp_path / "file").touch()
    assert not ask(tmp_path / "file", TAKE_IN, 1)
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as dead:
        dead.bind(str(tmp_path / "dead.sock"))
    assert not ask(tmp_path / "dead.sock", TAKE_IN, 1)


def test_a_daemon_that_does_not_answer_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as listener:
        listener.bind(str(tmp_path / "control.sock"))
        listener.listen()

        assert not ask(tmp_path / "control.sock", TAKE_IN, 0.05)
        assert listens(tmp_path / "control.sock")


def test_who_is_gone_listens_no_more(tmp_path: Path) -> None:
    assert not listens(tmp_path / "none.sock")
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as dead:
        dead.bind(str(tmp_path / "dead.sock"))
        dead.listen()
        assert listens(tmp_path / "dead.sock")
    assert not listens(tmp_path / "dead.sock")
