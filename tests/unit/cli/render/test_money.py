"""What stats.json says of money besides amounts."""

from __future__ import annotations

from typing import Any

import pytest

from opencode_stats.cli.render.money import currency_of, sources_of
from opencode_stats.cli.render.text import US_DOLLARS, Currency


def model(origin: object, date: object, worth: float | None = 1.0) -> dict[str, Any]:
    return {"costOrigin": origin, "priceDate": date, "listValue": worth}


def test_each_source_is_named_once_with_its_date() -> None:
    models = {
        "a": model("snapshot", "2026-09-28"),
        "b": model("snapshot", "2026-09-28"),
        "c": model("override", None),
        "d": model("cached", "2026-11-20\x1b[2J"),
        "free": model("litellm", "2026-01-01", 0.0),
        "paid": {"cost": 1.0},
        "of tomorrow": model("oracle", "2027-01-01"),
    }

    assert sources_of({"models": models}) == (
        " (models.dev as it was on 2026-09-28; the list that OpenCode fetched, of 2026-11-20\\u001b[2J; your own price)"
    )
    assert sources_of({"models": {}}) == ""


def test_the_currency() -> None:
    assert currency_of({}) == US_DOLLARS
    assert currency_of({"currency": {"code": "EUR", "perUsd": 0.92}}) == Currency("EUR", 0.92)
    for strange in ({"code": "EUR"}, {"code": "€", "perUsd": 1}, {"code": "EUR", "perUsd": True}, 5, "EUR"):
        with pytest.raises((KeyError, TypeError, ValueError)):
            currency_of({"currency": strange})
