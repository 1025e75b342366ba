"""Prints the fault points and what came of them: ``make fault``. Exits 1 if one did not come right.

``python -m tests.fault points --part 3/8`` tries every eighth from the third on: eight such parts are all of them, so
that a long run can be broken off and gone on with. The ``storm`` is the killing of a real daemon.
"""

from __future__ import annotations

import argparse
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


def every_point(part: int, parts: int) -> int:
    """Tries every fault point, and some in twos, or one part of so many; gives how many did not come right."""
    began_s = time.monotonic()
    seed = int(os.environ.get("FAULT_SEED", time.time_ns() % 2**32))
    expected = truth()
    alone = [(fault,) for fault in faults(expected.calls)][part - 1 :: parts]
    in_twos = second_faults(expected.calls, PAIRS, seed)[part - 1 :: parts]
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
        f"{len(alone)} fault points and {len(in_twos)} in twos, {wrong} wrong, {time.monotonic() - began_s:.0f} s",
        flush=True,
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


def part_of(text: str) -> tuple[int, int]:
    """``3/8`` as its two numbers."""
    part, _, parts = text.partition("/")
    if not 1 <= int(part) <= int(parts):
        raise ValueError(text)
    return int(part), int(parts)


def main() -> int:
    """As the command line asks; gives how much was wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.fault")
    parser.add_argument("only", nargs="?", choices=["storm", "points"], help="both if not given")
    parser.add_argument(
        "--part", type=part_of, default=(1, 1), metavar="K/N", help="of the points, every Nth from K on"
    )
    asked = parser.parse_args()
    wrong = 0 if asked.only == "points" else through_the_storm()
    return wrong + (0 if asked.only == "storm" else every_point(*asked.part))


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
