from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from opencode_stats.daemon.places import prepare_folders
from opencode_stats.errors import UserError
from opencode_stats.host.files import FILES
from opencode_stats.host.paths import Paths

if TYPE_CHECKING:
    from pathlib import Path


def test_the_spool_is_made_for_its_owner_alone_and_the_rest_when_it_is_needed(tmp_path: Path) -> None:
    paths = Paths.of({}, tmp_path)

    prepare_folders(paths, FILES)

    assert stat.S_IMODE(paths.spool.stat().st_mode) == 0o700
    assert sorted(path.name for path in paths.state.iterdir()) == ["spool"]


@pytest.mark.parametrize("place", ["spool", "quarantine", "losses"])
def test_a_link_in_a_folders_place_is_refused(tmp_path: Path, place: str) -> None:
    paths = Paths.of({}, tmp_path)
    paths.state.mkdir(parents=True)
    getattr(paths, place).symlink_to(tmp_path)

    with pytest.raises(UserError, match="symbolic link"):
        prepare_folders(paths, FILES)
