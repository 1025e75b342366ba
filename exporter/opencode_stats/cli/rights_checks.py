"""Is what is ours its owner's alone, and what is run in the user's name nobody else's to change? Reads only."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from opencode_stats.cli.finding import Finding, typed
from opencode_stats.install.manifest import FILE_NAME
from opencode_stats.install.trust import open_to_others

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from opencode_stats.host.paths import Paths

_ABOUT = "rights"
_OTHERS_MAY = 0o077


def rights_findings(paths: Paths, run: Iterable[Path]) -> list[Finding]:
    """What others can read, own or change; ``run`` are the files that OpenCode, systemd or a shell run for the user."""
    loose, foreign = [], []
    for path, found in _ours(paths):
        if found.st_uid != os.geteuid():
            foreign.append(path)
        elif found.st_mode & _OTHERS_MAY and not stat.S_ISLNK(found.st_mode):
            loose.append(path)
    findings = []
    if foreign:
        mend = f"sudo chown -h {os.geteuid()} {_all(foreign)}"
        findings.append(Finding("fail", _ABOUT, _said(foreign, "belongs", "belong", "to somebody else"), mend))
    if loose:
        said = _said(loose, "is open", "are open", "to other users")
        findings.append(Finding("warn", _ABOUT, said, f"chmod go= {_all(loose)}"))
    for place in dict.fromkeys(open_to_others(path) for path in run):
        if place is not None:
            reason = f"{place} can be changed by other users, who could have you run what they like."
            findings.append(Finding("fail", _ABOUT, reason, _closing(place)))
    return findings or [Finding("ok", _ABOUT, "what is ours is open to nobody else.")]


def _closing(place: Path) -> str:
    if os.lstat(place).st_uid not in (0, os.geteuid()):
        return f"sudo chown -h {os.geteuid()} {typed(place)}"
    return f"chmod go-w {typed(place)}"


def _ours(paths: Paths) -> Iterator[tuple[Path, os.stat_result]]:
    """Everything of ours that is there. The program's own files may be beside the ledger; they are no secret."""
    ledger = paths.ledger.name
    own = [paths.data, paths.data / "tmp", paths.backups, paths.data / FILE_NAME, paths.stats_file, paths.state]
    own += [entry for entry in _entries(paths.data) if entry.name.startswith(ledger)]
    own += _entries(paths.backups)
    for folder in (paths.state, *(entry for entry in _entries(paths.state) if entry != paths.spool)):
        own += [entry for entry in _entries(folder) if entry != paths.spool]
    # The spool's own folder has a finding to itself.
    own += _entries(paths.spool)
    for path in dict.fromkeys(own):
        try:
            yield path, os.lstat(path)
        except OSError:
            # Not there, or gone since the folder was read.
            continue


def _entries(folder: Path) -> list[Path]:
    if folder.is_symlink():
        return []
    try:
        return [folder / name for name in sorted(os.listdir(folder))]
    except OSError:
        # No folder; what can't be looked into has a finding to itself.
        return []


def _said(found: list[Path], one: str, several: str, what: str) -> str:
    more = len(found) - 1
    return f"{found[0]} and {more} more {several} {what}." if more else f"{found[0]} {one} {what}."


def _all(found: list[Path]) -> str:
    return " ".join(typed(path) for path in found[:20])
