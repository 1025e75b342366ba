"""Every pinned tool is one that somebody asked for, and everything asked for is pinned."""

from __future__ import annotations

import re
from importlib.metadata import requires
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
NAME: Final = re.compile(r"[A-Za-z0-9][\w.-]*")


def named(line: str) -> str:
    """The library of a requirement, as PEP 503 spells it."""
    found = NAME.match(line)
    assert found is not None, line
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def test_what_is_pinned_is_what_was_asked_for_and_what_that_needs() -> None:
    asked = {
        named(line) for line in (ROOT / "requirements/dev.in").read_text().splitlines() if not line.startswith("#")
    }
    pinned = {named(line) for line in (ROOT / "requirements/dev.txt").read_text().splitlines() if NAME.match(line)}

    needed: set[str] = set()
    looked_at = set(asked)
    while looked_at:
        needed |= looked_at
        # Also what other Pythons or systems need; of the extras nobody asked for one.
        wanted = {named(line) for each in looked_at & pinned for line in requires(each) or () if "extra ==" not in line}
        looked_at = wanted - needed

    assert pinned - needed == set()
    assert asked - pinned == set()
