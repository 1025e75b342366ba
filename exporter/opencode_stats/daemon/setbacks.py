"""What kept the figures from their readers, and for how long they should know of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from opencode_stats.core.stats import Problem

if TYPE_CHECKING:
    from opencode_stats.publish.atomic_file import Outcome

TOLD_FOR_MS: Final = 60 * 60 * 1000
"""Who looks within an hour after it was over still learns why the figures had stood still."""
FAILURES: Final = 2
"""One failure alone is made good half a second later: nobody could have noticed."""


class Setbacks:
    """Rounds that failed, and whether it is known of the last publishing that it is on the disk."""

    def __init__(self) -> None:
        self._failures = 0
        self._since_ms = 0
        self._ended_ms: int | None = None
        self._reason = ""
        self._undurable = False

    def failed(self, error: Exception, now_ms: int) -> None:
        """A round failed, after the last one or again."""
        if self._failures == 0 or self._ended_ms is not None:
            self._failures, self._since_ms, self._ended_ms = 0, now_ms, None
        self._failures += 1
        self._reason = (error.strerror if isinstance(error, OSError) else None) or str(error)

    def published(self, now_ms: int, outcome: Outcome | None) -> None:
        """A publishing came through, or there was nothing to write (None); what failed before it is made good."""
        if self._failures and self._ended_ms is None:
            self._ended_ms = now_ms
        if outcome is not None:
            self._undurable = outcome != "published"

    def problems(self, now_ms: int) -> tuple[Problem, ...]:
        """What readers should know at this moment, as it is if this publishing comes through."""
        told = []
        ended_ms = now_ms if self._ended_ms is None else self._ended_ms
        if self._failures >= FAILURES and now_ms - ended_ms < TOLD_FOR_MS:
            length_s = max(0, ended_ms - self._since_ms) // 1000
            length = f"{length_s} seconds" if length_s < 120 else f"{length_s // 60} minutes"  # noqa: PLR2004 - two minutes
            told.append(Problem("stalled", f"For {length} nothing could be taken in or written: {self._reason}."))
        if self._undurable:
            told.append(
                Problem(
                    "durability",
                    "The folder of stats.json could not be synced: a power cut may bring an older version back.",
                )
            )
        return tuple(told)
