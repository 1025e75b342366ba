"""What it costs to forget the detail of almost a million messages: in all, and how long a figure waits at most."""

from __future__ import annotations

import resource
import time
from datetime import UTC
from typing import TYPE_CHECKING

from tests.bench.history import DAY_MS, DAYS, MESSAGES, fill
from tests.bench.scene import median, scene

from opencode_stats.core.history import spans
from opencode_stats.core.keeping import LEAST_DAYS
from opencode_stats.host.clock import SystemClock
from opencode_stats.host.files import own_folder
from opencode_stats.ledger.connection import open_ledger, open_reader
from opencode_stats.ledger.day_sums import DaySums
from opencode_stats.ledger.forgetting import Forgetting
from opencode_stats.ledger.queries import total
from opencode_stats.ledger.soundness import findings_now
from opencode_stats.ledger.timeline import figures_over

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opencode_stats.core.history import Period, Split

QUESTIONS: tuple[tuple[Period, Split], ...] = (("day", "model"), ("month", "directory"))


def measure(number: int = MESSAGES) -> Iterator[str]:
    """The figures, a line each."""
    with scene() as on:
        own_folder(on.paths.data)
        now_ms = SystemClock().now_ms()
        fill(on.paths.ledger, now_ms, number)
        connection = open_ledger(on.paths.ledger, now_ms)
        DaySums(connection).go_on(now_ms, UTC, to_the_end=True)
        before = total(connection)
        before_mib = on.paths.ledger.stat().st_size / 2**20
        rss_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        forgetting = Forgetting(connection)
        steps_ms, more = [], True
        began_s, began_cpu_s = time.perf_counter(), time.process_time()
        while more:
            started = time.process_time()
            more = forgetting.go_on(now_ms, UTC, days=LEAST_DAYS)
            steps_ms.append((time.process_time() - started) * 1000)
        took_s, cpu_s = time.perf_counter() - began_s, time.process_time() - began_cpu_s
        grown_mib = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - rss_kib) / 1024
        (left,) = connection.execute("SELECT count(*) FROM messages").fetchone()
        assert total(connection) == before
        yield f"{number:,} messages, {number - left:,} of them forgotten: {took_s:.0f} s, {cpu_s:.0f} s of work"
        longest_ms = max(steps_ms)
        yield f"  {len(steps_ms)} steps of {median(steps_ms):.1f} ms of work, the longest {longest_ms:.0f} (at most 50)"
        yield f"  memory: {grown_mib:.0f} MiB more (at most 20)"
        started = time.process_time()
        DaySums(connection).go_on(now_ms, UTC, to_the_end=True)
        yield f"  its days summed again in {time.process_time() - started:.1f} s of work"
        for period, split in QUESTIONS:
            stretches = spans(now_ms - DAYS * DAY_MS, now_ms, period, UTC)
            started = time.process_time()
            figures_over(connection, stretches, split)
            took_ms = (time.process_time() - started) * 1000
            yield f"  three years by {period} and {split}: {took_ms:.0f} ms of work (at most 50)"
        connection.execute("VACUUM")
        connection.close()
        yield f"  {before_mib:.0f} MiB before; {on.paths.ledger.stat().st_size / 2**20:.0f} MiB are in use after"
        reader = open_reader(on.paths.ledger)
        started = time.perf_counter()
        assert findings_now(reader) == []
        yield f"  a close look: {time.perf_counter() - started:.2f} s"
        reader.close()


if __name__ == "__main__":
    print(*measure(), sep="\n")
