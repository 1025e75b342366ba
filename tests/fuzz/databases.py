"""OpenCode's databases, spoiled: what can be read counts exactly, the rest is named, and no byte there changes."""

from __future__ import annotations

import faulthandler
import json
import os
import shutil
import sqlite3
import tempfile
import time
from contextlib import closing
from datetime import UTC
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.fuzz.ledger import wrong_with
from tests.fuzz.reference_database import Said, read_database
from tests.fuzz.spoil_database import WAYS
from tests.fuzz.tally import Finding, Tally, numbered
from tests.support.clock import NOON_MS, FakeClock
from tests.truth.database_v1 import write_v1
from tests.truth.database_v2 import write_database
from tests.truth.history import history
from tests.truth.size import Chances, Size

from opencode_stats.daemon.exporter import Exporter, refresh
from opencode_stats.host.paths import Paths
from opencode_stats.host.processes import Processes

if TYPE_CHECKING:
    from tests.truth.size import Era

FULL: Final = 2_000
SLOWEST_MS: Final = 10_000.0
HANGS_S: Final = 60
KINDS: Final = "input, output, reasoning, cache_read, cache_write"
MUST_BE_READ: Final = ("rows", "layout")
"""What OpenCode could have written itself, but for the senseless rows: the file is read, whatever is in them."""


@cache
def originals() -> tuple[bytes, ...]:
    """Databases of both generations, of one that took the other over, and of 1.18 with 2.x's engine inside."""
    made = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(12):
            era: Era = ("v1", "v2", "migrated", "v1")[number % 4]
            # Every other one without forks and stepped clocks: there each message is certainly counted.
            chances = Chances.calm(failure=0.1, abort=0.1) if number < 6 else Chances.lively()
            past = history(number, Size(messages=14 + number, era=era, migrates_after=7, chances=chances))
            path = Path(folder, f"{number}.db")
            if number % 4 == 3:
                write_v1(past, path)
                _embed(path)
            else:
                write_database(past, path)
            made.append(path.read_bytes())
    return tuple(made)


def _embed(path: Path) -> None:
    """Two conversations of the 2.x engine inside OpenCode 1.18."""
    settled = {
        "agent": "build",
        "model": {"id": "m", "providerID": "mock"},
        "content": [],
        "finish": "stop",
        "cost": 0.5,
    }
    with closing(sqlite3.connect(path)) as connection, connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(session_message)")]
        names = [row[0] for row in connection.execute("SELECT id FROM session ORDER BY id LIMIT 2")]
        for number in range(6):
            at_ms = NOON_MS - 60_000 + number * 1_000
            counts = {"input": 100 + number, "output": 1, "reasoning": 2, "cache": {"read": 3, "write": 4}}
            data = {**settled, "time": {"created": at_ms, "completed": at_ms + 500}, "tokens": counts}
            row = {
                "id": f"msg_{at_ms * 4096 % 2**48:012x}Embedded{number:06d}", "session_id": names[number % len(names)],
                "type": "assistant", "seq": number, "time_created": at_ms, "time_updated": at_ms,
                "data": json.dumps(data),
            }  # fmt: skip
            row = {name: value for name, value in row.items() if name in columns}
            marks = ", ".join("?" * len(row))
            connection.execute(f"INSERT INTO session_message ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))


def run(seed: int, inputs: int = FULL, budget_s: float = 1e9) -> Tally:
    """Tries so many spoiled databases.

    Raises:
        Finding: one crashed or held up the exporter, was counted wrongly, was not named, or was changed.
    """
    tally = Tally("databases", seed)
    ways = sorted(WAYS)
    for number, rng in numbered(tally, inputs, budget_s):
        way = ways[number % len(ways)]
        with tempfile.TemporaryDirectory() as home:
            paths = Paths.of({}, Path(home))
            paths.opencode_data.mkdir(parents=True)
            path = paths.opencode_data / "opencode.db"
            path.write_bytes(rng.choice(originals()))
            done = f"{way}: {WAYS[way](rng, path)}"
            # What never comes back from SQLite can't be interrupted: this ends the process, with the place on stderr.
            faulthandler.dump_traceback_later(HANGS_S, exit=True)
            try:
                check(tally, paths, path, done, way=way)
            except Finding:
                shutil.copytree(paths.opencode_data, _kept(tally, number), dirs_exist_ok=True)
                raise
            finally:
                faulthandler.cancel_dump_traceback_later()
    return tally


def _kept(tally: Tally, number: int) -> Path:
    from tests.fuzz.tally import FINDINGS  # noqa: PLC0415 - only for who found something

    return FINDINGS / f"database-{tally.seed}-{number}"


def check(tally: Tally, paths: Paths, path: Path, done: str, *, way: str) -> None:
    """Tries one home with a spoiled database.

    Raises:
        Finding: something is not as promised; ``done`` says what was done to the database.
    """
    before = _listing(path)
    said = _second_reading(path)
    began_s = time.perf_counter()
    try:
        with closing(_exporter(paths, path)) as exporter:
            refresh(exporter)
            again = refresh(exporter)
    except Exception as error:
        raise Finding(f"{done}: crash: {error!r:.300}", "database-crash", b"") from error
    tally.timed(began_s, SLOWEST_MS, done, b"")
    after = _listing(path)
    if after != before:
        changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
        raise Finding(f"{done}: {sorted(changed)} changed", "database-changed", b"")
    problems = json.loads(paths.stats_file.read_bytes())["exporter"]["health"]["problems"]
    unread = [one["message"] for one in problems if "could not be read" in one["message"]]
    tally.ends["named as unreadable" if unread else "read"] += 1
    if unread and way in MUST_BE_READ:
        raise Finding(f"{done}: {unread}", "database-unread", b"")
    if any("opencode.db" not in one for one in unread) or again.new:
        raise Finding(f"{done}: {unread} {again}", "database-unnamed", b"")
    # A damaged tree can hide rows from one way of looking at it and not from the other; SQLite itself sees it only when
    # it checks everything, which would take longer than the import.
    _compare(tally, paths, done, said, whole=not unread and way != "pages")


def _exporter(paths: Paths, path: Path) -> Exporter:
    return Exporter(
        paths,
        version="0.1.0",
        clock=FakeClock(),
        zone=lambda: UTC,
        processes=Processes("/nowhere"),
        databases=lambda: [path],
        daemon_pid=None,
    )


def _listing(path: Path) -> dict[str, bytes]:
    """Every file of OpenCode's, but what SQLite makes for any reader: an empty log, and the index of a log (-shm)."""
    names = {name for name in os.listdir(path.parent) if name.startswith("opencode")}
    contents = {name: (path.parent / name).read_bytes() for name in names - {f"{path.name}-shm"}}
    if contents.get(f"{path.name}-wal") == b"":
        del contents[f"{path.name}-wal"]
    return contents


def _second_reading(path: Path) -> Said | None:
    """What a copy says; None where it can't be read this way either."""
    with tempfile.TemporaryDirectory() as folder:
        for name in os.listdir(path.parent):
            if name.startswith("opencode"):
                shutil.copyfile(path.parent / name, Path(folder, name))
        try:
            return read_database(Path(folder, path.name))
        except (sqlite3.Error, UnicodeDecodeError):
            # Python can't read every message of SQLite's.
            return None


def _compare(tally: Tally, paths: Paths, done: str, said: Said | None, *, whole: bool) -> None:
    with closing(sqlite3.connect(f"file:{paths.ledger}?mode=ro", uri=True)) as ledger:
        if found := wrong_with(ledger):
            raise Finding(f"{done}: {found}", "database-verify", b"")
        made = {
            row[0]: None if row[1] is None else row[1:]
            for row in ledger.execute(f"SELECT message, {KINDS} FROM messages WHERE message NOT LIKE 'auxiliary:%'")
        }
    if said is None:
        tally.ends["that no second reading could read"] += 1
        return
    for message, figures in made.items():
        if figures is not None and figures not in said.figures.get(message, ()):
            raise Finding(
                f"{done}: {message!r:.80} is {figures}, not {said.figures.get(message)}", "database-wrong", b""
            )
    if whole:
        for message, known in said.must().items():
            if made.get(message) not in known:
                raise Finding(f"{done}: {message!r:.80} is {made.get(message)}, not {known}", "database-missed", b"")
