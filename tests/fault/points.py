"""Every fault point of the scenario: what there is to try, and whether one of them came right."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.fault.calls import DEEDS, KILL, LAYERS, Fault
from tests.fault.lives import disturbed, findings, undisturbed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.fault.calls import Layer

_MEMORY: Final = "/dev/shm"
SOON: Final = 200
"""Calls of a life in which it makes up for how the last one ended."""


@dataclass(frozen=True)
class Truth:
    """What the undisturbed story comes to, and the calls that it takes."""

    figures: Mapping[str, Any]
    quarantined: list[bytes]
    hosts: Mapping[str, tuple[int, int]]
    workspaces: list[dict[str, Any]]
    calls: Mapping[Layer, int]


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for one story, in memory where there is such a place.

    A kill takes nothing back that the kernel was given, so waiting for a disk would prove nothing more here.
    """
    folder = tempfile.mkdtemp(dir=_MEMORY if os.path.isdir(_MEMORY) else None, prefix="opencode-stats-fault-")
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder)


def truth() -> Truth:
    """The story without a fault."""
    with scratch() as home:
        world, calls = undisturbed(home)
        assert world.strays == []
        assert findings(world) == []
        return Truth(world.figures, world.quarantined, world.hosts, world.workspaces, dict(calls.numbers))


def faults(calls: Mapping[Layer, int]) -> list[Fault]:
    """All of them: everything that can go wrong, at every call."""
    return [Fault(layer, deed, at) for layer in LAYERS for deed in DEEDS[layer] for at in range(1, calls[layer] + 1)]


def second_faults(calls: Mapping[Layer, int], number: int, seed: int) -> list[tuple[Fault, Fault]]:
    """So many pairs, drawn at random: a kill, and something that goes wrong while the next life makes up for it."""
    rng = random.Random(seed)
    all_of_them = faults(calls)
    kills = [fault for fault in all_of_them if fault.deed == KILL]
    soon = [fault for fault in all_of_them if fault.at <= SOON]
    return [(rng.choice(kills), rng.choice(soon)) for _ in range(number)]


def check(expected: Truth, *met: Fault) -> None:
    """Raises AssertionError unless all comes right after these."""
    with scratch() as home:
        world = disturbed(home, *met)
        assert world.figures == expected.figures, "other figures"
        assert world.quarantined == expected.quarantined, "other bad lines in quarantine"
        assert world.workspaces == expected.workspaces, "other figures of workspaces"
        assert world.strays == [], f"left behind: {world.strays}"
        # Last: a reader leaves SQLite's own two files where nobody else is at work.
        assert findings(world) == [], findings(world)
        assert world.hosts == expected.hosts, f"other figures of hosts: {world.hosts}"
