"""How often to publish: at once while it is quiet, at a steady pace in a burst. A token bucket, pure."""

from __future__ import annotations

from typing import Final

BURST: Final = 8
"""A turn's end is some five changes within 100 ms (usage, completed, status, idle): each is shown at once."""
INTERVAL_S: Final = 0.1
"""In a burst a reader sees ten files a second, which costs the disk ten fsyncs a second and not a thousand."""


class Pacer:
    """Grants a publishing now, or says when; ``now_s`` is any clock that only grows."""

    def __init__(self, now_s: float, burst: int = BURST, interval_s: float = INTERVAL_S) -> None:
        self._burst = burst
        self._interval_s = interval_s
        self._grants = float(burst)
        self._counted_s = now_s

    def wait_s(self, now_s: float) -> float:
        """Seconds until the next publishing is due; 0 means now, and uses up one grant."""
        self._grants = min(self._burst, self._grants + (now_s - self._counted_s) / self._interval_s)
        self._counted_s = now_s
        if self._grants >= 1:
            self._grants -= 1
            return 0.0
        return (1 - self._grants) * self._interval_s
