"""``prices``, and the figures of usage without a cost, as a user sees them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.support.script import Script

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Call
    from tests.unit.daemon.household import Household

OWN = '[prices."mock/m"]\ninput = 2\noutput = 4\n'
PAGE = """zai-coding-plan/glm-4.6
  A million tokens: input $0.6, output $2.2, cache read $0.11, cache write $0
  (as zai sells it). From models.dev as it was on 2026-09-28.
  2,000,000 tokens without a recorded cost, worth $2.80.

claude-sonnet-4-5
  A million tokens: input $3, output $15, cache read $0.3, cache write $3.75.
  From models.dev as it was on 2026-09-28.
  300,000 tokens without a recorded cost, worth $0.9000.

gemini-2.5-pro
  A million tokens: input $1.25, output $10, cache read $0.125, cache write $0.
  From models.dev as it was on 2026-09-28.
  Above 200,000 tokens of context: input $2.5, output $15, cache read $0.25,
  cache write $0.
  200,001 tokens without a recorded cost, worth $0.5000.

mock/m
  No price is known. One of your own goes into the settings, under prices.
  1,500 tokens without a recorded cost.
"""


@pytest.fixture
def told(household: Household) -> Household:
    """A subscription, a long context, a model of the user's own, and one that was paid for."""
    script = Script().started().opened("/w").prompt("ses_a")
    script.answer("ses_a", provider="zai-coding-plan", model="glm-4.6", cost_usd=0, input=1_000_000, output=1_000_000)
    script.answer("ses_a", provider="anthropic", model="claude-sonnet-4-5", cost_usd=0, input=300_000)
    script.answer("ses_a", provider="google", model="gemini-2.5-pro", cost_usd=0, input=200_001)
    script.answer("ses_a", provider="mock", model="m", cost_usd=0, input=1_500)
    script.answer("ses_a", provider="openai", model="gpt-5", cost_usd=0.5, input=20)
    household.write(script)
    return household


def settle(household: Household, toml: str) -> None:
    household.paths.config.mkdir(parents=True, exist_ok=True)
    household.paths.settings_file.write_text(toml)


@pytest.mark.usefixtures("told")
def test_each_model_without_a_cost_with_its_price_and_its_worth(call: Call) -> None:
    done = call("prices")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == PAGE


def test_a_price_of_ones_own_is_in_use_at_once_everywhere(told: Household, call: Call) -> None:
    assert "unpriced" in call().stdout
    settle(told, OWN)

    (row,) = [one for one in json.loads(call("prices", "--json").stdout)["models"] if one["name"] == "mock/m"]
    page = call().stdout
    published = json.loads(call("--json").stdout)["total"]

    assert (row["origin"], row["listValue"], row["tokens"]) == ("override", 0.003, 1_500)
    assert row["price"] == {"input": 2.0, "output": 4.0, "cacheRead": 0.0, "cacheWrite": 0.0}
    assert "[$0.0030]" in page
    assert "unpriced" not in page
    assert (published["totalCost"], published["listValue"], published["unpriced"]) == (0.5, 4.203003, {})


def test_verify_proves_what_usage_without_a_cost_is_worth(told: Household, call: Call) -> None:
    settle(told, OWN)
    call()
    assert "Every published figure" in call("verify").stdout

    document = json.loads(told.paths.stats_file.read_text())
    document["total"]["listValue"] += 0.000001
    told.paths.stats_file.write_text(json.dumps(document))

    assert "total.listValue (millionths)" in call("verify").stdout


def test_amounts_in_another_currency(told: Household, call: Call) -> None:
    settle(told, 'currency = "EUR"\ncurrency_rate = 0.5\n')

    assert "0.2500 EUR+" in call().stdout
    assert "worth 1.40 EUR." in call("prices").stdout


def test_one_model_that_was_never_used(call: Call) -> None:
    assert "input $1.25, output $10" in call("prices", "openai/gpt-5").stdout
    assert "No price is known" in call("prices", "nobody/nothing").stdout
    refused = call("prices", "gpt-5")
    assert (refused.returncode, "Name the provider" in refused.stderr) == (2, True)


def test_nothing_is_without_a_cost(call: Call) -> None:
    assert call("prices").stdout == "OpenCode has recorded a cost of everything that it used.\n"


def test_a_broken_list_of_opencodes_is_told_and_ours_is_used(told: Household, call: Call) -> None:
    told.paths.opencode_prices.parent.mkdir(parents=True)
    told.paths.opencode_prices.write_text("{")

    done = call("prices")

    assert "worth $2.80" in done.stdout
    assert "models.json makes no sense" in done.stderr
    health = json.loads(call("--json").stdout)["exporter"]["health"]
    assert [problem["code"] for problem in health["problems"]] == ["prices"]
