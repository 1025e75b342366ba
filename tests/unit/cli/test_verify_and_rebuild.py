"""``verify`` and ``rebuild`` as they are called, in a scratch home, with and without a daemon at work."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support.script import Script

from opencode_stats.host.paths import Paths

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.processes

SOURCES = Path(__file__).parents[3] / "exporter"


@dataclass(frozen=True)
class Scratch:
    """A home and the command line in it."""

    home: Path

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        return kept | {"HOME": str(self.home), "PYTHONPATH": str(SOURCES), "TZ": "UTC"}

    @property
    def paths(self) -> Paths:
        return Paths.of(self.environment, self.home)

    def call(self, *arguments: str) -> tuple[int, str]:
        """Exit code, and what was printed to both streams."""
        done = subprocess.run(
            [sys.executable, "-m", "opencode_stats", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=25,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def write(self, script: Script) -> None:
        self.paths.spool.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open(self.paths.spool / script.file_name, "ab") as file:
            file.write(script.content)

    @contextmanager
    def daemon(self) -> Iterator[int]:
        """A daemon that has published, and its pid."""
        address = self.home / "notify"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready:
            ready.bind(str(address))
            ready.settimeout(20)
            command = [sys.executable, "-m", "opencode_stats", "daemon"]
            process = subprocess.Popen(command, env=self.environment | {"NOTIFY_SOCKET": str(address)})
            try:
                assert ready.recv(100) == b"READY=1"
                yield process.pid
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(20)


@pytest.fixture
def scratch(tmp_path: Path) -> Scratch:
    return Scratch(tmp_path)


def turn(pid: int, tokens: int = 5) -> Script:
    return Script(pid=pid).started().conversation(f"ses_{pid}").answer(f"ses_{pid}", f"msg_{pid}", input=tokens)


def change(scratch: Scratch, statement: str) -> None:
    with closing(sqlite3.connect(scratch.paths.ledger)) as connection, connection:
        connection.execute(statement)


def test_there_is_no_ledger_to_prove(scratch: Scratch) -> None:
    code, said = scratch.call("verify")

    assert (code, "There is no ledger" in said) == (2, True)


def test_all_holds_then_a_file_lies_then_a_sum_lies_and_rebuilding_mends_it(scratch: Scratch) -> None:
    scratch.write(turn(1))
    assert scratch.call("import")[0] == 0
    assert scratch.call("verify") == (
        0,
        "The ledger holds: every sum is that of its messages.\nEvery published figure is that of its messages.\n",
    )

    document = json.loads(scratch.paths.stats_file.read_text())
    document["total"]["totalTokens"] = 6
    scratch.paths.stats_file.write_text(json.dumps(document))
    code, said = scratch.call("verify")
    assert (code, "total.totalTokens; the messages make 5" in said) == (1, True)

    change(scratch, "UPDATE sums SET input = 9 WHERE scope = 'all'")
    assert "The sum of all 0" in scratch.call("verify")[1]
    code, said = scratch.call("rebuild")
    assert (code, said.count("What could be had again of the damaged ledger is there")) == (0, 1)
    assert "all 3 sums were those of their messages." in said
    assert scratch.call("verify")[0] == 0
    assert scratch.call("rebuild") == (0, "Nothing changed: all 3 sums were those of their messages.\n")


def test_a_ledger_without_a_published_file(scratch: Scratch) -> None:
    scratch.write(turn(1))
    scratch.call("import")
    scratch.paths.stats_file.unlink()

    code, said = scratch.call("verify")

    assert (code, "stats.json is not there yet" in said) == (0, True)


@pytest.mark.parametrize(
    "content",
    ["{}", "[" * 100_000, '{"daily": {"date": "2026-01-01"}, "session": 1, "sessions": ["x"], "total": "y"}', "\x9b2J"],
    ids=lambda content: content[:9],
)
def test_a_file_of_something_else(scratch: Scratch, content: str) -> None:
    scratch.call("import")
    scratch.paths.stats_file.write_text(content)

    code, said = scratch.call("verify")

    assert (code, "not as this version writes it" in said) == (1, True)
    assert said.isascii()


def test_beside_a_daemon_that_is_kept_busy(scratch: Scratch) -> None:
    stop = threading.Event()

    def work() -> None:
        for number in range(2, 5_000):
            scratch.write(turn(number))
            bell = os.open(scratch.paths.doorbell, os.O_WRONLY | os.O_NONBLOCK)
            os.write(bell, b"b")
            os.close(bell)
            if stop.wait(0.01):
                return

    scratch.write(turn(1))
    with scratch.daemon() as pid:
        worker = threading.Thread(target=work)
        worker.start()
        codes = [scratch.call("verify") for _ in range(3)]
        rebuilding = scratch.call("rebuild")
        stop.set()
        worker.join()

    assert [code for code, _ in codes] == [0, 0, 0], codes
    assert rebuilding[0] == 3
    assert f"(pid {pid}). Stop it" in rebuilding[1]


def test_a_day_that_starts_at_another_hour(scratch: Scratch) -> None:
    scratch.paths.config.mkdir(parents=True)
    scratch.paths.settings_file.write_text("day_start_hour = 23\n")
    scratch.write(turn(1))
    scratch.call("import")

    assert scratch.call("verify")[0] == 0

    scratch.paths.settings_file.write_text("day_start_hour = 24\n")
    code, said = scratch.call("import")
    assert (code, "day_start_hour" in said) == (0, True)
    # What was set before holds for both of them.
    code, said = scratch.call("verify")
    assert (code, "day_start_hour" in said) == (0, True)
