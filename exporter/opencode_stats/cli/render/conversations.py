"""Conversations as a tree, and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from opencode_stats.cli.render.charts import Line, Look, Table, table
from opencode_stats.cli.render.history import cells, cost_note, figures_document
from opencode_stats.cli.render.text import NARROWEST, count, counted, moment, wrapped
from opencode_stats.core.history import NO_FIGURES, together

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import tzinfo

    from opencode_stats.core.history import Figures
    from opencode_stats.ledger.conversations import Conversation

_TITLES: Final = ("tokens", "cost", "messages", "last", "id")
_NEEDLESS: Final = (4, 2, 3, 1)
_DEEPEST: Final = 6
"""Sub-agents of sub-agents go no further to the right than so many steps."""


def page(
    found: Sequence[Conversation],
    titles: Mapping[str, str],
    look: Look,
    now_ms: int,
    zone: tzinfo,
    *,
    more: bool,
    forgotten: Figures = NO_FIGURES,
) -> str:
    """A line for each with all that its sub-agents used, they beneath it with theirs, and the sum of these.

    ``more``: there are others, which are not shown. ``forgotten`` is what was used in some that are not kept any more.
    """
    notes = ["There are more conversations; --limit 0 shows all of them."] if more else []
    if forgotten.messages:
        notes.append(
            f"{counted(forgotten.tokens, 'token')} ({counted(forgotten.messages, 'message')}) of that time are of "
            "conversations that are not kept any more (keep_days)."
        )
    if not found:
        return "\n".join([*([] if notes else ["No conversation used anything in that time."]), *notes])
    lines: list[Line | None] = []

    def add(one: Conversation, depth: int) -> None:
        title = titles.get(one.id, one.id)
        who = f"{one.agent}: {title}" if depth and one.agent else title
        tokens, cost, messages, *_ = cells(one.whole, None, look.currency)
        last = moment(one.last_ms, now_ms, zone) if one.last_ms else ""
        # An id may be anything that a database says.
        shown = one.id if one.id.isascii() and one.id.isprintable() else ""
        lines.append(Line(who, (tokens, cost, messages, last, shown), indent=2 * min(depth, _DEEPEST), foreign=True))
        for child in one.children:
            add(child, depth + 1)

    for one in found:
        add(one, 0)
    tokens, cost, messages, *_ = cells(together([one.whole for one in found]), None, look.currency)
    # What is called total elsewhere is the sum of all there are.
    label = f"these {count(len(found))}" if more else "total"
    lines += [None, Line(label, (tokens, cost, messages, "", ""), style="bold")]
    shown = table(Table(("conversation", *_TITLES), lines, _NEEDLESS), look)
    shown += cost_note(shown, (line.cells[1] for line in lines if line), look)
    for sentence in notes:
        shown += ["", *(look.styled(line, "dim") for line in wrapped(sentence, max(look.columns, NARROWEST)))]
    return "\n".join(shown)


def document(
    found: Sequence[Conversation], titles: Mapping[str, str], *, more: bool, forgotten: Figures = NO_FIGURES
) -> dict[str, Any]:
    """The same for programs; ``own`` is without the sub-agents, instants are Unix milliseconds, costs US dollars."""
    return {
        "schemaVersion": 1,
        "conversations": [_said(one, titles) for one in found],
        "more": more,
        "forgotten": figures_document(forgotten),
    }


def _said(one: Conversation, titles: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": one.id,
        "title": titles.get(one.id),
        "agent": one.agent,
        "workspace": one.directory,
        "lastActivity": one.last_ms,
        **figures_document(one.whole),
        "own": figures_document(one.own),
        "subAgents": [_said(child, titles) for child in one.children],
    }
