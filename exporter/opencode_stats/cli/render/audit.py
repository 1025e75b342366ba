"""The audit as a page of text, and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from opencode_stats.cli.render.text import NARROWEST, US_DOLLARS, Currency, count, counted, name, width, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from opencode_stats.core.amounts import Amounts
    from opencode_stats.core.audit import Audit, Cause, Comparison, Share

_KINDS: Final = {
    "input": "input", "output": "output", "reasoning": "reasoning", "cache_read": "cache read",
    "cache_write": "cache write",
}  # fmt: skip
_GAP: Final = "  "
_INDENT: Final = "  "
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
    "rounding": "costs, rounded",
    "forgotten": "older than what is kept, and gone",
}


def document(audit: Audit, unread: Mapping[str, str]) -> dict[str, Any]:
    """What ``--json`` prints; the causes and what is unexplained lead to ours exactly, in each kind and in cost."""
    return {
        "schemaVersion": 1,
        "ours": _share(audit.ours),
        "opencode": None if audit.session_rows is None else _comparison(audit.session_rows),
        "naive": _comparison(audit.naive),
        "unknownTokens": audit.unknown,
        "toldLive": _share(audit.told_live),
        "importedOnly": _share(audit.imported_only),
        "unpriced": _share(audit.unpriced),
        "copies": _share(audit.copies),
        "undecided": _share(audit.undecided),
        "forgotten": _share(audit.forgotten),
        "unread": dict(unread),
    }


def page(audit: Audit, unread: Mapping[str, str], columns: int = 80, currency: Currency = US_DOLLARS) -> str:
    """The same for people; ``columns`` is the width of their terminal, ``currency`` what costs are shown in."""
    columns = max(columns, NARROWEST)
    lines = [
        f"opencode-stats counts {count(audit.ours.tokens)} tokens in {counted(audit.ours.messages, 'request')}.",
        "",
    ]
    if audit.session_rows is None:
        lines += ["This OpenCode keeps no totals of its conversations.", ""]
    else:
        lines += [
            *_table("OpenCode's own totals", audit.session_rows, audit.ours.amounts, columns, currency),
            "",
        ]
    lines += [*_table("Every message on disk", audit.naive, audit.ours.amounts, columns, currency), ""]
    live, imported = count(audit.told_live.tokens), count(audit.imported_only.tokens)
    said = [f"Of ours, {live} were told live and {imported} are known from OpenCode's own files only."]
    if audit.forgotten.messages:
        said.append(
            f"{count(audit.forgotten.tokens)} more ({counted(audit.forgotten.messages, 'request')}) are older than "
            "what is kept: of them the sums are known."
        )
    for share, what in (
        (audit.copies, "copied by a fork or made by somebody else"),
        (audit.undecided, "undecided yet"),
    ):
        if share.messages:
            said.append(
                f"{count(share.tokens)} tokens ({counted(share.messages, 'request')}), {what}, are in no total."
            )
    for state, requests in sorted(audit.unknown.items()):
        said.append(
            f"{counted(requests, f'{state} request')}, whose tokens nobody knows, {_are(requests)} in no figure."
        )
    if audit.unpriced.messages:
        said.append(
            f"{count(audit.unpriced.tokens)} tokens ({counted(audit.unpriced.messages, 'request')}) have no price."
        )
    said += [f"{name(path, 80)} could not be read: {name(reason, 200)}" for path, reason in unread.items()]
    return "\n".join([*lines, *(line for sentence in said for line in wrapped(sentence, columns))])


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _table(heading: str, comparison: Comparison, ours: Amounts, columns: int, currency: Currency) -> list[str]:
    rows = [(heading, comparison.figure, False)]
    rows += [
        (f"  {_CAUSES[cause]}" + (f" ({count(share.messages)})" if share.messages else ""), share.amounts, True)
        for cause, share in sorted(comparison.causes.items(), key=lambda entry: -abs(entry[1].tokens))
    ]
    if comparison.at_odds:
        rows.append((f"  unexplained, in {counted(comparison.at_odds, 'conversation')}", comparison.unexplained, True))
    rows.append(("ours", ours, False))
    # A kind that is nowhere needs no column.
    kinds = [kind for kind in _KINDS if any(getattr(amounts, kind) for _, amounts, _ in rows)]
    cells = [["", "tokens", *(_KINDS[kind] for kind in kinds), "cost"]]
    cells += [[label, *_numbers(amounts, kinds, currency, signed=signed)] for label, amounts, signed in rows]
    widths = [max(width(row[column]) for row in cells) for column in range(len(cells[0]))]
    if widths[0] + sum(size + len(_GAP) for size in widths[1:]) <= columns:
        return [f"{row[0]:<{widths[0]}}{''.join(_figures(row[1:], widths[1:]))}" for row in cells]
    # Too narrow for one line each: the figures below what they are of, in as many lines as that takes.
    sizes = widths[1:]
    at_once = len(sizes)
    if sum(size + len(_GAP) for size in sizes) + len(_INDENT) > columns:
        sizes = [max(sizes)] * len(sizes)
        at_once = max(1, (columns - len(_INDENT)) // (sizes[0] + len(_GAP)))
    lines = []
    for row in cells:
        shown = _figures(row[1:], sizes)
        below = [_INDENT + "".join(shown[at : at + at_once]) for at in range(0, len(shown), at_once)]
        lines += [row[0], *below] if row[0] else below
    return lines


def _figures(cells: Iterable[str], sizes: Iterable[int]) -> list[str]:
    return [_GAP + " " * (size - width(cell)) + cell for cell, size in zip(cells, sizes, strict=True)]


def _numbers(amounts: Amounts, kinds: Iterable[str], currency: Currency, *, signed: bool) -> list[str]:
    wholes = [amounts.tokens, *(getattr(amounts, kind) for kind in kinds)]
    cost = currency.amount(abs(amounts.cost_microusd) / 1e6)
    sign = "-" if amounts.cost_microusd < 0 else "+" if signed and amounts.cost_microusd else ""
    return [*(f"{'+' if signed and number > 0 else ''}{count(number)}" for number in wholes), sign + cost]


def _comparison(comparison: Comparison) -> dict[str, Any]:
    return {
        **_amounts(comparison.figure),
        "causes": {cause: _share(share) for cause, share in comparison.causes.items()},
        "unexplained": comparison.unexplained.tokens,
        "unexplainedAmounts": _amounts(comparison.unexplained),
        "conversationsAtOdds": comparison.at_odds,
    }


def _share(share: Share) -> dict[str, Any]:
    return {**_amounts(share.amounts), "messages": share.messages}


def _amounts(amounts: Amounts) -> dict[str, Any]:
    """All tokens, each kind, and US dollars."""
    kinds = {"cacheRead": amounts.cache_read, "cacheWrite": amounts.cache_write}
    kinds = {"input": amounts.input, "output": amounts.output, "reasoning": amounts.reasoning, **kinds}
    return {"tokens": amounts.tokens, "kinds": kinds, "cost": amounts.cost_microusd / 1e6}
