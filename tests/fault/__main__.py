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

from tests.fault.points import Truth, check, faults, second_faults, truth
from tests.fault.storm import storm

if TYPE_CHECKING:
    from tests.fault.calls import Fault

IN_ONE_GO = 50
PAIRS = 1_000
KILLS, READS = 300, 1_000_000
LONGEST_S = 1_200.0


def tried(expected: Truth, met: tuple[Fault, ...]) -> tuple[tuple[Fault, ...], str]:
    """The faults, and what is wrong after them."""
    # What it logs is that a call failed, which is known here.
    logging.disable()
    try:
        check(expected, *met)
    except Exception as error:  # noqa: BLE001 - every one is a finding, to be told with its fault
        return met, f"{type(error).__name__}: {error}"
    return met, ""


def every_point() -> int:
    """Tries every fault point, and some in twos; gives how many did not come right."""
    began_s = time.monotonic()
    seed = int(os.environ.get("FAULT_SEED", time.time_ns() % 2**32))
    expected = truth()
    alone = [(fault,) for fault in faults(expected.calls)]
    in_twos = second_faults(expected.calls, PAIRS, seed)
    print(f"{expected.calls['own']} file and SQL calls of ours, {expected.calls['sqlite']} system calls of SQLite's")
    done, wrong = Counter[str](), 0
    with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("fork")) as workers:
        for met, trouble in workers.map(functools.partial(tried, expected), [*alone, *in_twos], chunksize=IN_ONE_GO):
            done[f"{met[0].layer:7}{met[0].deed}" if len(met) == 1 else "a kill, then another fault"] += 1
            if trouble:
                wrong += 1
                print(f"  WRONG {', then '.join(map(str, met))}: {trouble}")
    for kind, number in done.items():
        print(f"  {kind:28}{number:6}")
    print(f"FAULT_SEED={seed} drew the last")
    print(
        f"{len(alone)} fault points and {PAIRS} in twos, {wrong} wrong, {time.monotonic() - began_s:.0f} s", flush=True
    )
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
