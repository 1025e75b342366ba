"""A clock that stands still until it is told otherwise."""

from __future__ import annotations

NOON_MS = 1_795_262_400_000
"""2026-11-21 12:00:00 UTC, a Saturday."""


class FakeClock:
    """The wall clock and the steady one, moved by hand."""

    def __init__(self, now_ms: int = NOON_MS) -> None:
        self.wall_ms = now_ms
        self.steady_s = 1000.0

    def now_ms(self) -> int:
        return self.wall_ms

    def elapsed_s(self) -> float:
        return self.steady_s

    def advance(self, seconds: float) -> None:
        """Both clocks go on, as they do while nobody touches them."""
        self.wall_ms += round(seconds * 1000)
        self.steady_s += seconds

    def step(self, seconds: float) -> None:
        """Somebody sets the wall clock; the steady one does not notice."""
        self.wall_ms += round(seconds * 1000)
