"""``--cost list``: what all usage would cost at list prices, beside what OpenCode recorded, which stays as it is."""

from __future__ import annotations

import csv
import io
import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.script import Script

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Call
    from tests.unit.daemon.household import Household

SNAPSHOT = {"origin": "snapshot", "date": "2026-09-28"}
SOURCE = "Prices: models.dev as it was on 2026-09-28."


@pytest.fixture
def told(household: Household) -> Household:
    """A million tokens at $3 that cost $50, as many over 200,000 at once at $2.5, and some that nobody prices."""
    script = Script(at_ms=time.time_ns() // 1_000_000 - 60_000).started().opened("/w").prompt("ses_a")
    script.answer("ses_a", provider="anthropic", model="claude-sonnet-4-5", cost_usd=50, input=1_000_000, agent="build")
    script.answer("ses_a", provider="google", model="gemini-2.5-pro", cost_usd=0, input=1_000_000, agent="plan")
    script.answer("ses_a", provider="mock", model="m", cost_usd=0.25, input=500, agent="plan")
    household.write(script)
    return household


def document(call: Call, *words: str) -> Any:  # noqa: ANN401 - any JSON
    return json.loads(call(*words, "--json").stdout)


@pytest.mark.usefixtures("told")
def test_models_with_both_figures_and_where_the_second_is_from(call: Call) -> None:
    page = call("models", "--cost", "list").stdout
    rows = {row["name"]: row for row in document(call, "models", "--cost", "list")["models"]}

    lines = [line.split()[:4] for line in page.splitlines()]
    assert ["claude-sonnet-4-5", "1,000,000", "$50.00", "$3.00"] in lines
    assert ["gemini-2.5-pro", "1,000,000", "-", "$2.50"] in lines
    assert ["mock/m", "500", "$0.2500", "unpriced"] in lines
    assert ["total", "2,000,500", "$50.25", "$5.50+"] in lines
    assert SOURCE in page
    assert "No price is known of mock/m, 500 tokens" in page
    sonnet, mock = rows["claude-sonnet-4-5"], rows["mock/m"]
    assert (sonnet["cost"], sonnet["costAtListPrices"], sonnet["priceOrigins"]) == (50.0, 3.0, [SNAPSHOT])
    assert (mock["cost"], mock["costAtListPrices"], mock["unpriced"]) == (0.25, None, {"mock/m": 500})


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(
    ("words", "listed"),
    [(("history",), "periods"), (("agents",), "agents"), (("workspaces",), "workspaces")],
)
def test_the_total_is_the_same_whatever_it_is_split_by(call: Call, words: tuple[str, ...], listed: str) -> None:
    found = document(call, *words, "--cost", "list")

    assert (found["total"]["cost"], found["total"]["costAtListPrices"]) == (50.25, 5.5)
    assert found["total"]["unpriced"] == {"mock/m": 500}
    assert sum(row["costAtListPrices"] for row in found[listed]) == 5.5
    page = call(*words, "--cost", "list").stdout
    assert "$5.50+" in page
    assert SOURCE in page


@pytest.mark.usefixtures("told")
def test_history_split_by_model(call: Call) -> None:
    periods = document(call, "history", "--split", "model", "--cost", "list")["periods"]

    # Who runs this at midnight has two of them.
    parts = [part for period in periods for part in period.get("parts", [])]
    assert {part["name"]: part["costAtListPrices"] for part in parts} == {
        "claude-sonnet-4-5": 3.0,
        "gemini-2.5-pro": 2.5,
        "mock/m": None,
    }
    page = call("history", "--split", "model", "--cost", "list").stdout
    assert [line.split()[1:4] for line in page.splitlines() if line.startswith("  mock/m")] == [
        ["500", "$0.2500", "unpriced"]
    ]


@pytest.mark.usefixtures("told")
def test_prices_of_every_model_that_was_used(call: Call) -> None:
    page = call("prices", "--cost", "list").stdout

    assert "1,000,000 tokens, worth $3.00; OpenCode recorded $50.00." in page
    assert "1,000,000 tokens, worth $2.50; OpenCode recorded nothing." in page
    assert "500 tokens; OpenCode recorded $0.2500." in page
    assert {row["name"]: row["costAtListPrices"] for row in document(call, "prices", "--cost", "list")["models"]} == {
        "claude-sonnet-4-5": 3.0,
        "gemini-2.5-pro": 2.5,
        "mock/m": None,
    }
    assert "claude-sonnet-4-5" not in call("prices").stdout


@pytest.mark.usefixtures("told")
def test_export_has_it_in_columns_of_its_own(call: Call) -> None:
    messages = list(csv.DictReader(io.StringIO(call("export", "--cost", "list").stdout)))
    months = list(csv.DictReader(io.StringIO(call("export", "--by", "month", "--cost", "list").stdout)))
    split = json.loads(call("export", "--split", "model", "--format", "json", "--cost", "list").stdout)["rows"]

    assert [(row["cost"], row["costAtListPrices"], row["priceOrigins"], row["unpricedTokens"]) for row in messages] == [
        ("50.0", "3.0", "snapshot 2026-09-28", "0"),
        ("0.0", "2.5", "snapshot 2026-09-28", "0"),
        ("0.25", "", "", "500"),
    ]
    sums = ("cost", "costAtListPrices", "unpricedTokens")
    assert [sum(float(month[name] or 0) for month in months) for name in sums] == [50.25, 5.5, 500.0]
    assert {row["model"]: (row["cost"], row["costAtListPrices"]) for row in split} == {
        "claude-sonnet-4-5": (50.0, 3.0),
        "gemini-2.5-pro": (0.0, 2.5),
        "mock/m": (0.25, None),
    }
    assert "costAtListPrices" not in call("export").stdout


def test_what_was_recorded_stays_as_it_is(told: Household, call: Call) -> None:
    before = document(call, "models"), call("export").stdout
    told.paths.config.mkdir(parents=True, exist_ok=True)
    told.paths.settings_file.write_text('[prices."mock/m"]\ninput = 2\noutput = 2\n')

    page = call("models", "--cost", "list").stdout
    assert "your own price" in page
    assert "$5.50" in page
    published = json.loads(call("--json").stdout)["total"]

    # A price of one's own is for what has no recorded cost, where nobody asks for more.
    assert (published["totalCost"], published["listValue"], published["unpriced"]) == (50.25, 2.5, {})
    after = document(call, "models"), call("export").stdout
    assert [row["cost"] for row in after[0]["models"]] == [row["cost"] for row in before[0]["models"]]
    assert after[1] == before[1]
    assert "Every published figure" in call("verify").stdout
