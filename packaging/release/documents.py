"""What is made from the commands themselves: the man page and the completions, and where packages put them."""

from __future__ import annotations

from typing import Final

from opencode_stats.cli.completion import PROGRAM, script_of
from opencode_stats.cli.main import cli
from release.man_page import man_page

MAN_PAGE: Final = f"{PROGRAM}.1"
MAN_FOLDER: Final = "usr/share/man/man1"
COMPLETIONS: Final = {"bash": f"{PROGRAM}.bash", "zsh": f"_{PROGRAM}", "fish": f"{PROGRAM}.fish"}
"""Shell → the file's name in ``dist/``."""
PLACES: Final = {
    "bash": f"usr/share/bash-completion/completions/{PROGRAM}",
    "zsh": f"usr/share/zsh/site-functions/_{PROGRAM}",
    "fish": f"usr/share/fish/vendor_completions.d/{PROGRAM}.fish",
}
"""Shell → where a package puts it, below the root."""


def documents(version: str, epoch_s: int) -> dict[str, bytes]:
    """Each file's name in ``dist/``, and its content."""
    made = {name: script_of(shell) + "\n" for shell, name in COMPLETIONS.items()}
    made[MAN_PAGE] = man_page(cli, PROGRAM, version, epoch_s)
    return {name: text.encode() for name, text in made.items()}
