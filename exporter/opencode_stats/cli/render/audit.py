"""The audit as a page of text, and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from opencode_stats.cli.render.text import count, name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opencode_stats.core.audit import Audit, Cause, Comparison, Share

_CAUSES: Final[dict[Cause, str]] = {
    "forks": "copied by a fork",
    "undecided": "perhaps copied by a fork, not known yet",
    "elsewhere": "imported from somebody else",
    "unsound": "with figures that make no sense",
    "deleted": "of deleted conversations",
    "reverted": "undone, but spent",
    "live_only": "in no database here",
    "legacy_storage": "in OpenCode's old JSON files",
    "auxiliary": "titles and the like (2.x)",
    "embedded": "of the 2.x engine inside of 1.x",
}


def document(audit: Audit, unread: Mapping[str, str]) -> dict[str, Any]:
    """What ``--json`` prints; the causes and what is unexplained lead from ``tokens`` to ours exactly."""
    return {
        "schemaVersion": 1,
        "ours": _share(audit.ours),
        "opencode": None if audit.session_rows is None else _comparison(audit.session_rows),
        "naive": _comparison(audit.naive),
        "unknownTokens": audit.unknown,
        "toldLive": _share(audit.told_live),
        "importedOnly": _share(audit.imported_only),
        "unpriced": _share(audit.unpriced),
        "unread": dict(unread),
    }


def page(audit: Audit, unread: Mapping[str, str]) -> str:
    """The same for people."""
    lines = [f"opencode-stats counts {count(audit.ours.tokens)} tokens in {count(audit.ours.messages)} requests.", ""]
    if audit.session_rows is None:
        lines += ["This OpenCode keeps no totals of its conversations.", ""]
    else:
        lines += [*_table("OpenCode's own totals of its conversations", audit.session_rows, audit.ours.tokens), ""]
    lines += [*_table("The plain sum of every message on disk", audit.naive, audit.ours.tokens), ""]
    lines.append(
        f"Of ours, {count(audit.told_live.tokens)} were told live and {count(audit.imported_only.tokens)} "
        "are known from OpenCode's own files only."
    )
    for state, requests in sorted(audit.unknown.items()):
        lines.append(f"{count(requests)} {state} requests, whose tokens nobody knows, are in no figure.")
    if audit.unpriced.messages:
        lines.append(
            f"{count(audit.unpriced.tokens)} tokens ({count(audit.unpriced.messages)} requests) have no price."
        )
    lines += [f"{name(path, 80)} could not be read: {name(reason, 200)}" for path, reason in unread.items()]
    return "\n".join(lines)


def _table(heading: str, comparison: Comparison, ours: int) -> list[str]:
    rows = [(heading, count(comparison.figure))]
    rows += [
        (f"  {_CAUSES[cause]} ({count(share.messages)})", f"{'+' if share.tokens > 0 else ''}{count(share.tokens)}")
        for cause, share in sorted(comparison.causes.items(), key=lambda entry: -abs(entry[1].tokens))
    ]
    if comparison.at_odds:
        rows.append((f"  unexplained, in {count(comparison.at_odds)} conversations", count(comparison.unexplained)))
    rows.append(("ours", count(ours)))
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    return [f"{row[0]:<{widths[0]}}  {row[1]:>{widths[1]}}" for row in rows]


def _comparison(comparison: Comparison) -> dict[str, Any]:
    return {
        "tokens": comparison.figure,
        "causes": {cause: _share(share) for cause, share in comparison.causes.items()},
        "unexplained": comparison.unexplained,
        "conversationsAtOdds": comparison.at_odds,
    }


def _share(share: Share) -> dict[str, int]:
    return {"tokens": share.tokens, "messages": share.messages}
