"""``opencode run`` without a plugin, with an empty one and with ours, in turns, one right after the other.

The empty plugin shows what OpenCode itself takes for having any plugin at all; the rest is ours.
"""

from __future__ import annotations

import contextlib
import random
import resource
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tests.bench.scene import SCRATCH, median
from tests.e2e.rig.fetch import fetched
from tests.e2e.rig.home import CLOSED_REGISTRY
from tests.e2e.rig.opencode import run
from tests.e2e.rig.prepared import prepared, user_registry
from tests.e2e.rig.stage import by_setup, empty_plugin, no_plugin, stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.e2e.rig.stage import Stage

ROUNDS: Final = 12
LARGEST_MS: Final = 100.0
"""A median difference up to this is no slowing down; nor is one whose interval contains 0 (docs/benchmarks.md)."""
_RESAMPLES: Final = 10_000
_PROMPT: Final = "SCENARIO:tools"
_ARMS: Final = {"no plugin": no_plugin, "an empty plugin": empty_plugin, "opencode-stats": by_setup}
_COMPARED: Final = (
    ("opencode-stats", "no plugin"),
    ("an empty plugin", "no plugin"),
    ("opencode-stats", "an empty plugin"),
)


@dataclass(frozen=True, slots=True)
class Took:
    """One run: from start to end, and what it used of the processors, which other work on the machine hardly moves."""

    whole_ms: float
    processor_ms: float


def measure() -> Iterator[str]:
    """The figures, a line each."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    program = fetched()
    config, registry = prepared(program), user_registry()
    with contextlib.ExitStack() as stages:
        arms = {
            name: stages.enter_context(stage(program, config, install=install, registry=registry, below=SCRATCH))
            for name, install in _ARMS.items()
        }
        # As a user has it: the exporter works on the same machine at the same time.
        stages.enter_context(arms["opencode-stats"].exporter.daemon())
        for name, extra in (
            ("online", {}),
            ("offline after an online setup", {"npm_config_registry": CLOSED_REGISTRY}),
        ):
            took = _rounds(arms, extra)
            for arm, runs in took.items():
                whole, processor = (median(values) for values in _columns(runs))
                yield f"opencode run, {name}, {arm}: {whole:.0f} ms; {processor:.0f} ms of processor time"
            for ours, theirs in _COMPARED:
                yield f"  {ours} against {theirs}: {_comparison(took[ours], took[theirs])}"


def interval(differences: Sequence[float], *, seed: int = 1) -> tuple[float, float]:
    """The 95 % bootstrap interval of the median: percentiles over samples drawn anew from the same differences."""
    chance = random.Random(seed)
    medians = sorted(median(chance.choices(differences, k=len(differences))) for _ in range(_RESAMPLES))
    return medians[int(0.025 * _RESAMPLES)], medians[int(0.975 * _RESAMPLES)]


def _rounds(arms: Mapping[str, Stage], extra: Mapping[str, str]) -> dict[str, list[Took]]:
    """What each arm took, round by round, every round in another order. The first round only warms up."""
    took: dict[str, list[Took]] = {name: [] for name in arms}
    names = list(arms)
    for number in range(ROUNDS + 1):
        start = number % len(names)
        for name in names[start:] + names[:start]:
            before_s = _children_s()
            done = run(arms[name].home, _PROMPT, extra=extra)
            if done.returncode:
                raise RuntimeError(f"opencode run ended with {done.returncode}: {done.stderr}")
            if number:
                took[name].append(Took(done.duration_s * 1000, (_children_s() - before_s) * 1000))
    return took


def _children_s() -> float:
    """The processor time of all programs that this one started and that ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _columns(runs: Sequence[Took]) -> tuple[list[float], list[float]]:
    return [took.whole_ms for took in runs], [took.processor_ms for took in runs]


def _comparison(ours: Sequence[Took], theirs: Sequence[Took]) -> str:
    (whole, processor) = (
        [a - b for a, b in zip(mine, other, strict=True)]
        for mine, other in zip(_columns(ours), _columns(theirs), strict=True)
    )
    low, high = interval(whole)
    verdict = "no slower" if median(whole) <= LARGEST_MS or low <= 0 <= high else "SLOWER"
    return (
        f"{len(whole)} pairs, median {median(whole):+.0f} ms, 95 % interval {low:+.0f} … {high:+.0f}: {verdict}; "
        f"of processor time {median(processor):+.0f} ms"
    )
