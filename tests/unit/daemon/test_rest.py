"""How long the daemon sleeps."""

from __future__ import annotations

import pytest

from opencode_stats.daemon.rest import BACK_OFF_S, CATCH_UP_S, SCAN_S, UNWATCHED_SCAN_S, back_off_s, quiet_s

FAR_MS = 10_000_000


@pytest.mark.parametrize(
    ("now_ms", "unwatched", "lonely_s", "expected"),
    [
        (0, False, None, SCAN_S),
        (0, True, None, UNWATCHED_SCAN_S),
        (FAR_MS - 1_500, False, None, 1.5),
        (FAR_MS - 1_500, True, None, 1.5),
        (FAR_MS, False, None, 0.0),
        (FAR_MS + 5, False, None, 0.0),
        (0, False, 600.0, SCAN_S),
        (0, False, 0.3, 0.3),
        (0, True, 0.0, 0.0),
        (FAR_MS - 200, True, 0.3, 0.2),
    ],
)
def test_the_nearest_bound_counts(now_ms: int, unwatched: bool, lonely_s: float | None, expected: float) -> None:
    slept_s = quiet_s(now_ms=now_ms, due_ms=FAR_MS, unwatched=unwatched, lonely_s=lonely_s)

    assert slept_s == pytest.approx(expected)


@pytest.mark.parametrize(("lonely_s", "expected"), [(None, CATCH_UP_S), (CATCH_UP_S / 2, CATCH_UP_S / 2)])
def test_it_does_not_sleep_long_while_days_are_left_to_sum(lonely_s: float | None, expected: float) -> None:
    assert quiet_s(now_ms=0, due_ms=FAR_MS, unwatched=False, lonely_s=lonely_s, behind=True) == expected


def test_backing_off_grows_and_ends() -> None:
    waits_s = [back_off_s(failures) for failures in range(1, 20)]

    assert tuple(waits_s[: len(BACK_OFF_S)]) == BACK_OFF_S
    assert waits_s == sorted(waits_s)
    assert set(waits_s[len(BACK_OFF_S) :]) == {30.0}
