"""How long a hundred thousand messages of OpenCode's own database take, beside one raw SQL aggregate over the file."""

from __future__ import annotations

import json
import os
import resource
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench.scene import ROOT, median, scene
from tests.truth.database_v1 import write_v1
from tests.truth.database_v2 import write_v2
from tests.truth.history import history
from tests.truth.size import Chances, Size

from opencode_stats.ingest.opencode_database import take_database
from opencode_stats.ledger.connection import open_ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.truth.size import Era

MESSAGES = 100_000
REPEATED = 5
_SUMS = ", ".join(
    f"sum(json_extract(data, '$.{path}'))"
    for path in ("tokens.input", "tokens.output", "tokens.reasoning", "tokens.cache.read", "tokens.cache.write", "cost")
)
_DAY = "CAST(json_extract(data, '$.time.completed') AS INTEGER) / 86400000"
_V1 = "FROM message WHERE json_extract(data, '$.role') = 'assistant'"
_V2 = "FROM session_message WHERE type = 'assistant'"
BARE = {"v1": f"SELECT {_SUMS} {_V1}", "v2": f"SELECT {_SUMS} {_V2}"}
"""The sum of everything and nothing else."""
RAW = {
    "v1": f"SELECT json_extract(data, '$.providerID'), json_extract(data, '$.modelID'), {_DAY}, {_SUMS} {_V1} "
    "GROUP BY 1, 2, 3",
    "v2": f"SELECT json_extract(data, '$.model.providerID'), json_extract(data, '$.model.id'), {_DAY}, {_SUMS} {_V2} "
    "GROUP BY 1, 2, 3",
}
"""One raw aggregate: tokens and cost by model and day, which is what any reader of these files shows at the least."""
CHANCES = Chances(new_conversation=0.03, sub_agent=0.03, deletion=0.001, revert=0.005)
"""Conversations of some thirty messages, and few that are gone again."""


def measure() -> Iterator[str]:
    """The figures, a line each."""
    with scene() as on:
        eras: tuple[Era, ...] = ("v1", "v2")
        for era in eras:
            path = on.home / f"{era}.db"
            # Most of what a history of that size takes is made here, so that the importer's own memory can be seen.
            _in_child("write", era, path)
            raw_s = median([_sql_s(path, RAW[era]) for _ in range(REPEATED)])
            bare_s = median([_sql_s(path, BARE[era]) for _ in range(REPEATED)])
            runs = [_in_child("import", era, path, on.home / f"{era}-{number}.ledger") for number in range(REPEATED)]
            first_s = median([run["first_s"] for run in runs])
            again_ms = median([run["again_ms"] for run in runs])
            untouched_ms = median([run["untouched_ms"] for run in runs])
            mib = max(run["mib"] for run in runs)
            size_mib = path.stat().st_size / 2**20
            yield (
                f"{era}: {runs[0]['new']:,} messages ({size_mib:.0f} MiB) taken in: {first_s:.2f} s; "
                f"one raw aggregate by model and day: {raw_s:.2f} s, the bare sum {bare_s:.2f} s"
            )
            yield f"  ratio {first_s / raw_s:.2f} (at most 5); {mib:.0f} MiB (at most 60)"
            yield (
                f"  once more, nothing new though the file was written to: {again_ms:.1f} ms (at most 20); "
                f"nobody wrote to it: {untouched_ms:.2f} ms"
            )


def _sql_s(path: Path, question: str) -> float:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    started = time.perf_counter()
    connection.execute(question).fetchall()
    took_s = time.perf_counter() - started
    connection.close()
    return took_s


def _in_child(*words: object) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.bench.import_speed", *map(str, words)]
    environment = {"PYTHONPATH": f"{ROOT / 'exporter'}:{ROOT}"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _write(era: Era, path: Path) -> dict[str, Any]:
    past = history(1, Size(messages=MESSAGES, era=era, chances=CHANCES))
    (write_v1 if era == "v1" else write_v2)(past, path)
    return {}


def _import(path: Path, ledger: Path) -> dict[str, Any]:
    connection = open_ledger(ledger, 1)
    started = time.perf_counter()
    taken = take_database(connection, path, 2)
    first_s = time.perf_counter() - started
    again = []
    for _ in range(REPEATED):
        os.utime(path)
        again.append(_take_ms(connection, path, time.time_ns))
    untouched = [_take_ms(connection, path, _a_minute_later_ns) for _ in range(REPEATED + 1)][1:]
    connection.close()
    kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "new": taken.new, "first_s": first_s, "again_ms": median(again), "untouched_ms": median(untouched),
        "mib": kib / 1024,
    }  # fmt: skip


def _a_minute_later_ns() -> int:
    """What was written just now is never taken for unchanged."""
    return time.time_ns() + 60 * 10**9


def _take_ms(connection: sqlite3.Connection, path: Path, wall_ns: Callable[[], int]) -> float:
    started = time.perf_counter()
    take_database(connection, path, 3, wall_ns=wall_ns)
    return (time.perf_counter() - started) * 1000


def _main(what: str, era: Era, path: str, *ledger: str) -> None:
    print(json.dumps(_write(era, Path(path)) if what == "write" else _import(Path(path), Path(ledger[0]))))


if __name__ == "__main__":
    _main(*sys.argv[1:])  # type: ignore[arg-type]  # by this module alone
