from __future__ import annotations

import time
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from zoneinfo import TZPATH

import pytest

from opencode_stats.host.clock import SystemClock, local_zone

SUMMER = datetime(2026, 7, 1, 12, tzinfo=UTC)
ZONES = next((Path(folder) for folder in TZPATH if Path(folder, "Europe/Berlin").is_file()), None)
needs_zones = pytest.mark.skipif(ZONES is None, reason="no time zone files on this machine")


def hours(zone: tzinfo) -> float:
    offset = SUMMER.astimezone(zone).utcoffset()
    assert offset is not None
    return offset.total_seconds() / 3600


def zone_file(name: str) -> str:
    assert ZONES is not None
    return str(ZONES / name)


@needs_zones
@pytest.mark.parametrize(
    ("tz", "expected"),
    [
        ("Asia/Kathmandu", 5.75),
        (":Asia/Kathmandu", 5.75),
        ("", 2),
        ("CET-1CEST", 2),
        ("No/Such", 2),
        ("Europe", 2),
        ("../../../etc/passwd", 2),
        ("/etc/passwd", 2),
        ("/no/such/file", 2),
        ("x\0y", 2),
    ],
)
def test_the_users_zone_or_else_the_machines(tz: str, expected: float) -> None:
    assert hours(local_zone({"TZ": tz}, zone_file("Europe/Berlin"))) == expected
    assert hours(local_zone({}, zone_file("Europe/Berlin"))) == 2


@needs_zones
@pytest.mark.parametrize("colon", ["", ":"])
def test_a_zone_may_be_given_as_a_file(colon: str) -> None:
    assert hours(local_zone({"TZ": colon + zone_file("Asia/Kathmandu")}, zone_file("Europe/Berlin"))) == 5.75


@needs_zones
def test_while_a_zone_stays_it_is_the_same_object_and_another_one_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "localtime"
    file.write_bytes(Path(zone_file("Europe/Berlin")).read_bytes())
    first = local_zone({}, str(file))

    assert local_zone({}, str(file)) is first
    file.write_bytes(Path(zone_file("Asia/Kathmandu")).read_bytes())
    assert hours(local_zone({}, str(file))) == 5.75


def test_a_machine_without_a_zone_is_at_utc(tmp_path: Path) -> None:
    (tmp_path / "garbage").write_bytes(b"TZif but not really")

    assert local_zone({}, str(tmp_path / "none")) is UTC
    assert local_zone({}, str(tmp_path / "garbage")) is UTC
    assert local_zone({}, str(tmp_path)) is UTC


def test_the_clocks_of_this_machine_go() -> None:
    clock = SystemClock()
    before_s, before_ms = clock.elapsed_s(), clock.now_ms()

    assert abs(before_ms - time.time_ns() // 1_000_000) < 60_000
    assert clock.elapsed_s() >= before_s
