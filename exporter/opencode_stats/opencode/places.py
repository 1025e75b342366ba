"""Where OpenCode keeps its databases (facts §4, v2 facts §3.1)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

IN_MEMORY: Final = ":memory:"


def databases(folder: Path, env: Mapping[str, str]) -> list[Path]:
    """Every database that is there, the one named by ``OPENCODE_DB`` first, then those of ``folder`` by name.

    Each release channel has one of its own (``opencode-CHANNEL.db``). What is not a file is left out.
    """
    named = env.get("OPENCODE_DB", "")
    found = [folder / named] if named and named != IN_MEMORY else []
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        # No OpenCode has run here yet.
        names = []
    found += [folder / name for name in names if name.startswith("opencode") and name.endswith(".db")]
    distinct = {os.path.realpath(path): path for path in reversed(found) if path.is_file()}
    return [path for path in found if distinct.get(os.path.realpath(path)) is path]
