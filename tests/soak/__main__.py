"""``python -m tests.soak``: prints what the soak came to; exit 1 where a figure is wrong or something is left."""

from __future__ import annotations

import argparse
import sys

from tests.soak.soak import soak
from tests.soak.story import expected


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.soak")
    parser.add_argument("--writers", type=int, default=64)
    parser.add_argument("--messages", type=int, default=1_000, help="of each writer")
    parser.add_argument("--seconds", type=float, default=60.0, help="at least so long the writers take")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--plugins", type=int, default=0, help="writers that are the plugin itself")
    asked = parser.parse_args()
    soaked = soak(
        writers=asked.writers,
        messages=asked.messages,
        seconds=asked.seconds,
        kills=asked.kills,
        plugins=asked.plugins,
    )
    for line in soaked.lines():
        print(line, flush=True)
    exact = soaked.totals == expected(soaked.writers, soaked.messages)
    sys.exit(not (exact and soaked.verified and not soaked.spool_files_left))


if __name__ == "__main__":
    main()
