"""The loop in this very process: file calls that fail on demand, and what it puts back when it ends."""

from __future__ import annotations

import errno
import json
import logging
import os
import signal
import socket
import sqlite3
import threading
import time
from contextlib import closing
from datetime import UTC
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.files import FaultyFiles
from tests.support.script import Script
from tests.unit.daemon.household import living_key, until

from opencode_stats.core.days import day_of
from opencode_stats.daemon.exporter import Exporter
from opencode_stats.daemon.loop import Daemon
from opencode_stats.daemon.upkeep import look_after
from opencode_stats.errors import LedgerCorrupt
from opencode_stats.host.clock import SystemClock
from opencode_stats.host.files import FILES, own_folder
from opencode_stats.host.paths import Paths
from opencode_stats.host.processes import Processes
from opencode_stats.ledger.connection import Connection, open_reader

if TYPE_CHECKING:
    from pathlib import Path

    from opencode_stats.host.files import Files


class ShiftedClock(SystemClock):
    """This machine's clock, some time ahead."""

    def __init__(self, ahead_ms: int) -> None:
        self._ahead_ms = ahead_ms

    def now_ms(self) -> int:
        return super().now_ms() + self._ahead_ms


def exporter(
    paths: Paths, files: Files = FILES, clock: SystemClock | None = None, factory: type[Connection] = Connection
) -> Exporter:
    return Exporter(
        paths,
        version="0.1.0",
        clock=clock or SystemClock(),
        zone=lambda: UTC,
        processes=Processes(),
        databases=list,
        daemon_pid=os.getpid(),
        files=files,
        factory=factory,
    )


def daemon(
    made: Exporter, paths: Paths, notify: str = "", linger_s: float | None = None, clock: SystemClock | None = None
) -> Daemon:
    env = {"NOTIFY_SOCKET": notify}
    return Daemon(made, paths, clock=clock or SystemClock(), processes=Processes(), env=env, linger_s=linger_s)


def test_it_is_not_ready_before_it_could_publish(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    failing = 2

    def fault(number: int, call: str, path: Path | None) -> None:
        nonlocal failing
        if call == "replace" and path is not None and path.name == "stats.json" and failing:
            failing -= 1
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    caplog.set_level(logging.INFO, "opencode_stats")
    paths = Paths.of({}, tmp_path)
    words: list[tuple[bytes, bool]] = []
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager,
        closing(exporter(paths, FaultyFiles(fault))) as made,
    ):
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(20)

        def listen() -> None:
            words.append((manager.recv(100), paths.stats_file.exists()))
            os.kill(os.getpid(), signal.SIGTERM)

        thread = threading.Thread(target=listen)
        thread.start()
        daemon(made, paths, str(tmp_path / "notify")).run()
        thread.join()

    assert words == [(b"READY=1", True)]
    assert [record.message.split(" ")[0] for record in caplog.records] == [
        "round.failed",
        "round.failed",
        "daemon.ready",
        "daemon.stopped",
    ]


def test_a_ledger_that_failed_is_opened_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A lock that SQLite could not give back stays taken for as long as its connection lives."""
    made: list[Locked] = []

    class Locked(sqlite3.Connection):
        stuck = False

        def __init__(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 - as sqlite3 has it
            super().__init__(*arguments, **named)
            made.append(self)

        def execute(self, *arguments: Any) -> sqlite3.Cursor:  # noqa: ANN401 - the same
            if self.stuck:
                raise sqlite3.OperationalError("locking protocol")
            return super().execute(*arguments)

    def end_when_published() -> None:
        until(paths.stats_file.exists, "the figures")
        os.kill(os.getpid(), signal.SIGTERM)

    caplog.set_level(logging.INFO, "opencode_stats")
    paths = Paths.of({}, tmp_path)
    with closing(exporter(paths, factory=Locked)) as one:
        made[0].stuck = True
        thread = threading.Thread(target=end_when_published)
        thread.start()
        daemon(one, paths).run()
        thread.join()

    assert len(made) == 2
    assert [record.message.split(" ")[0] for record in caplog.records] == [
        "round.failed",
        "daemon.ready",
        "daemon.stopped",
    ]


def test_midnight_wakes_it(tmp_path: Path) -> None:
    paths, now_ms = Paths.of({}, tmp_path), SystemClock().now_ms()
    midnight_ms = day_of(now_ms, UTC).end_ms
    clock = ShiftedClock(midnight_ms - now_ms - 500)
    dates: list[str] = []

    def look() -> None:
        dates.append(published_date(paths))
        until(lambda: published_date(paths) != dates[0], "the next day")
        dates.append(published_date(paths))
        late_ms.append(clock.now_ms() - midnight_ms)
        os.kill(os.getpid(), signal.SIGTERM)

    late_ms: list[int] = []
    with closing(exporter(paths, clock=clock)) as made:
        made.publish()
        thread = threading.Thread(target=look)
        thread.start()
        daemon(made, paths, clock=clock).run()
        thread.join()

    assert dates == [day_of(midnight_ms + step_ms, UTC).date.isoformat() for step_ms in (-1, 0)]
    assert 0 <= late_ms[0] < 1_000


def published_date(paths: Paths) -> str:
    return str(json.loads(paths.stats_file.read_bytes())["daily"]["date"])


def test_it_puts_everything_back(tmp_path: Path) -> None:
    paths = Paths.of({}, tmp_path)
    signals = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    with closing(exporter(paths)) as made:
        # The backup's: while the ledger is open SQLite keeps what it opened that file with, for the next one to use.
        look_after(paths, 1)
        before = len(os.listdir("/proc/self/fd"))
        daemon(made, paths, linger_s=0).run()

        assert len(os.listdir("/proc/self/fd")) == before
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == signals
    assert signal.set_wakeup_fd(-1) == -1


def test_who_comes_at_the_last_moment_keeps_it(tmp_path: Path) -> None:
    """The round that decides to end finds a living process: this one."""
    paths = Paths.of({}, tmp_path)
    with closing(exporter(paths)) as made:
        one = daemon(made, paths, linger_s=0)
        take_in, rounds = made.take_in, 0

        def come_late() -> int:
            nonlocal rounds
            rounds += 1
            if rounds == 2:
                script = Script(pid=os.getpid())
                script.key = living_key(os.getpid())
                (paths.spool / script.file_name).write_bytes(script.started().content)
                threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGTERM)).start()
            return take_in()

        made.take_in = come_late  # type: ignore[method-assign]
        began_s = time.monotonic()
        one.run()

    assert time.monotonic() - began_s >= 0.3
    assert json.loads(paths.stats_file.read_bytes())["session"]["live"]


def test_a_ledger_that_turns_out_to_be_damaged_is_made_again(tmp_path: Path) -> None:
    paths = Paths.of({}, tmp_path)
    with closing(exporter(paths)) as made:
        one = daemon(made, paths)
        made._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size_bytes = paths.ledger.stat().st_size
        made._connection.execute("PRAGMA shrink_memory")
        with open(paths.ledger, "r+b") as file:
            file.seek(4096)
            file.write(b"\xff" * (size_bytes - 4096))
        one._stopping = True

        assert not one.run()
    assert len(list(paths.damaged.iterdir())) == 1
    (problem,) = json.loads(paths.stats_file.read_bytes())["exporter"]["health"]["problems"]
    assert problem["code"] == "ledger"
    assert not paths.control.exists()


def test_what_reads_like_damage_again_and_again_in_a_sound_ledger_ends_it(tmp_path: Path) -> None:
    paths = Paths.of({}, tmp_path)

    def fail() -> int:
        raise sqlite3.DatabaseError("database disk image is malformed")

    with closing(exporter(paths)) as made:
        made.take_in = fail  # type: ignore[method-assign]  # SQLite never says so of a sound file
        with pytest.raises(LedgerCorrupt, match="malformed"):
            daemon(made, paths).run()
    assert not paths.damaged.exists()


def test_an_error_of_sqlite_that_is_a_defect_of_ours_is_loud(tmp_path: Path) -> None:
    paths = Paths.of({}, tmp_path)
    with closing(exporter(paths)) as made:
        made.take_in = lambda: made._connection.execute("SELECT ?", (1, 2)).rowcount  # type: ignore[method-assign]
        with pytest.raises(sqlite3.ProgrammingError):
            daemon(made, paths).run()


def test_days_that_are_over_are_summed_while_nothing_else_is_to_be_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not some of them a minute: after an import, history would be slow for hours."""
    monkeypatch.setattr("opencode_stats.ledger.day_sums.MESSAGES_AT_ONCE", 1)
    days, paths = 12, Paths.of({}, tmp_path)
    script = Script(at_ms=1_710_072_000_000).started()
    for _ in range(days):
        script.answer("ses_a", input=1).wait(86_400_000)
    with closing(exporter(paths)) as made:
        own_folder(paths.spool)
        (paths.spool / script.file_name).write_bytes(script.content)
        one = daemon(made, paths)

        def end() -> None:
            try:
                # Less than the minute after which it looks round anyway.
                until(lambda: paths.stats_file.exists() and made.days_left == 0, "all days summed", 40)
            finally:
                os.kill(os.getpid(), signal.SIGTERM)

        thread = threading.Thread(target=end)
        thread.start()
        one.run()
        thread.join()
        with closing(open_reader(paths.ledger)) as ledger:
            (number,) = ledger.execute("SELECT count(*) FROM day_sums WHERE split = 'agent'").fetchone()

    assert number == days
