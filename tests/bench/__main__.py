"""``python -m tests.bench [NAME …]``: runs the benchmarks and prints one line a figure (docs/benchmarks.md)."""

from __future__ import annotations

import importlib
import sys

BENCHMARKS = (
    "latency",
    "rest",
    "growth",
    "history",
    "forgetting",
    "limits",
    "hosts",
    "many_files",
    "import_speed",
    "command_line",
    "watch",
    "e2e_latency",
    "e2e_overhead",
)


def main(names: list[str]) -> None:
    for name in names or BENCHMARKS:
        print(f"== {name}", flush=True)
        for line in importlib.import_module(f"tests.bench.{name}").measure():
            print(line, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
