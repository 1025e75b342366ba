"""Who used how much: as a table, and as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from opencode_stats.cli.render.charts import Line, Look, Table, table
from opencode_stats.cli.render.history import cells, change, cost_note, figures_document, named
from opencode_stats.cli.render.list_values import list_document, list_note, listed_part
from opencode_stats.cli.render.text import percent
from opencode_stats.core.history import NO_FIGURES, Figures, together
from opencode_stats.core.worth import listed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opencode_stats.core.history import Key
    from opencode_stats.core.worth import Listed, Worth

_TITLES: Final = ("tokens", "share", "cost", "messages", "active", "out/s", "change")
_NEEDLESS: Final = (5, 4, 3, 6, 1, 2)
_CHANGE: Final = 6


@dataclass(frozen=True, slots=True)
class Shares:
    """What each ``thing`` (a model, say) used in a stretch of time, and in the one before (empty: not asked for)."""

    thing: str
    start_ms: int
    end_ms: int
    parts: Mapping[Key, Figures]
    before: Mapping[Key, Figures]
    worth: Mapping[Key, Worth] = field(default_factory=dict)

    @property
    def ordered(self) -> list[tuple[Key, Figures]]:
        """The largest first."""
        return sorted(self.parts.items(), key=lambda part: (-part[1].tokens, named(part[0], self.thing)))


def page(shares: Shares, look: Look) -> str:
    """A line for each, and their sum."""
    if not shares.parts:
        return "Nothing was used in that time."
    whole = together(shares.parts.values())
    lines: list[Line | None] = [
        Line(
            named(key, shares.thing),
            _cells(
                figures,
                whole,
                shares.before.get(key),
                look,
                listed_part(key, shares.thing, shares.worth),
                compared=bool(shares.before),
            ),
            figures.tokens,
            foreign=True,
        )
        for key, figures in shares.ordered
    ]
    before = together(shares.before.values()) if shares.before else None
    worth = listed(shares.worth.items())
    total = _cells(whole, whole, before, look, worth, compared=before is not None)
    lines += [None, Line("total", total, style="bold")]
    if before is None:
        wanted = Table((shares.thing, *_TITLES[:-1]), lines, [at for at in _NEEDLESS if at != _CHANGE])
    else:
        wanted = Table((shares.thing, *_TITLES), lines, _NEEDLESS)
    shown = table(wanted, look)
    notes = cost_note(shown, (line.cells[2] for line in lines if line), look)
    return "\n".join([*shown, *notes, *list_note(shown, worth, look)])


def document(shares: Shares) -> dict[str, Any]:
    """The same for programs; instants are Unix milliseconds, costs US dollars."""
    whole = together(shares.parts.values()) if shares.parts else NO_FIGURES
    return {
        "schemaVersion": 1,
        "start": shares.start_ms,
        "end": shares.end_ms,
        f"{shares.thing}s": [
            {
                "name": named(key, shares.thing),
                **figures_document(figures),
                **_listed_document(shares, key),
                "before": figures_document(shares.before.get(key, NO_FIGURES)) if shares.before else None,
            }
            for key, figures in shares.ordered
        ],
        "total": figures_document(whole) | list_document(listed(shares.worth.items())),
    }


def _listed_document(shares: Shares, key: Key) -> dict[str, Any]:
    worth = listed_part(key, shares.thing, shares.worth)
    return {} if worth is None else list_document(worth)


def _cells(
    figures: Figures, whole: Figures, before: Figures | None, look: Look, worth: Listed | None, *, compared: bool
) -> tuple[str, ...]:
    tokens, cost, messages, _, active, rate = cells(figures, None, look.currency, worth)
    share = percent(figures.tokens / whole.tokens, 1) if whole.tokens else ""
    moved = (change(figures.tokens, 0 if before is None else before.tokens),) if compared else ()
    return tokens, share, cost, messages, active, rate, *moved
