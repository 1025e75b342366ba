"""The fenced blocks of the documents, as a reader would copy them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
_FENCE: Final = "```"


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block: where it begins, what the fence calls it, and its lines without the indent of the fence."""

    page: str
    line: int
    language: str
    text: str

    @property
    def place(self) -> str:
        """``docs/setup.md:12``, as editors and terminals open it."""
        return f"{self.page}:{self.line}"

    @property
    def first(self) -> str:
        """Its first line, by which the list of what is not run names it."""
        return self.text.partition("\n")[0]


def pages() -> list[str]:
    """README.md, CONTRIBUTING.md and the like, and every page under docs/."""
    found = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    return sorted(str(path.relative_to(ROOT)) for path in found)


def blocks_of(page: str) -> list[Block]:
    """Every fenced block of the page, in its order.

    Raises:
        ValueError: a fence is not closed.
    """
    return blocks_in(page, (ROOT / page).read_text("utf-8"))


def blocks_in(page: str, markdown: str) -> list[Block]:
    """The same of a text."""
    found: list[Block] = []
    opened: tuple[int, str, str, list[str]] | None = None
    for number, line in enumerate(markdown.splitlines(), 1):
        stripped = line.strip()
        if opened is None:
            if stripped.startswith(_FENCE):
                marks = stripped[: len(stripped) - len(stripped.lstrip("`"))]
                indent = line[: len(line) - len(line.lstrip())]
                opened = (number, marks, indent, [stripped[len(marks) :].strip()])
            continue
        begin, marks, indent, lines = opened
        if stripped == marks:
            found.append(Block(page, begin, lines[0], "".join(f"{one}\n" for one in lines[1:])))
            opened = None
        else:
            lines.append(line.removeprefix(indent))
    if opened is not None:
        raise ValueError(f"{page}:{opened[0]}: this fence is not closed")
    return found
