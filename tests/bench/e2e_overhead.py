"""``opencode run`` with the plugin and without, in pairs, one right after the other in changing order."""

from __future__ import annotations

import contextlib
import random
from typing import TYPE_CHECKING, Final

from tests.bench.scene import SCRATCH, median
from tests.e2e.rig.fetch import fetched
from tests.e2e.rig.home import CLOSED_REGISTRY
from tests.e2e.rig.opencode import run
from tests.e2e.rig.prepared import prepared, user_registry
from tests.e2e.rig.stage import Stage, by_setup, no_plugin, stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PAIRS: Final = 12
LARGEST_MS: Final = 100.0
"""The median difference that is no slowing down (docs/benchmarks.md)."""
_RESAMPLES: Final = 10_000
_PROMPT: Final = "SCENARIO:tools"
_OFFLINE: Final = {"npm_config_registry": CLOSED_REGISTRY}


def measure() -> Iterator[str]:
    """The figures, a line each."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    program = fetched()
    config, registry = prepared(program), user_registry()
    with contextlib.ExitStack() as stages:
        without = stages.enter_context(stage(program, config, install=no_plugin, registry=registry, below=SCRATCH))
        with_it = stages.enter_context(stage(program, config, install=by_setup, registry=registry, below=SCRATCH))
        # As a user has it: the exporter works on the same machine at the same time.
        stages.enter_context(with_it.exporter.daemon())
        for name, extra in (("online", {}), ("offline after an online setup", _OFFLINE)):
            yield _line(name, *_pairs(without, with_it, extra))


def interval(differences: Sequence[float], *, seed: int = 1) -> tuple[float, float]:
    """The 95 % bootstrap interval of the median: percentiles over samples drawn anew from the same differences."""
    chance = random.Random(seed)
    medians = sorted(median(chance.choices(differences, k=len(differences))) for _ in range(_RESAMPLES))
    return medians[int(0.025 * _RESAMPLES)], medians[int(0.975 * _RESAMPLES)]


def _pairs(without: Stage, with_it: Stage, extra: Mapping[str, str]) -> tuple[list[float], list[float]]:
    """The durations in ms of all pairs: without the plugin, with it. The first pair only warms up."""
    took: dict[bool, list[float]] = {False: [], True: []}
    for number in range(PAIRS + 1):
        for plugin in (False, True) if number % 2 else (True, False):
            done = run((with_it if plugin else without).home, _PROMPT, extra=extra)
            if done.returncode:
                raise RuntimeError(f"opencode run ended with {done.returncode}: {done.stderr}")
            if number:
                took[plugin].append(done.duration_s * 1000)
    return took[False], took[True]


def _line(name: str, without: list[float], with_it: list[float]) -> str:
    differences = [ours - theirs for theirs, ours in zip(without, with_it, strict=True)]
    low, high = interval(differences)
    middle = median(differences)
    verdict = "no slower" if middle <= LARGEST_MS or low <= 0 <= high else "SLOWER"
    return (
        f"opencode run, {name}: {median(without):.0f} ms without, {median(with_it):.0f} ms with; median difference "
        f"of {len(differences)} pairs {middle:+.0f} ms, 95 % interval {low:+.0f} … {high:+.0f}: {verdict}"
    )
