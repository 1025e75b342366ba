"""What time it is, as a parameter."""

from __future__ import annotations

import io
import os
import time
from datetime import UTC, tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping

LOCAL_ZONE_FILE = "/etc/localtime"


class Clock(Protocol):
    """The two clocks that a long-lived process needs."""

    def now_ms(self) -> int:
        """The wall clock, Unix milliseconds; it may be stepped."""
        ...

    def elapsed_s(self) -> float:
        """Seconds that only grow, for intervals."""
        ...


class SystemClock:
    """This machine's clock."""

    def now_ms(self) -> int:
        """The wall clock, Unix milliseconds."""
        return time.time_ns() // 1_000_000

    def elapsed_s(self) -> float:
        """Seconds since some moment in the past; a suspended machine's sleep may be left out."""
        return time.monotonic()


def local_zone(env: Mapping[str, str], zone_file: str = LOCAL_ZONE_FILE) -> tzinfo:
    """The user's time zone as it is at this moment: ``TZ``, else the machine's, else UTC.

    Read anew at every call, because a laptop travels while the exporter runs. While it stays it is the same object.
    """
    name = env.get("TZ", "").removeprefix(":")
    if name:
        try:
            if os.path.isabs(name):
                with open(name, "rb") as file:
                    return _zone_of(file.read())
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            # A POSIX rule such as "CET-1CEST", which zoneinfo does not read; the machine's own zone is a better guess.
            pass
    try:
        with open(zone_file, "rb") as file:
            return _zone_of(file.read())
    except (OSError, ValueError):
        return UTC


@lru_cache(maxsize=2)
def _zone_of(content: bytes) -> tzinfo:
    return ZoneInfo.from_file(io.BytesIO(content))
