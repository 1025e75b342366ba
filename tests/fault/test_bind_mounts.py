"""Folders that are mounts of their own, as a hardened unit makes them: between them nothing can be renamed."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING

from tests.support.mounts import mounted
from tests.unit.daemon.household import Household, until

if TYPE_CHECKING:
    from pathlib import Path

MOVE = "import os, sys; os.rename(sys.argv[1], sys.argv[2])"


def has(household: Household, tokens: int) -> bool:
    return household.tokens == tokens


def test_stats_json_is_replaced_although_no_file_can_be_moved_there(tmp_path: Path) -> None:
    data = tmp_path / ".local" / "share"
    folders = [data / "opencode-stats", data / "opencode", tmp_path / ".local" / "state" / "opencode-stats"]
    for folder in folders:
        folder.mkdir(parents=True, mode=0o700)
    (folders[0] / "probe").write_bytes(b"")
    bind = 'for folder in "$@"; do mount --bind "$folder" "$folder" || exit; done'

    with mounted(bind, *folders) as mounts:
        household = Household(tmp_path, prefix=mounts.prefix)
        moved = subprocess.run(
            [*mounts.prefix, sys.executable, "-c", MOVE, folders[0] / "probe", folders[1] / "probe"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Invalid cross-device link" in moved.stderr
        with household.opencode() as opencode, household.daemon() as daemon:
            for tokens in (5, 12):
                before = household.paths.stats_file.stat().st_ino
                opencode.script.answer("ses_a", input=tokens - household.tokens)
                household.tell(opencode)
                household.ring()
                until(partial(has, household, tokens), "the answer")
                assert household.paths.stats_file.stat().st_ino != before
            assert household.stats["exporter"]["health"]["problems"] == []
            assert daemon.end() == 0

    assert os.listdir(folders[1]) == ["stats.json"]
    assert [str(path) for path in tmp_path.rglob("*.tmp")] == []
