"""Days fill the time line without gap or overlap, in every zone there is."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import example, given
from hypothesis import strategies as st

from opencode_stats.core.days import SLOT_MS, day_of

ZONES = sorted(available_timezones() - {"localtime"})
FIRST_MS = 315_532_800_000  # 1980: before it, some zones were not a whole number of quarter hours from UTC
LAST_MS = 4_102_444_800_000  # 2100
HOUR_MS = 3_600_000


@given(zone=st.sampled_from(ZONES), at_ms=st.integers(FIRST_MS, LAST_MS))
@example(zone="America/St_Johns", at_ms=int(datetime.fromisoformat("2010-11-06T23:30-03:30").timestamp() * 1000))
@example(zone="America/Sao_Paulo", at_ms=int(datetime.fromisoformat("2018-11-04T01:00-02:00").timestamp() * 1000))
@example(zone="Pacific/Apia", at_ms=int(datetime.fromisoformat("2011-12-31T00:00+14:00").timestamp() * 1000))
def test_an_instant_lies_in_its_day_and_days_touch(zone: str, at_ms: int) -> None:
    place = ZoneInfo(zone)
    day = day_of(at_ms, place)

    assert day.start_ms <= at_ms < day.end_ms
    assert day.start_ms % SLOT_MS == day.end_ms % SLOT_MS == 0
    assert day_of(day.start_ms, place) == day_of(day.end_ms - 1, place) == day
    assert day_of(day.start_ms - 1, place).end_ms == day.start_ms
    assert day_of(day.end_ms, place).start_ms == day.end_ms
    assert day_of(day.end_ms, place).date > day.date


@given(zone=st.sampled_from(ZONES), at_ms=st.integers(FIRST_MS, LAST_MS))
def test_a_day_is_about_as_long_as_a_day(zone: str, at_ms: int) -> None:
    day = day_of(at_ms, ZoneInfo(zone))

    # Midnight of a date that a zone left out would make it longer; two such jumps fall into these years.
    assert 20 * HOUR_MS <= day.end_ms - day.start_ms <= 28 * HOUR_MS or zone in (
        "Pacific/Apia", "Pacific/Fakaofo", "Pacific/Enderbury", "Pacific/Kanton", "Pacific/Kiritimati",
        "Pacific/Kwajalein", "Kwajalein",
    )  # fmt: skip
