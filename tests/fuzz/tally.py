"""What a room of fuzzing tried and saw, and how a finding is told."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

FINDINGS: Final = Path(__file__).parents[2] / ".cache" / "fuzz"


class Finding(AssertionError):
    """An input that did what none may do; its bytes are kept in .cache/fuzz."""

    def __init__(self, what: str, name: str, content: bytes) -> None:
        FINDINGS.mkdir(parents=True, exist_ok=True)
        (FINDINGS / name).write_bytes(content)
        super().__init__(f"{what}\n.cache/fuzz/{name}: {content[:400]!r}")


@dataclass
class Tally:
    """``ends`` counts how inputs ended; ``slowest_ms`` is the one that took longest."""

    room: str
    seed: int
    inputs: int = 0
    slowest_ms: float = 0.0
    took_s: float = 0.0
    ends: Counter[str] = field(default_factory=Counter)

    def timed(self, began_s: float, limit_ms: float, what: str, content: bytes) -> None:
        """Notes how long an input took.

        Raises:
            Finding: longer than it may.
        """
        took_ms = (time.perf_counter() - began_s) * 1000
        self.slowest_ms = max(self.slowest_ms, took_ms)
        if took_ms > limit_ms:
            raise Finding(f"{what} took {took_ms:.0f} ms", f"{self.room}-slow", content)

    def __str__(self) -> str:
        ends = ", ".join(f"{number:,} {end}" for end, number in self.ends.most_common())
        return (
            f"{self.room}: {self.inputs:,} inputs in {self.took_s:.0f} s, seed {self.seed}: {ends}; "
            f"the slowest {self.slowest_ms:.0f} ms"
        )


def numbered(tally: Tally, inputs: int, budget_s: float) -> Iterator[tuple[int, Random]]:
    """So many numbers, each with its own chances, until the time is up; the tally counts them."""
    began_s = time.monotonic()
    for number in range(inputs):
        tally.took_s = time.monotonic() - began_s
        if tally.took_s > budget_s:
            return
        tally.inputs += 1
        # The same whatever came before it, so that one input can be had again alone.
        yield number, Random(tally.seed * 1_000_003 + number)
    tally.took_s = time.monotonic() - began_s
