"""The one line of the user's settings that ``setup`` may write. Pure: texts in, texts out."""

from __future__ import annotations

from typing import Final

BLOCK: Final = """\
# Set by `opencode-stats setup`: OpenCode's plugin starts the exporter, since no systemd user service does here.
autostart = true
"""


def with_autostart(text: str) -> str:
    """The settings with the plugin allowed to start the exporter; in front, where no table has begun yet."""
    return BLOCK + text


def without_autostart(text: str) -> str:
    """The settings without our line. One that the user changed since is the user's, and stays."""
    return text.replace(BLOCK, "", 1)
