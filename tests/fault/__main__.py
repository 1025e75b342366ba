"""Prints the fault points and what came of them: ``make fault``. Exits 1 if one did not come right."""

from __future__ import annotations

import functools
import logging
import multiprocessing
import os
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fault.points import Truth, check, faults, truth
from tests.fault.storm import storm

if TYPE_CHECKING:
    from tests.fault.calls import Fault

IN_ONE_GO = 50
KILLS, READS = 300, 1_000_000
LONGEST_S = 1_200.0


def tried(expected: Truth, fault: Fault) -> tuple[Fault, str]:
    """The fault, and what is wrong after it."""
    # What it logs is that a call failed, which is known here.
    logging.disable()
    try:
        check(fault, expected)
    except Exception as error:  # noqa: BLE001 - every one is a finding, to be told with its fault
        return fault, f"{type(error).__name__}: {error}"
    return fault, ""


def every_point() -> int:
    """Tries every fault point, and gives how many did not come right."""
    began_s = time.monotonic()
    expected = truth()
    points = faults(expected.calls)
    print(f"{expected.calls['own']} file and SQL calls of ours, {expected.calls['sqlite']} system calls of SQLite's")
    done, wrong = Counter[tuple[str, str]](), 0
    with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("fork")) as workers:
        for fault, trouble in workers.map(functools.partial(tried, expected), points, chunksize=IN_ONE_GO):
            done[fault.layer, fault.deed] += 1
            if trouble:
                wrong += 1
                print(f"  WRONG {fault}: {trouble}")
    for (layer, deed), number in done.items():
        print(f"  {layer:7}{deed:10}{number:6}")
    print(f"{len(points)} fault points, {wrong} wrong, {time.monotonic() - began_s:.0f} s", flush=True)
    return wrong


def through_the_storm() -> int:
    """Kills the daemon until that was often enough, and gives how much was wrong."""
    seed = int(os.environ.get("STORM_SEED", time.time_ns() % 2**32))
    print(f"STORM_SEED={seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="opencode-stats-storm-") as home:
        seen = storm(Path(home), kills=KILLS, seconds=LONGEST_S, seed=seed)
    print(f"{seen.kills} kills, {seen.kills_at_work} of a daemon that had published, in {seen.seconds:.0f} s")
    print(f"{seen.messages} messages, {seen.tokens} tokens streamed in; {seen.versions} versions of stats.json")
    print(f"{seen.reads} reads of stats.json")
    wrong = [
        *seen.wrong,
        *(["too few kills"] if seen.kills < KILLS else []),
        *(["too few reads"] if seen.reads < READS else []),
    ]
    print("none torn, none missing, none older; none lost, none double" if not wrong else f"  WRONG {wrong}")
    return len(wrong)


if __name__ == "__main__":
    storm_went_wrong = through_the_storm()
    sys.exit(1 if every_point() or storm_went_wrong else 0)
