"""List values beside recorded costs in ``history`` and ``models``: those of stats.json, to the micro-dollar."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.script import Script

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Call
    from tests.unit.daemon.household import Household

DAY_MS = 86_400_000
NOON_MS = 1_710_072_000_000
"""Of 2024-03-10."""
SINCE = ("--since", "2024-03-10", "--until", "2024-03-11")
ODD = ("--since", "2024-03-10T11:59:01", "--until", "2024-03-11T12:00:02")


@pytest.fixture
def told(household: Household) -> Household:
    """Two days: a subscription's model that is dearer in long contexts, one that was also paid for, an unpriced one."""
    script = Script(at_ms=NOON_MS).started()
    script.answer("ses_a", provider="google", model="gemini-2.5-pro", cost_usd=0, input=100_000)
    script.answer("ses_a", provider="google", model="gemini-2.5-pro", cost_usd=0, input=1_000_000)
    script.answer("ses_a", provider="anthropic", model="claude-haiku-4-5", cost_usd=0.25, input=1_000)
    script.wait(DAY_MS - 60_000).answer(
        "ses_a", provider="anthropic", model="claude-haiku-4-5", cost_usd=0, input=3_001
    )
    script.answer("ses_a", provider="mock", model="m", cost_usd=0, input=500)
    household.write(script)
    return household


def document(call: Call, *words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(call(*words, "--json").stdout)
    return found


@pytest.mark.parametrize("ends", [SINCE, ODD])
@pytest.mark.parametrize("split", [None, "model", "provider", "workspace", "agent"])
def test_they_are_those_of_stats_json(told: Household, call: Call, split: str | None, ends: tuple[str, ...]) -> None:
    found = document(call, "history", *ends, *(("--split", split) if split else ()))
    published = told.stats["total"]

    total = found["total"]
    assert (total["listValue"], total["unpriced"], total["cost"]) == (
        published["listValue"], {"mock/m": 500}, published["totalCost"],
    )  # fmt: skip
    # $1.25 a million up to 200,000 tokens at once, $2.50 above; Haiku is $1 a million.
    assert [day["listValue"] for day in found["periods"]] == [0.125 + 2.5, 0.003001]
    assert [day["unpriced"] for day in found["periods"]] == [{}, {"mock/m": 500}]
    parts = {part["name"]: part.get("listValue") for part in total.get("parts", [])}
    assert (
        parts
        == {
            None: {},
            "model": {"gemini-2.5-pro": 2.625, "claude-haiku-4-5": 0.003001, "mock/m": 0.0},
            "provider": {"google": 2.625, "anthropic": 0.003001, "mock": 0.0},
            # Which agent's usage it was that has no cost is in no sum.
            "workspace": dict.fromkeys(parts),
            "agent": dict.fromkeys(parts),
        }[split]
    )


def test_models_and_their_total(told: Household, call: Call) -> None:
    found = document(call, "models")

    assert {one["name"]: (one["cost"], one["listValue"], one["unpriced"]) for one in found["models"]} == {
        "gemini-2.5-pro": (0.0, 2.625, {}),
        "claude-haiku-4-5": (0.25, 0.003001, {}),
        "mock/m": (0.0, 0.0, {"mock/m": 500}),
    }
    assert found["total"]["listValue"] == told.stats["total"]["listValue"]
    assert document(call, "agents")["total"]["listValue"] == told.stats["total"]["listValue"]


def test_how_they_are_shown(told: Household, call: Call) -> None:
    pages = call("history", *SINCE, "--split", "model").stdout, call("models").stdout

    for page, column in zip(pages, (2, 3), strict=True):
        words = [line.split() for line in page.splitlines() if line]
        costs = {line[0]: line[column] for line in words if line[0] in {"gemini-2.5-pro", "mock/m", "total"}}
        assert costs == {"gemini-2.5-pro": "[$2.62]", "mock/m": "unpriced", "total": "$0.2500+"}
        assert "worth $2.63 at list prices: in brackets where nothing was recorded, + where" in page.replace("\n", " ")
        assert "No price is known of 500 more tokens" in page


def test_where_all_has_a_cost_nothing_is_said_of_it(household: Household, call: Call) -> None:
    household.write(Script(at_ms=NOON_MS).started().answer("ses_a", cost_usd=0.5, input=10))

    assert "list prices" not in call("history", *SINCE).stdout
    assert document(call, "history", *SINCE)["total"]["listValue"] == 0
