"""What limits cost in a ledger of a million messages: the first look after a start, at rest, and after an event.

Nobody pauses in it, so every rolling window hangs on all windows before it: the most that there can be to find out.
"""

from __future__ import annotations

import time
from contextlib import closing
from datetime import UTC
from statistics import median
from typing import TYPE_CHECKING

from tests.bench.history import fill
from tests.bench.scene import daemon, scene

from opencode_stats.core.limits import Limit
from opencode_stats.daemon.limits import Limits
from opencode_stats.host.clock import SystemClock
from opencode_stats.host.files import own_folder
from opencode_stats.ledger.connection import open_ledger
from opencode_stats.ledger.day_sums import DaySums

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.scene import Scene

    from opencode_stats.core.limits import Of
    from opencode_stats.ledger.connection import Connection

REPEATED = 200
_FAR = 10**15


def _limit(name: str, window: str, of: Of = "all", whose: str = "") -> Limit:
    return Limit(name=name, window=window, unit="tokens", amount=_FAR, of=of, whose=whose)


SETS: tuple[tuple[str, tuple[Limit, ...]], ...] = (
    ("five hours", (_limit("a", "5h"),)),
    ("five hours of an agent", (_limit("a", "5h", "agent", "build"),)),
    ("ten days", (_limit("b", "10d"),)),
    ("ten days of a provider", (_limit("b", "10d", "provider", "openai"),)),
    ("ten days of an agent", (_limit("c", "10d", "agent", "build"),)),
    ("ten days of a workspace", (_limit("c", "10d", "workspace", "/home/user/work/project-7"),)),
    (
        "six: five hours, day, week, month in money, an agent's week, a provider's month",
        (
            _limit("d", "5h"),
            _limit("e", "day"),
            _limit("f", "week"),
            Limit(name="g", window="month", unit="usd", amount=_FAR),
            _limit("h", "week", "agent", "build"),
            Limit(name="i", window="month", unit="usd", amount=_FAR, of="provider", whose="anthropic"),
        ),
    ),
)
_SETTINGS = """
[[limits]]
name = "5-hour"
window = "5h"
tokens = 1_000_000_000
[[limits]]
name = "plan"
window = "10d"
tokens = 1_000_000_000
agent = "build"
[[limits]]
name = "month"
window = "month"
usd = 1000
"""


def measure() -> Iterator[str]:
    """The figures, a line each."""
    with scene() as on:
        own_folder(on.paths.data)
        now_ms = SystemClock().now_ms()
        fill(on.paths.ledger, now_ms)
        with closing(open_ledger(on.paths.ledger, now_ms)) as connection:
            yield "before any day is summed:"
            for name, limits in SETS[-3:-1]:
                yield f"{name}: {_look_ms(Limits(connection), limits, now_ms):.1f} ms once"
            DaySums(connection).go_on(now_ms, UTC, to_the_end=True)
            yield "when they are:"
            for name, limits in SETS:
                yield _figures(connection, name, limits, now_ms)
        yield from _starts(on)


def _look_ms(looks: Limits, limits: tuple[Limit, ...], now_ms: int) -> float:
    began_s = time.perf_counter()
    looks.look(limits, now_ms, UTC, 0)
    return (time.perf_counter() - began_s) * 1000


def _figures(connection: Connection, name: str, limits: tuple[Limit, ...], now_ms: int) -> str:
    (newest,) = connection.execute("SELECT max(id) FROM messages").fetchone()
    looks = Limits(connection)
    first_ms = _look_ms(looks, limits, now_ms)
    rest_ms = median(_look_ms(looks, limits, now_ms) for _ in range(REPEATED))
    after_ms = []
    for _ in range(REPEATED):
        connection.execute("UPDATE messages SET output = output + 1 WHERE id = ?", (newest,))
        after_ms.append(_look_ms(looks, limits, now_ms))
    return f"{name}: {first_ms:.1f} ms once, {rest_ms:.2f} ms at rest, {median(after_ms):.2f} ms after an event"


def _starts(on: Scene) -> Iterator[str]:
    """How long a daemon takes to be there, with and without limits; the first start puts the ledger in order."""
    for name, settings in (("", None), ("no limits", ""), ("three limits", _SETTINGS)):
        if settings is not None:
            on.paths.settings_file.parent.mkdir(parents=True, exist_ok=True)
            on.paths.settings_file.write_text(settings)
        began_s = time.perf_counter()
        with daemon(on):
            took_ms = (time.perf_counter() - began_s) * 1000
        if name:
            yield f"a daemon's start to its first stats.json, {name}: {took_ms:.0f} ms"
