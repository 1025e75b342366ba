"""The provider's books and stats.json in one form, so that a test can say ``expected == actual``. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.e2e.rig.home import PRICES_USD

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tests.mock_provider import Charge

KINDS: Final = ("input", "output", "reasoning", "cacheRead", "cacheWrite")
_VENDORS: Final = ("anthropic",)
"""The providers of the scratch home that are their model's own vendor: their models' keys are bare."""


def counted(charges: Iterable[Charge]) -> list[Charge]:
    """What stats.json must count: all that was charged, but for titles, which OpenCode reports nowhere."""
    return [charge for charge in charges if charge.usage and charge.kind != "title"]


def expected(charges: Sequence[Charge]) -> dict[str, Any]:
    """A section of stats.json as the books have it; the form of ``figures``."""
    models: dict[str, dict[str, int]] = {}
    for charge in counted(charges):
        tokens = models.setdefault(key(charge), dict.fromkeys(KINDS, 0))
        for kind, number in (charge.tokens or {}).items():
            tokens[kind] += number
    titles = {charge.conversation for charge in charges if charge.kind == "title"}
    return _form(models, len(titles))


def figures(section: Mapping[str, Any]) -> dict[str, Any]:
    """What a section of stats.json says, the same figure from every field that has it."""
    return {
        "totalTokens": section["totalTokens"],
        "tokens": dict(section["tokens"]),
        "tokensByModel": dict(section["tokensByModel"]),
        "models": {name: dict(model["tokens"]) for name, model in section["models"].items()},
        "totals": {name: model["totalTokens"] for name, model in section["models"].items()},
        "titleRequests": section["titleRequests"],
    }


def difference(after: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """What was added between two sections, in the form of ``figures``, without models that got nothing."""
    new, old = figures(after), figures(before)
    nothing = dict.fromkeys(KINDS, 0)
    models = {
        name: {kind: tokens[kind] - old["models"].get(name, nothing)[kind] for kind in KINDS}
        for name, tokens in new["models"].items()
    }
    added = _form(
        {name: tokens for name, tokens in models.items() if any(tokens.values())},
        new["titleRequests"] - old["titleRequests"],
    )
    return added | {"totalTokens": new["totalTokens"] - old["totalTokens"]}


def cost_usd(charges: Iterable[Charge]) -> float:
    """What the charges cost at the scratch home's prices, titles apart."""
    return sum(
        number * PRICES_USD[kind] / 1e6 for charge in counted(charges) for kind, number in (charge.tokens or {}).items()
    )


def key(charge: Charge) -> str:
    """The model's key in stats.json."""
    return charge.model if charge.account in _VENDORS else f"{charge.account}/{charge.model}"


def of_conversations(charges: Iterable[Charge], *conversations: str) -> list[Charge]:
    """The charges of these conversations and of their sub-agents."""
    return [charge for charge in charges if {charge.conversation, charge.parent} & set(conversations)]


def _form(models: dict[str, dict[str, int]], titles: int) -> dict[str, Any]:
    totals = {name: sum(tokens.values()) for name, tokens in models.items()}
    return {
        "totalTokens": sum(totals.values()),
        "tokens": {kind: sum(tokens[kind] for tokens in models.values()) for kind in KINDS},
        "tokensByModel": totals,
        "models": models,
        "totals": totals,
        "titleRequests": titles,
    }
