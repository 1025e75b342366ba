"""What limits cost in a ledger of a million messages: the first look after a start, at rest, and after an event."""

from __future__ import annotations

import time
from contextlib import closing
from datetime import UTC
from statistics import median
from typing import TYPE_CHECKING

from tests.bench.history import fill
from tests.bench.scene import scene

from opencode_stats.core.limits import Limit
from opencode_stats.daemon.limits import Limits
from opencode_stats.host.clock import SystemClock
from opencode_stats.host.files import own_folder
from opencode_stats.ledger.connection import open_ledger

if TYPE_CHECKING:
    from collections.abc import Iterator

REPEATED = 200
_FAR = 10**15
SETS = (
    ("five hours", (Limit(name="a", window="5h", unit="tokens", amount=_FAR),)),
    ("ten days, never a pause", (Limit(name="b", window="10d", unit="tokens", amount=_FAR),)),
    ("ten days of an agent", (Limit(name="c", window="10d", unit="tokens", amount=_FAR, of="agent", whose="build"),)),
    (
        "six: five hours, day, week, month in money, an agent's week, a provider's month",
        (
            Limit(name="d", window="5h", unit="tokens", amount=_FAR),
            Limit(name="e", window="day", unit="tokens", amount=_FAR),
            Limit(name="f", window="week", unit="tokens", amount=_FAR),
            Limit(name="g", window="month", unit="usd", amount=_FAR),
            Limit(name="h", window="week", unit="tokens", amount=_FAR, of="agent", whose="build"),
            Limit(name="i", window="month", unit="usd", amount=_FAR, of="provider", whose="anthropic"),
        ),
    ),
)


def measure() -> Iterator[str]:
    """The figures, a line each."""
    with scene() as on:
        own_folder(on.paths.data)
        now_ms = SystemClock().now_ms()
        fill(on.paths.ledger, now_ms)
        with closing(open_ledger(on.paths.ledger, now_ms)) as connection:
            (newest,) = connection.execute("SELECT max(id) FROM messages").fetchone()
            for name, limits in SETS:
                looks = Limits(connection)

                def look(looks: Limits = looks, limits: tuple[Limit, ...] = limits) -> float:
                    began_s = time.perf_counter()
                    looks.look(limits, now_ms, UTC, 0)
                    return (time.perf_counter() - began_s) * 1000

                first_ms = look()
                rest_ms = median(look() for _ in range(REPEATED))
                after_ms = []
                for _ in range(REPEATED):
                    connection.execute("UPDATE messages SET output = output + 1 WHERE id = ?", (newest,))
                    after_ms.append(look())
                event_ms = median(after_ms)
                yield f"{name}: {first_ms:.1f} ms once, {rest_ms:.2f} ms at rest, {event_ms:.2f} ms after an event"
