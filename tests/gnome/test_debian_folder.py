"""The folder of a GNOME Shell, as far as it is ours to keep in order."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.support.debian import unmount_below

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.gnome


def test_what_a_killed_mmdebstrap_left_mounted_is_taken_off(tmp_path: Path) -> None:
    root, beside = tmp_path / "suite half-made", tmp_path / "suite half-made too"
    for place in (root / "dev" / "pts", root / "proc", beside):
        place.mkdir(parents=True)
    for place in (root / "dev", root / "dev" / "pts", root / "proc", root / "proc", beside):
        place.mkdir(exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(place)], check=True)
    try:
        unmount_below(root)

        assert not any(place.is_mount() for place in (root / "dev", root / "proc"))
        assert beside.is_mount(), "what is next to it is not ours"
        subprocess.run(["rm", "-rf", "--one-file-system", str(root)], check=True)
        assert not root.exists()
    finally:
        subprocess.run(["umount", str(beside)], check=True)
