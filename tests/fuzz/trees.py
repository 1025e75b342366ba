"""OpenCode's JSON files from before 1.2, spoiled: what is as it was counts exactly, nothing is waited for."""

from __future__ import annotations

import faulthandler
import json
import os
import shutil
import sqlite3
import tempfile
import time
from collections import Counter
from contextlib import closing
from datetime import UTC
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.fuzz.ledger import wrong_with
from tests.fuzz.reference_database import Figures, figures_of
from tests.fuzz.spoil_tree import spoil
from tests.fuzz.tally import FINDINGS, Finding, Tally, numbered
from tests.support.clock import FakeClock
from tests.truth.history import History, history
from tests.truth.size import Chances, Size
from tests.truth.storage import write_storage

from opencode_stats.daemon.exporter import Exporter, refresh
from opencode_stats.host.paths import Paths
from opencode_stats.host.processes import Processes

if TYPE_CHECKING:
    from collections.abc import Mapping

FULL: Final = 2_000
SLOWEST_MS: Final = 10_000.0
HANGS_S: Final = 60
KINDS: Final = "input, output, reasoning, cache_read, cache_write"


@cache
def pasts() -> tuple[History, ...]:
    """Histories of 1.x, quiet ones and lively ones."""
    chances = (Chances.calm(failure=0.1), Chances.lively())
    return tuple(history(number, Size(messages=10, era="v1", chances=chances[number % 2])) for number in range(6))


def run(seed: int, inputs: int = FULL, budget_s: float = 1e9) -> Tally:
    """Tries so many spoiled trees.

    Raises:
        Finding: one crashed or held up the exporter, was counted wrongly, was not named, or was changed.
    """
    tally = Tally("trees", seed)
    for number, rng in numbered(tally, inputs, budget_s):
        with tempfile.TemporaryDirectory() as home:
            paths = Paths.of({}, Path(home))
            oldest = rng.random() < 0.3
            storage = paths.opencode_data / ("project/p/storage/session" if oldest else "storage")
            write_storage(rng.choice(pasts()), storage, old=oldest)
            if oldest:
                # The oldest layout has conversations in one folder and messages beside it.
                for folder in sorted((storage / "session").iterdir()):
                    shutil.copytree(folder, storage / "info", dirs_exist_ok=True)
                shutil.rmtree(storage / "session")
            done, touched = spoil(rng, storage)
            faulthandler.dump_traceback_later(HANGS_S, exit=True)
            try:
                check(tally, paths, storage, done, touched)
            except Finding:
                kept = FINDINGS / f"tree-{tally.seed}-{number}"
                shutil.copytree(storage, kept, symlinks=True, dirs_exist_ok=True, ignore=_no_files)
                raise
            finally:
                faulthandler.cancel_dump_traceback_later()
    return tally


def _no_files(folder: str, names: list[str]) -> set[str]:
    paths = {name: os.path.join(folder, name) for name in names}
    return {name for name, path in paths.items() if not (os.path.isfile(path) or os.path.isdir(path))}


def check(tally: Tally, paths: Paths, storage: Path, done: str, touched: set[Path]) -> None:
    """Tries one home; ``touched`` are the files that are not as OpenCode wrote them.

    Raises:
        Finding: something is not as promised; ``done`` says what was done.
    """
    before = _listing(storage)
    must, may = _second_reading(storage, touched)
    began_s = time.perf_counter()
    exporter = Exporter(
        paths,
        version="0.1.0",
        clock=FakeClock(),
        zone=lambda: UTC,
        processes=Processes("/nowhere"),
        databases=list,
        daemon_pid=None,
    )
    try:
        with closing(exporter):
            refresh(exporter)
            again = refresh(exporter)
    except Exception as error:
        raise Finding(f"{done}: crash: {error!r:.300}", "tree-crash", b"") from error
    tally.timed(began_s, SLOWEST_MS, done, b"")
    if _listing(storage) != before:
        raise Finding(f"{done}: something changed", "tree-changed", b"")
    problems = json.loads(paths.stats_file.read_bytes())["exporter"]["health"]["problems"]
    unread = [one["message"] for one in problems if "could not be read" in one["message"]]
    tally.ends["named as unreadable" if unread else "read"] += 1
    if unread or again.new:
        raise Finding(f"{done}: {unread} {again}", "tree-unread", b"")
    with closing(sqlite3.connect(f"file:{paths.ledger}?mode=ro", uri=True)) as ledger:
        if found := wrong_with(ledger):
            raise Finding(f"{done}: {found}", "tree-verify", b"")
        made = {row[0]: row[1:] for row in ledger.execute(f"SELECT message, {KINDS} FROM messages")}
    for message, figures in must.items():
        if made.get(message, ())[:5] != figures:
            raise Finding(f"{done}: {message} is {made.get(message)}, not {figures}", "tree-missed", b"")
    for message, figures in made.items():
        if figures[0] is not None and figures not in may.get(message, ()):
            raise Finding(f"{done}: {message!r} is {figures}, not {may.get(message)}", "tree-wrong", b"")


def _listing(storage: Path) -> dict[str, tuple[int, int, bytes]]:
    """Every entry below: what it is, when it was changed, and its bytes if it is a plain file."""
    found = {}
    for folder, folders, files in os.walk(storage):
        for name in (*folders, *files):
            path = os.path.join(folder, name)
            state = os.lstat(path)
            plain = os.path.isfile(path) and not os.path.islink(path)
            found[path] = (state.st_mode, state.st_mtime_ns, Path(path).read_bytes() if plain else b"")
    return found


def _second_reading(
    storage: Path, touched: set[Path]
) -> tuple[Mapping[str, tuple[int | None, ...]], Mapping[str, set[Figures]]]:
    """Message → its figures, of files that are as they were; and of every file that makes sense, all that they say."""
    must: dict[str, tuple[int | None, ...]] = {}
    may: dict[str, set[Figures]] = {}
    # OpenCode calls nothing so that a character of it can't be seen.
    paths = [
        path for path in sorted(storage.glob("message/*/*.json")) if f"{path.parent.name}{path.name}".isprintable()
    ]
    names = Counter(path.stem for path in paths)
    for path in paths:
        if not path.is_file() or path.is_symlink():
            continue
        try:
            record = json.loads(path.read_bytes())
            if not isinstance(record, dict) or record.get("role") != "assistant":
                continue
            figures = figures_of(record, v1=True)
        except (ValueError, RecursionError, OverflowError):
            continue
        if record.get("id", path.stem) != path.stem:
            continue
        if figures is not None:
            may.setdefault(path.stem, set()).add(figures)
        # Of two that are called the same either may be taken.
        if path not in touched and names[path.stem] == 1:
            must[path.stem] = (None,) * 5 if figures is None else figures
    return must, may
