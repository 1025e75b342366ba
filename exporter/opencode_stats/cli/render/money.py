"""What stats.json says of money besides amounts: in what currency to show it, and where its prices are from."""

from __future__ import annotations

import math
import re
from typing import Any, Final

from opencode_stats.cli.render.text import US_DOLLARS, Currency, name

SOURCES: Final = {
    "override": "your own price",
    "cached": "the list that OpenCode fetched, of {date}",
    "snapshot": "models.dev as it was on {date}",
    "litellm": "LiteLLM's list of {date}",
}
"""Where a price is from, in words."""
_CODE: Final = re.compile("[A-Z]{3}")


def currency_of(document: dict[str, Any]) -> Currency:
    """What the user has costs shown in; US dollars in a file of an older version, which does not say.

    Raises:
        KeyError, TypeError, ValueError: the document is not one of ours.
    """
    found = document.get("currency")
    if found is None:
        return US_DOLLARS
    code, per_usd = found["code"], found["perUsd"]
    if not isinstance(code, str) or _CODE.fullmatch(code) is None:
        raise ValueError("not a currency")
    if (type(per_usd) is not int and type(per_usd) is not float) or not 0 < per_usd < math.inf:
        raise ValueError("not a rate")
    return Currency(code, per_usd)


def sources_of(total: dict[str, Any]) -> str:
    """Where the list prices of a section are from, with their dates, in brackets; empty where it does not say.

    Raises:
        KeyError, TypeError, AttributeError: the section is not one of ours.
    """
    said = sorted(
        SOURCES[model["costOrigin"]].format(date=name(model["priceDate"]))
        for model in total["models"].values()
        if model.get("listValue") and model.get("costOrigin") in SOURCES
    )
    return f" ({'; '.join(dict.fromkeys(said))})" if said else ""
