"""The user's settings: one TOML file.

``keys`` says what can be set, ``reading`` understands the file, ``live`` follows it in an exporter, ``editing`` changes
it and keeps its comments, ``page`` writes of it.

Nothing here but ``editing`` imports more than the standard library: readers of figures start with it.
"""

from opencode_stats.settings.keys import KEYS, Settings
from opencode_stats.settings.reading import read_settings

__all__ = ["KEYS", "Settings", "read_settings"]
