"""The user's settings: one TOML file, every value with a default."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final

from opencode_stats.errors import UserError
from opencode_stats.host.files import read_plain

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the user may choose.

    ``autostart``: the plugin starts the exporter where no service does; ``linger_s``: how long such an exporter stays
    after the last OpenCode has gone, in seconds; ``day_start_hour``: the local hour, 0 to 23, at which a day begins;
    ``inactive_after_minutes``: how long a run may be silent before that asks for attention, 0 for as long as it likes.
    """

    autostart: bool = False
    linger_s: int = 600
    day_start_hour: int = 0
    inactive_after_minutes: int = 15


_RANGES: Final = {
    "linger_s": range(2**53),
    "day_start_hour": range(24),
    "inactive_after_minutes": range(7 * 24 * 60 + 1),
}


def read_settings(file: Path) -> Settings:
    """The settings; a missing file means the defaults, unknown names are left for newer versions.

    Raises:
        UserError: the file is not TOML, or a value has the wrong type or range.
    """
    try:
        found = tomllib.loads(read_plain(file).decode())
    except FileNotFoundError:
        return Settings()
    except OSError as error:
        raise UserError(f"The settings {file} can't be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"The settings {file} are not valid TOML: {error}.") from error
    chosen = {field.name: found[field.name] for field in fields(Settings) if field.name in found}
    for name, value in chosen.items():
        if type(value) is not type(getattr(Settings(), name)) or value not in _RANGES.get(name, (value,)):
            raise UserError(f"The setting {name} in {file} has a value that it can't have: {value!r}.")
    return Settings(**chosen)
