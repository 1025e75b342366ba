"""From a model's last byte, through the real OpenCode, until stats.json says what it cost."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Final

from tests.bench import latency
from tests.bench.scene import SCRATCH, high, median
from tests.e2e.rig.books import expected
from tests.e2e.rig.fetch import fetched
from tests.e2e.rig.opencode import serving
from tests.e2e.rig.prepared import prepared
from tests.e2e.rig.stage import by_setup, stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.e2e.rig.stage import Stage
    from tests.mock_provider import Charge

ROUNDS: Final = 30
_QUIET_S: Final = 1.2
"""How long the model is silent before its last byte: what counts is a daemon idle before, not its pace in a burst."""
_PATIENCE_S: Final = 20.0


def measure() -> Iterator[str]:
    """The figures, a line each. The two clocks are one: everything runs on this machine, and both read its time."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    program = fetched()
    whole, ours, floors = [], [], []
    with (
        stage(program, prepared(program), install=by_setup, below=SCRATCH) as on,
        on.exporter.daemon(),
        serving(on.home) as server,
    ):
        project = on.home.project
        conversation = server.ask(project, "SCENARIO:hello")
        for number in range(ROUNDS):
            gate = f"round-{number}"
            server.prompt_async(project, conversation, f"SCENARIO:held GATE:{gate}")
            on.provider.gates.wait_reached(gate)
            time.sleep(_QUIET_S)
            before = len(on.charges)
            on.provider.gates.open(gate)
            charge = on.provider.charges.wait_for(_more_than(before))[-1]
            seen_ms = _wait_total(on, expected(on.charges)["totalTokens"])
            told_ms = _told_ms(on.home.spool)
            whole.append(seen_ms - charge.at_ms)
            ours.append(seen_ms - told_ms)
            server.wait_idle(project)
            floors.append(latency._floor_ms(on.home.root, on.home.stats_file.stat().st_size))
    floor = median(floors)
    yield f"model's last byte to stats.json: median {median(whole):.1f} ms, p99 {high(whole):.1f} ms"
    yield f"OpenCode's event to stats.json: median {median(ours):.1f} ms, p99 {high(ours):.1f} ms"
    yield f"  floor (wake + write + fsync + rename + fsync): median {floor:.1f} ms; ratio {median(ours) / floor:.1f}"


def _more_than(number: int) -> Callable[[list[Charge]], bool]:
    return lambda charges: len(charges) > number


def _wait_total(on: Stage, tokens: int) -> float:
    """Spin until stats.json's total says so; gives that moment in ms."""
    deadline_s = time.monotonic() + _PATIENCE_S
    while on.published["total"]["totalTokens"] != tokens:
        if time.monotonic() > deadline_s:
            raise TimeoutError("stats.json never said so")
    return time.time_ns() / 1e6


def _told_ms(spool: Path) -> float:
    """When the plugin was told the last message's usage: whole ms, so half a millisecond is added."""
    (file,) = spool.glob("*.jsonl")
    lines = [json.loads(line) for line in file.read_bytes().splitlines()]
    told = [line["at_ms"] for line in lines if line.get("finish") and "completed_ms" not in line]
    return float(told[-1]) + 0.5
