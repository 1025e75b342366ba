"""What the README tells users to type, read out of it: the tests run these very lines."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).resolve().parents[3]
_APT: Final = re.compile(r"\bapt install ([a-z0-9][a-z0-9 .+-]*[a-z0-9])")
_BLOCK: Final = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def section(title: str, text: str | None = None) -> str:
    """The README's section of this title, up to the next one of its level.

    Raises:
        ValueError: there is none.
    """
    text = (REPOSITORY / "README.md").read_text("utf-8") if text is None else text
    _, found, rest = text.partition(f"\n## {title}\n")
    if not found:
        raise ValueError(f"README.md has no section {title!r}")
    return rest.partition("\n## ")[0]


def debian_packages(text: str | None = None) -> list[str]:
    """What it says must be installed first, on Debian."""
    found = _APT.search(section("Install", text))
    if found is None:
        raise ValueError("README.md says of no package of Debian's that it is needed")
    return found[1].split()


def commands(text: str | None = None) -> list[str]:
    """The lines of shell in its section on installing, in their order, without comments and blank lines."""
    lines = "".join(_BLOCK.findall(section("Install", text))).splitlines()
    return [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
