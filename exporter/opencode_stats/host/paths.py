"""Where everything lives. Resolved once per process, from the environment it is given; nothing is created here."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

APP = "opencode-stats"


def _xdg(env: Mapping[str, str], name: str, default: Path) -> Path:
    """An XDG base directory; a relative value is ignored.

    Source: XDG Base Directory Specification, "All paths … must be absolute".
    """
    value = env.get(name, "")
    return Path(value) if os.path.isabs(value) else default


@dataclass(frozen=True, slots=True)
class Paths:
    """Every place the exporter reads or writes, absolute.

    ``platformdirs`` is not asked: on macOS it answers with ``~/Library/…``, while OpenCode itself, whose neighbour we
    are, follows the XDG rules everywhere.
    """

    config: Path
    data: Path
    state: Path
    stats_file: Path
    opencode_data: Path
    opencode_config: Path
    systemd_user: Path
    opencode_cache: Path
    launch_agents: Path

    @classmethod
    def of(cls, env: Mapping[str, str], home: Path) -> Paths:
        """The places that this environment and home mean."""
        data_home = _xdg(env, "XDG_DATA_HOME", home / ".local" / "share")
        config_home = _xdg(env, "XDG_CONFIG_HOME", home / ".config")
        state_home = _xdg(env, "XDG_STATE_HOME", home / ".local" / "state")
        return cls(
            config=config_home / APP,
            data=data_home / APP,
            state=state_home / APP,
            stats_file=data_home / "opencode" / "stats.json",
            opencode_data=data_home / "opencode",
            opencode_config=config_home / "opencode",
            systemd_user=config_home / "systemd" / "user",
            opencode_cache=_xdg(env, "XDG_CACHE_HOME", home / ".cache") / "opencode",
            launch_agents=home / "Library" / "LaunchAgents",
        )

    @property
    def settings_file(self) -> Path:
        """The user's settings, TOML; it may be missing."""
        return self.config / "settings.toml"

    @property
    def good_settings(self) -> Path:
        """The settings with which the exporter last worked, for when the user's file is wrong."""
        return self.state / "settings.good.toml"

    @property
    def told(self) -> Path:
        """What the user was told of already (``desktop.told``)."""
        return self.state / "told.json"

    @property
    def opencode_prices(self) -> Path:
        """The price list that OpenCode fetched, if it could: models.dev's ``api.json``."""
        return self.opencode_cache / "models.json"

    @property
    def ledger(self) -> Path:
        """The ledger's database file."""
        return self.data / "ledger.db"

    @property
    def backups(self) -> Path:
        """The ledger's backups (docs/adr/0009-backups-and-recovery.md)."""
        return self.data / "backups"

    @property
    def workspace_stats(self) -> Path:
        """A file for each workspace, where the user asked for them."""
        return self.data / "workspaces"

    @property
    def damaged(self) -> Path:
        """Ledgers that were found damaged, each in a folder of its own with what was made of it."""
        return self.data / "damaged"

    @property
    def spool(self) -> Path:
        """The folder of spool files (docs/spool.md)."""
        return self.state / "spool"

    @property
    def kept_spool(self) -> Path:
        """Spool files that are taken in and finished, until backups hold what they said."""
        return self.state / "kept"

    @property
    def quarantine(self) -> Path:
        """Where bad lines are kept."""
        return self.state / "quarantine"

    @property
    def losses(self) -> Path:
        """Where the plugin says what it could not keep."""
        return self.state / "losses"

    @property
    def doorbell(self) -> Path:
        """The named pipe that the plugin rings."""
        return self.state / "doorbell"

    @property
    def control(self) -> Path:
        """The socket on which the daemon takes requests."""
        return self.state / "control.sock"

    @property
    def lock(self) -> Path:
        """Held by the one exporter at work."""
        return self.state / "lock"

    @property
    def stamp(self) -> Path:
        """Replaced after every publishing, alone in its folder, for file monitors that are slow in busy folders."""
        return self.state / "stamp" / "published"
