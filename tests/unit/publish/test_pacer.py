from __future__ import annotations

import pytest

from opencode_stats.publish.pacer import BURST, INTERVAL_S, Pacer


def test_a_quiet_time_grants_a_burst_at_once() -> None:
    pacer = Pacer(100.0)

    assert [pacer.wait_s(100.0) for _ in range(BURST)] == [0.0] * BURST
    assert pacer.wait_s(100.0) == pytest.approx(INTERVAL_S)


def test_a_burst_goes_on_at_the_steady_pace() -> None:
    pacer, now_s, granted = Pacer(0.0), 0.0, 0
    while now_s < 10.0:
        wait_s = pacer.wait_s(now_s)
        granted += not wait_s
        now_s += 0.001

    assert granted == pytest.approx(BURST + 10.0 / INTERVAL_S, abs=1)


def test_the_wait_that_it_names_is_enough() -> None:
    pacer = Pacer(0.0, burst=1)
    pacer.wait_s(0.0)

    wait_s = pacer.wait_s(0.03)

    assert wait_s == pytest.approx(0.07)
    assert pacer.wait_s(0.03 + wait_s + 1e-9) == 0.0


def test_grants_do_not_pile_up_over_a_night() -> None:
    pacer = Pacer(0.0)
    pacer.wait_s(0.0)

    assert [pacer.wait_s(50_000.0) == 0.0 for _ in range(BURST + 1)] == [True] * BURST + [False]
