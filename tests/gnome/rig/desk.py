"""What the tests of this folder hold in their hands, and the figures that they print."""

from __future__ import annotations

import contextlib
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.gnome.rig.session import Shell
    from tests.gnome.rig.world import World

CHROOT: Final = "GNOME_RIG_CHROOT"
"""In the environment: where a GNOME Shell is installed."""
PICTURES: Final = "GNOME_RIG_PICTURES"
"""In the environment: take the pictures of docs/images."""
MEASURED: Final[list[str]] = []


@dataclass(frozen=True, slots=True)
class Desk:
    """A world and the Shell of its user, with the extension installed."""

    world: World
    shell: Shell


def measured(line: str) -> None:
    """Have a figure printed at the end of the tests."""
    MEASURED.append(line)


def spread(values: list[float]) -> str:
    """Median, 99th percentile and largest."""
    ordered = sorted(values)
    high = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]
    return f"median {statistics.median(ordered):.2f}, p99 {high:.2f}, most {ordered[-1]:.2f} ms"


@contextlib.contextmanager
def kept_settings(shell: Shell, **values: str) -> Iterator[None]:
    """Other settings while the context lasts; ``_`` in a key stands for ``-``."""
    for key, value in values.items():
        shell.set(key.replace("_", "-"), value)
    try:
        yield
    finally:
        for key in values:
            shell.reset(key.replace("_", "-"))
