"""Prints the fault points and what came of them: ``make fault``. Exits 1 if one did not come right."""

from __future__ import annotations

import functools
import logging
import multiprocessing
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING

from tests.fault.points import Truth, check, faults, truth

if TYPE_CHECKING:
    from tests.fault.calls import Fault

IN_ONE_GO = 50


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


if __name__ == "__main__":
    sys.exit(1 if every_point() else 0)
