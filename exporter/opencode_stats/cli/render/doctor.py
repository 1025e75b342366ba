"""What ``doctor`` found, as a page of text and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from opencode_stats.cli.finding import worst
from opencode_stats.cli.render.text import NARROWEST, name, wrapped

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from opencode_stats.cli.finding import Finding, Verdict

SCHEMA_VERSION: Final = 1
_LONGEST: Final = 1_000
"""Columns of one reason: paths are shown whole, a hostile text is not."""
_INDENT: Final = "      "
_PROGRAMS: Final = frozenset({"chmod", "gnome-extensions", "kill", "mv", "opencode-stats", "rm", "sudo", "systemctl"})
_WIDEST: Final = 100


def document(found: Sequence[Finding]) -> dict[str, Any]:
    """What ``--json`` prints (docs/doctor.md)."""
    return {
        "schemaVersion": SCHEMA_VERSION,
        "verdict": worst(found),
        "findings": [
            {
                "code": finding.code,
                "verdict": finding.verdict,
                "about": finding.about,
                "reason": finding.reason,
                "mend": finding.mend,
            }
            for finding in found
        ],
    }


def page(found: Sequence[Finding], columns: int | None, paint: Callable[[Verdict, str], str], arrow: str = "→") -> str:
    """One finding below the other, each with what mends it, and a sentence that sums up.

    Args:
        found: the findings.
        columns: the terminal's; None where nobody reads along and a line is best left whole.
        paint: gives a word the colour of its verdict.
        arrow: what stands before a mend.
    """
    lines = []
    for finding in found:
        said = _under(f"{finding.about}: {name(finding.reason, _LONGEST)}", _INDENT, columns)
        lines.append(f"{paint(finding.verdict, f'{finding.verdict:<4}')}  {said}")
        if finding.mend:
            lead = f"{_INDENT}{arrow} "
            mend = name(finding.mend, _LONGEST)
            # A command that is broken into lines can't be copied.
            lines.append(lead + (mend if _is_command(mend) else _under(mend, " " * len(lead), columns)))
    return "\n".join([*lines, "", _sum(found)])


def _under(text: str, indent: str, columns: int | None) -> str:
    """The text in lines that leave the indent free; the first comes without it."""
    if columns is None:
        return text
    room = min(max(columns, NARROWEST), _WIDEST) - len(indent)
    return f"\n{indent}".join(wrapped(text, room))


def _is_command(mend: str) -> bool:
    return mend.split(" ", 1)[0] in _PROGRAMS


def _sum(found: Sequence[Finding]) -> str:
    wrong = sum(finding.verdict != "ok" for finding in found)
    if not wrong:
        return "Everything is as it should be."
    return f"{wrong} of {len(found)} want{'s' if wrong == 1 else ''} mending."
