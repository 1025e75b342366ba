"""What ``doctor`` says of one subject."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Verdict = Literal["ok", "warn", "fail"]
VERDICTS: Final[tuple[Verdict, ...]] = ("ok", "warn", "fail")
"""From the best to the worst."""

CODES: Final = {
    "OpenCode": "opencode",
    "plugin": "plugin",
    "plugin's record": "plugin-record",
    "autostart": "autostart",
    "spool folder": "spool-folder",
    "events held back": "holding",
    "lost events": "lost",
    "spool": "spool-backlog",
    "spool file": "spool-file",
    "quarantine": "quarantine",
    "settings": "settings",
    "price list": "prices",
    "exporter": "exporter",
    "service": "service",
    "folder of the ledger": "ledger-folder",
    "ledger": "ledger",
    "ledger reader": "ledger-reader",
    "backups": "backups",
    "undecided": "undecided",
    "OpenCode's database": "opencode-database",
    "OpenCode's old files": "opencode-storage",
    "folder of stats.json": "stats-folder",
    "stats.json": "stats-file",
    "stalled figures": "stalled",
    "durability": "durability",
    "command of yours": "hook",
    "rights": "rights",
    "disk": "disk",
    "file system": "file-system",
    "clock": "clock",
    "GNOME panel": "gnome-panel",
    "notifications": "notifications",
    "figures on D-Bus": "dbus",
}
"""What a finding is about, in words → in a word for programs. Those of ``exporter.health`` in stats.json are the same.

They are promised (docs/doctor.md): one may be added, none changes its meaning.
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """One subject: how it stands, why, and what mends it (empty where nothing needs to).

    ``about`` is one of ``CODES``. What the user can run stands in ``mend`` as it has to be typed.
    """

    verdict: Verdict
    about: str
    reason: str
    mend: str = ""

    @property
    def code(self) -> str:
        """The subject, for programs."""
        return CODES[self.about]


def worst(found: Iterable[Finding]) -> Verdict:
    """The worst verdict; ``ok`` of none at all."""
    return max((finding.verdict for finding in found), key=VERDICTS.index, default="ok")


def typed(path: Path) -> str:
    """The path as a shell has to be told it."""
    return shlex.quote(str(path))


def away(path: Path) -> str:
    """The command that moves what is there out of the way, and overwrites nothing."""
    return f"mv --backup=numbered -T {typed(path)} {typed(path.with_name(path.name + '.aside'))}"
