from __future__ import annotations

from pathlib import Path

import pytest

from opencode_stats.host.paths import Paths

HOME = Path("/home/me")


def test_the_places_without_any_variable() -> None:
    paths = Paths.of({}, HOME)

    assert paths.stats_file == HOME / ".local/share/opencode/stats.json"
    assert paths.ledger == HOME / ".local/share/opencode-stats/ledger.db"
    assert paths.settings_file == HOME / ".config/opencode-stats/settings.toml"
    assert paths.systemd_user == HOME / ".config/systemd/user"
    assert (paths.opencode_data, paths.opencode_config) == (HOME / ".local/share/opencode", HOME / ".config/opencode")
    state = HOME / ".local/state/opencode-stats"
    assert {paths.spool, paths.quarantine, paths.losses, paths.doorbell, paths.control, paths.lock} == {
        state / name for name in ("spool", "quarantine", "losses", "doorbell", "control.sock", "lock")
    }
    assert paths.stamp == state / "stamp" / "published"


def test_the_variables_move_them() -> None:
    env = {"XDG_DATA_HOME": "/d", "XDG_CONFIG_HOME": "/c", "XDG_STATE_HOME": "/s"}

    paths = Paths.of(env, HOME)

    assert (paths.stats_file, paths.spool) == (Path("/d/opencode/stats.json"), Path("/s/opencode-stats/spool"))
    assert paths.opencode_config == Path("/c/opencode")


@pytest.mark.parametrize("value", ["", "relative", "./x", "~/x", "../up"])
def test_a_variable_that_is_not_absolute_is_ignored(value: str) -> None:
    env = dict.fromkeys(("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"), value)

    assert Paths.of(env, HOME) == Paths.of({}, HOME)
