"""What the tests of this folder hold in their hands, and the figures that they print."""

from __future__ import annotations

import contextlib
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
