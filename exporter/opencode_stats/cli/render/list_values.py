"""What usage without a recorded cost is worth at list prices, beside the recorded costs: in cells, notes and JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from opencode_stats.cli.render.text import NARROWEST, count, wrapped
from opencode_stats.core.cost import MICROUSD_PER_USD
from opencode_stats.core.worth import Listed, Worth, listed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from opencode_stats.cli.render.charts import Look
    from opencode_stats.cli.render.text import Currency
    from opencode_stats.core.history import Figures, Key

_NONE: Final = "-"
_UNPRICED: Final = "unpriced"


def listed_part(key: Key, split: str, worth: Mapping[Key, Worth]) -> Listed | None:
    """What is worth something besides the recorded cost of one of what it is split by; None where nobody can tell.

    Such usage is known by model, so not which agent's it was, nor where.
    """
    if split == "provider":
        return listed((model, one) for model, one in worth.items() if model[0] == key[0])
    return listed([(key, worth[key])] if key in worth else []) if split == "model" else None


def cost_cell(figures: Figures, worth: Listed | None, currency: Currency) -> str:
    """As ``opencode-stats`` has it: a list value in brackets, a ``+`` where there is such usage beside a cost.

    A dash where nothing was recorded, and nobody can tell what it is worth, or it is worth nothing.
    """
    if worth is None or not (worth.microusd or worth.unpriced):
        return _NONE if unrecorded(figures) else currency.amount(figures.cost_microusd / MICROUSD_PER_USD)
    if figures.cost_microusd:
        return f"{currency.amount(figures.cost_microusd / MICROUSD_PER_USD)}+"
    if not worth.microusd:
        return _UNPRICED
    return f"[{currency.amount(worth.microusd / MICROUSD_PER_USD)}]" + ("+" if worth.unpriced else "")


def unrecorded(figures: Figures) -> bool:
    """Whether OpenCode recorded no cost of what was used: that may have been for nothing, or paid for elsewhere."""
    return figures.tokens > 0 and not figures.cost_microusd


def list_note(shown: Sequence[str], worth: Listed, look: Look) -> list[str]:
    """What the brackets and the + of ``cells`` mean, below a table with costs of which that is the whole."""
    sentences = []
    if "cost" in shown[0] and worth.microusd:
        value = look.currency.amount(worth.microusd / MICROUSD_PER_USD)
        sentences.append(
            f"Usage without a recorded cost is worth {value} at list prices: in brackets where nothing was recorded, "
            "+ where some was."
        )
    if "cost" in shown[0] and worth.unpriced:
        tokens = count(sum(worth.unpriced.values()))
        sentences.append(
            f"No price is known of {tokens} more tokens (+ beside a cost); opencode-stats prices tells of which models."
        )
    room = max(look.columns, NARROWEST)
    lines = [look.styled(line, "dim") for sentence in sentences for line in wrapped(sentence, room)]
    return ["", *lines] if lines else []


def list_document(worth: Listed) -> dict[str, Any]:
    """List values in the words of stats.json, in US dollars."""
    return {"listValue": worth.microusd / MICROUSD_PER_USD, "unpriced": dict(worth.unpriced)}
