"""What questions about the past cost in a ledger of a million messages: each query, the day table, the whole export."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tests.bench.past import pass_ms, questions, slowest, took_ms
from tests.bench.scene import daemon, scene

from opencode_stats.core.history import spans
from opencode_stats.host.clock import SystemClock
from opencode_stats.host.files import own_folder
from opencode_stats.ledger.connection import open_ledger, open_reader, transaction
from opencode_stats.ledger.day_sums import DaySums
from opencode_stats.ledger.sums import add_sums, not_added
from opencode_stats.ledger.timeline import figures_over, prompts_over

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo
    from pathlib import Path

    from tests.bench.scene import Scene

    from opencode_stats.core.history import Period, Split

MESSAGES = 1_000_000
DAYS = 3 * 365
A_CONVERSATION = 30
A_PROMPT = 8
DAY_MS = 24 * 3600 * 1000
MODELS = (("anthropic", "claude-sonnet-5"), ("anthropic", "claude-opus-5"), ("openai", "gpt-5"), ("mock", "mock-1"))
AGENTS = ("build", "build", "build", "plan", "general")
WORKSPACES = 40
_FACTS = (
    "message, conversation, origin, standing, state, api, stage, event, created_seen, first_at_ms, counted_at_ms, "
    "agent, provider, model, directory, input, output, reasoning, cache_read, cache_write, cost_microusd, created_ms, "
    "completed_ms, finish, summary"
)
_STARTER = """
import json, os, subprocess, sys, time
began = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, used = os.wait4(process.pid, 0)
assert status == 0, sys.argv
print(json.dumps([time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]))
"""
QUESTIONS: tuple[tuple[str, Period, Split, int], ...] = (
    ("three years by day", "day", "model", DAYS),
    ("three years by week and agent", "week", "agent", DAYS),
    ("three years by month and workspace", "month", "directory", DAYS),
    ("three years by month and conversation", "month", "conversation", DAYS),
    ("thirty days by day and model", "day", "model", 30),
    ("thirty days by day and workspace", "day", "directory", 30),
    ("a day by hour and model", "hour", "model", 1),
)


def measure() -> Iterator[str]:
    """The figures, a line each."""
    with scene() as on:
        own_folder(on.paths.data)
        now_ms = SystemClock().now_ms()
        fill(on.paths.ledger, now_ms)
        connection = open_ledger(on.paths.ledger, now_ms)
        started = time.perf_counter()
        DaySums(connection).go_on(now_ms, UTC, to_the_end=True)
        summed_s = time.perf_counter() - started
        connection.close()
        size_mib = on.paths.ledger.stat().st_size / 2**20
        yield "questions in processor time:"
        yield f"{MESSAGES:,} messages of {DAYS} days ({size_mib:.0f} MiB); their days summed in {summed_s:.1f} s, once"
        yield from _questions(on.paths.ledger, now_ms)
        yield from _every_question(on.paths.ledger, now_ms)
        with daemon(on):
            wall_s, cpu_s, _ = _command(on, "history", "--since", "3y")
            yield f"opencode-stats history --since 3y: {wall_s:.2f} s, {cpu_s:.2f} s of processor time (at most 0.3)"
            for form in ("csv", "ndjson"):
                wall_s, cpu_s, mib = _command(on, "export", "--format", form, "--output", str(on.home / "rows"))
                size_mib = (on.home / "rows").stat().st_size / 2**20
                yield f"export as {form}, {size_mib:.0f} MiB: {wall_s:.1f} s (at most 10), {cpu_s:.1f} s of work"
                yield f"  {mib:.0f} MiB of memory (at most 60)"


def fill(path: Path, now_ms: int, messages: int = MESSAGES) -> None:
    """A ledger of three years: conversations of some thirty messages in a place, most with one model."""
    dice = Random(1)
    connection = open_ledger(path, 1)
    connection.execute("PRAGMA synchronous = OFF")
    step_ms = DAYS * DAY_MS // messages
    with transaction(connection):
        with not_added(connection):
            connection.executemany(
                f"INSERT INTO messages ({_FACTS}) VALUES ({', '.join('?' * (_FACTS.count(',') + 1))})",
                (_message(number, now_ms - (messages - number) * step_ms, dice) for number in range(messages)),
            )
        add_sums(connection, 0)
        connection.execute(
            f"INSERT INTO prompts SELECT conversation, message, NULL, counted_at_ms, NULL, NULL, NULL FROM messages "
            f"WHERE id % {A_PROMPT} = 0"
        )
        connection.execute(
            "INSERT INTO conversations (conversation, parent, directory, created_ms) SELECT conversation, "
            f"CASE WHEN (id / {A_CONVERSATION}) % 10 = 9 THEN lag(conversation) OVER (ORDER BY id) END, "
            f"directory, counted_at_ms FROM messages WHERE (id - 1) % {A_CONVERSATION} = 0"
        )
    connection.close()


def _message(number: int, at_ms: int, dice: Random) -> tuple[object, ...]:
    conversation = number // A_CONVERSATION
    provider, model = MODELS[conversation % len(MODELS) if dice.random() < 0.95 else dice.randrange(len(MODELS))]
    took_ms = dice.randrange(500, 60_000)
    return (
        f"msg_{number:026d}", f"ses_{conversation:026d}", "live", "counted", "final", 1, "completed", "", 1,
        at_ms - took_ms, at_ms, AGENTS[conversation % len(AGENTS)], provider, model,
        f"/home/user/work/project-{conversation * 7 % WORKSPACES}", dice.randrange(5_000), dice.randrange(1_000),
        dice.randrange(500), dice.randrange(100_000), dice.randrange(2_000), dice.randrange(50_000), at_ms - took_ms,
        at_ms, "stop" if number % 4 == 0 else "tool-calls", 0,
    )  # fmt: skip


def _questions(path: Path, now_ms: int) -> Iterator[str]:
    connection = open_reader(path)
    end_ms = int(
        datetime.fromtimestamp(now_ms / 1000, UTC).replace(minute=0, second=0, microsecond=0).timestamp() * 1000
    )
    for what, period, split, days in QUESTIONS:
        stretches = spans(end_ms - days * DAY_MS, end_ms, period, UTC)
        cells = sum(map(len, figures_over(connection, stretches, split)))
        ms = took_ms(lambda: figures_over(connection, stretches, split))  # noqa: B023 - called at once
        yield f"{what}: {ms:.1f} ms ({len(stretches)} stretches, {cells:,} figures; at most 50)"
    stretches = spans(end_ms - DAYS * DAY_MS, end_ms, "day", UTC)
    yield f"prompts of three years by day: {took_ms(lambda: prompts_over(connection, stretches)):.1f} ms (at most 50)"
    connection.close()


def _every_question(path: Path, now_ms: int) -> Iterator[str]:
    """In a zone whose days begin at no full hour, too, and where days begin at four."""
    zones: tuple[tuple[str, tzinfo, int], ...] = (
        ("UTC", UTC, 0), ("UTC, days begin at 4", UTC, 4), ("Kathmandu", ZoneInfo("Asia/Kathmandu"), 0),
    )  # fmt: skip
    for name, zone, start_hour in zones:
        with closing(open_ledger(path, now_ms)) as connection:
            DaySums(connection).go_on(now_ms, zone, start_hour, to_the_end=True)
        with closing(open_reader(path)) as connection:
            floor_ms = pass_ms(connection)
            yield f"every question, {name}; a pass over all messages takes {floor_ms:.0f} ms:"
            yield from slowest(questions(connection, now_ms, DAYS, zone, start_hour), floor_ms)
    with closing(open_ledger(path, now_ms)) as connection:
        DaySums(connection).go_on(now_ms, UTC, to_the_end=True)


def _command(on: Scene, *words: str) -> tuple[float, float, float]:
    """Seconds on the clock, seconds of processor time, and the most memory, in MiB.

    A small process starts it: what Linux says of a child's memory contains that of its parent when it began.
    """
    started = [sys.executable, "-S", "-c", _STARTER, *on.command(*words)]
    done = subprocess.run(started, env=on.env, stdout=subprocess.PIPE, check=True)
    wall_s, cpu_s, mib = json.loads(done.stdout.splitlines()[-1])
    return wall_s, cpu_s, mib
