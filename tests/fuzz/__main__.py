"""``python -m tests.fuzz [ROOM …] [--inputs N] [--seed S]``: prints what was tried, or the first finding."""

from __future__ import annotations

import argparse
import importlib
import time

ROOMS = ("lines", "reader", "databases", "trees")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("rooms", nargs="*", default=ROOMS, metavar="ROOM", help=" ".join(ROOMS))
    parser.add_argument("--inputs", type=int, help="how many, instead of the full number")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 2**32, help="again what this seed made")
    asked = parser.parse_args()
    for name in asked.rooms:
        room = importlib.import_module(f"tests.fuzz.{name}")
        print(f"{name}: seed {asked.seed} …", flush=True)
        print(room.run(asked.seed, asked.inputs or room.FULL), flush=True)


if __name__ == "__main__":
    main()
