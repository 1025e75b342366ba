"""Who may ask the daemon, and what a thousand who ask, or say nothing, can do to it."""

from __future__ import annotations

import os
import resource
import select
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.unit.daemon.household import until

from opencode_stats.daemon.control_server import ControlServer
from opencode_stats.host.control import DONE, TAKE_IN, address_of
from opencode_stats.host.doorbell import Doorbell

if TYPE_CHECKING:
    from tests.unit.daemon.household import Household

NOBODY = 65534
CONNECTIONS = 1_000
ASK = """
import os, socket, sys
os.setgroups([]); os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[2]))
with socket.socket(socket.AF_UNIX) as channel:
    channel.settimeout(10)
    channel.connect(sys.argv[1])
    try:
        channel.sendall(b"take-in\\n")
        answer = channel.recv(10)
    except (BrokenPipeError, ConnectionResetError):
        answer = b""
print(answer)
"""


def served_until_it_ends(server: ControlServer, asker: subprocess.Popen[str]) -> str:
    """What the asking process got, while the server does its work."""
    while asker.poll() is None:
        for descriptor in select.select(server.descriptors, [], [], 0.02)[0]:
            server.serve(descriptor)
        server.answer()
    assert asker.stdout is not None
    with asker.stdout as said:
        return said.read().strip()


@pytest.mark.parametrize(("uid", "answer"), [(0, str(DONE)), (NOBODY, "b''")])
def test_another_user_gets_no_answer_even_where_the_rights_let_them_in(uid: int, answer: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may be somebody else")
    # An address that everybody can reach: pytest's folders are their owner's alone.
    folder = f"/tmp/opencode-stats-test-{os.getpid()}-{time.monotonic_ns()}"
    os.mkdir(folder)
    os.chmod(folder, 0o755)
    try:
        path = f"{folder}/s"
        with closing(ControlServer(Path(path))) as server:
            os.chmod(path, 0o666)
            asker = subprocess.Popen(
                [sys.executable, "-c", ASK, path, str(uid)], stdout=subprocess.PIPE, text=True, cwd="/"
            )
            assert served_until_it_ends(server, asker) == answer
            assert asker.returncode == 0
    finally:
        os.rmdir(folder)


def test_a_thousand_that_say_nothing_and_a_thousand_that_never_end(household: Household) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4 * CONNECTIONS), hard))
    try:
        with household.daemon() as daemon, ExitStack() as held:
            for number in range(CONNECTIONS):
                channel = held.enter_context(closing(socket.socket(socket.AF_UNIX)))
                channel.settimeout(5)
                with address_of(household.paths.control) as address:
                    channel.connect(address)
                if number % 2:
                    try:
                        channel.send(b"x" * 65536)
                    except OSError:
                        # It was sent away already.
                        continue
            began_s = time.monotonic()
            assert household.call("--json").returncode == 0
            answered_s = time.monotonic() - began_s

            open_files = len(os.listdir(f"/proc/{daemon.process.pid}/fd"))
            assert daemon.process.poll() is None
            assert open_files < 150
            # It was the daemon that answered: whoever waits for nobody gives up after 10 s.
            assert answered_s < 8
            with household.opencode() as opencode:
                opencode.script.conversation("ses_a").answer("ses_a", input=7)
                household.tell(opencode)
                household.ring()
                until(lambda: household.tokens == 7, "a message in such company", 5)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_who_asks_byte_by_byte_keeps_nobody_waiting(household: Household) -> None:
    with household.daemon(), closing(socket.socket(socket.AF_UNIX)) as slow:
        with address_of(household.paths.control) as address:
            slow.connect(address)
        slow.send(TAKE_IN[:1])
        assert household.call("--json").returncode == 0


def test_a_pipe_that_another_took_the_place_of_meanwhile_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "doorbell"
    with closing(Doorbell(path)) as bell:
        path.unlink()
        path.write_bytes(b"precious")
        bell.quiet()

    assert path.read_bytes() == b"precious"


def test_a_file_in_the_pipes_place_ends_the_daemon_with_a_sentence(household: Household) -> None:
    with household.daemon() as daemon:
        household.paths.doorbell.unlink()
        household.paths.doorbell.write_bytes(b"precious")
        household.call("--json")

        assert daemon.ends() == 2
        assert f"Somebody took {household.paths.doorbell} away" in daemon.log
    assert household.paths.doorbell.read_bytes() == b"precious"


def test_a_full_pipe_is_emptied_and_costs_no_rest(household: Household) -> None:
    with household.daemon() as daemon, household.opencode() as opencode:
        descriptor = os.open(household.paths.doorbell, os.O_WRONLY | os.O_NONBLOCK)
        with closing(os.fdopen(descriptor, "wb", buffering=0)) as ringer:
            for _ in range(100):
                # None where the pipe is full.
                ringer.write(b"b" * 65536)
        opencode.script.conversation("ses_a").answer("ses_a", input=7)
        household.tell(opencode)
        with suppress(BlockingIOError):  # still full: it has rung
            household.ring()
        until(lambda: household.tokens == 7, "a message after a full pipe", 5)
        used = daemon.cpu_ticks
        time.sleep(0.5)
        assert daemon.cpu_ticks - used <= 5
