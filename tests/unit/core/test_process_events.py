from __future__ import annotations

import pytest

from opencode_stats.core.process_events import LinesLost, ProcessKey


def test_a_key_reads_boot_namespace_pid_and_start() -> None:
    assert ProcessKey(7, "boot", "4026", 99).text == "boot/4026/7/99"


def test_what_is_not_known_of_a_process_has_a_place_in_its_key() -> None:
    assert ProcessKey(7).text == "-/-/7/0"


@pytest.mark.parametrize("pid", [0, -1, 2**31])
def test_pids_that_no_system_gives(pid: int) -> None:
    with pytest.raises(ValueError, match="pid"):
        ProcessKey(pid)


@pytest.mark.parametrize("start_ticks", [-1, 2**63])
def test_start_ticks_that_do_not_fit(start_ticks: int) -> None:
    with pytest.raises(ValueError, match="start_ticks"):
        ProcessKey(1, start_ticks=start_ticks)


@pytest.mark.parametrize("part", [{"boot_id": "a/b"}, {"pid_ns": "/"}])
def test_a_slash_would_make_two_keys_read_the_same(part: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="slash"):
        ProcessKey(1, **part)  # type: ignore[arg-type]


@pytest.mark.parametrize("lines", [0, -1, 10**9 + 1])
def test_a_number_of_lost_lines_that_is_none(lines: int) -> None:
    with pytest.raises(ValueError, match="lines"):
        LinesLost(at_ms=1, lines=lines, reason="ENOSPC", first_ms=0, last_ms=0)
