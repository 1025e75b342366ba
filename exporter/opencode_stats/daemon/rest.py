"""How long the daemon sleeps, as arithmetic: pure, so that every bound can be tested without waiting for it."""

from __future__ import annotations

from typing import Final

SCAN_S: Final = 60.0
"""However quiet it is, we look this often: for midnight after a suspend, a lost ring, a moved clock."""
UNWATCHED_SCAN_S: Final = 5.0
"""The same, where something that should wake us does not: no pidfd for a process, no watch on the spool."""
CATCH_UP_S: Final = 0.1
"""The same, while days are still to be summed, or detail to be forgotten. A step of summing takes some 20 ms, so a
fifth of a core and half a minute for a million messages; one of forgetting takes 10 ms, and a million five minutes."""
BACK_OFF_S: Final = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""How long to wait after the first failure in a row, the second, …; the last is for all that follow."""


def quiet_s(
    *,
    now_ms: int,
    due_ms: int,
    unwatched: bool,
    lonely_s: float | None,
    scan_s: float = SCAN_S,
    behind: bool = False,
) -> float:
    """Seconds to sleep when everything is published.

    Args:
        now_ms: the wall clock.
        due_ms: when what was published will be out of date by itself (midnight, a silence that has grown too long); in
            the past where that came meanwhile.
        unwatched: whether something may happen without waking us.
        lonely_s: seconds until nobody has needed us for long enough; None where we stay for ever.
        scan_s: how often we look however quiet it is.
        behind: whether days that are over are still to be summed, or detail to be forgotten.
    """
    bounds = [min(UNWATCHED_SCAN_S, scan_s) if unwatched else scan_s, (due_ms - now_ms) / 1000]
    if lonely_s is not None:
        bounds.append(lonely_s)
    if behind:
        bounds.append(CATCH_UP_S)
    return max(0.0, min(bounds))


def back_off_s(failures: int) -> float:
    """Seconds to wait before trying again after so many failures in a row, at least one."""
    return BACK_OFF_S[min(failures, len(BACK_OFF_S)) - 1]
