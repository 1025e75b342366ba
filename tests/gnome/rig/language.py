"""What a Shell of another language needs before an extension in it is translated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gnome_extension.tools.pack import mo

if TYPE_CHECKING:
    from pathlib import Path

SHELL_DOMAIN: Final = "gnome-shell"
HEADER: Final = "Content-Type: text/plain; charset=UTF-8\n"


def translate_shell(shared: Path, locale: str) -> None:
    """Put a stand-in for the Shell's own translation into the folder that becomes /usr/share/locale (enter.sh).

    The packages are unpacked without theirs. GLib translates a library's or an extension's texts only in a program that
    is translated itself, and looks for that at one text, the translation's header (g_dgettext): so that is all it has,
    and what the Shell itself says stays English.

    Args:
        shared: the folder that the Shell shares with the tests.
        locale: as ``de_DE.UTF-8``.
    """
    folder = shared / "locale" / locale.partition("_")[0] / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / f"{SHELL_DOMAIN}.mo").write_bytes(mo({"": HEADER}))
