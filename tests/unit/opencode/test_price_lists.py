from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from opencode_stats.core.cost import PLANS, Price, Quote, Rate, per_token
from opencode_stats.opencode.price_lists import LARGEST_BYTES, PriceLists

if TYPE_CHECKING:
    from collections.abc import Callable

BUNDLED = [
    {
        "list": "snapshot",
        "date": "2026-09-28",
        "providers": {
            "anthropic": {"a": [3, 15, 0.3, 3.75, [200_000, 6, 22.5, 0.6, 7.5]], "b": [1, 2]},
            "zai": {"glm": [0.6, 2.2]},
            "zai-coding-plan": {"glm": [0, 0], "free": [0, 0]},
        },
    },
    {"list": "litellm", "date": "2026-11-21", "providers": {"anthropic": {"b": [9, 9], "old": [8, 24]}}},
]
LATER_S = 1_793_000_000
"""2026-10-26."""


def bundled() -> bytes:
    return json.dumps(BUNDLED).encode()


def rate(*usd: float) -> Rate:
    return Rate(*map(per_token, usd))


@pytest.fixture
def cached(tmp_path: Path) -> Callable[[Any], Path]:
    def write(content: object, at_s: int = LATER_S) -> Path:
        file = tmp_path / "models.json"
        file.write_text(content if isinstance(content, str) else json.dumps(content, indent=1), "utf-8")
        os.utime(file, (at_s, at_s))
        return file

    return write


def models_dev(**models: dict[str, Any]) -> dict[str, Any]:
    return {"other": {"models": {}}, "anthropic": {"id": "anthropic", "models": models}}


def test_the_snapshot_comes_before_litellm() -> None:
    lists = PriceLists(None, bundled)

    found = lists.quotes([("anthropic", "a"), ("anthropic", "b"), ("anthropic", "old"), ("mock", "m"), (None, None)])

    steps = ((200_000, rate(6, 22.5, 0.6, 7.5)),)
    assert found == {
        ("anthropic", "a"): Quote(Price(rate(3, 15, 0.3, 3.75), steps), "snapshot", "2026-09-28"),
        ("anthropic", "b"): Quote(Price(rate(1, 2)), "snapshot", "2026-09-28"),
        ("anthropic", "old"): Quote(Price(rate(8, 24)), "litellm", "2026-11-21"),
    }


def test_a_subscription_has_the_price_of_who_sells_the_model_by_the_token() -> None:
    found = PriceLists(None, bundled).quotes([("zai-coding-plan", "glm"), ("zai-coding-plan", "free")])

    assert found["zai-coding-plan", "glm"] == Quote(Price(rate(0.6, 2.2)), "snapshot", "2026-09-28", "zai")
    assert found["zai-coding-plan", "free"].price.is_free


def test_the_users_own_price_comes_first() -> None:
    own = {"anthropic/a": Price(rate(1, 1)), "mock/m": Price(rate(2, 2))}

    found = PriceLists(None, bundled).quotes([("anthropic", "a"), ("mock", "m")], own)

    assert {model: quote.source for model, quote in found.items()} == dict.fromkeys(found, "override")
    assert found["mock", "m"].price == own["mock/m"]


def test_opencodes_own_newer_list_comes_before_ours(cached: Callable[[Any], Path]) -> None:
    cost = {"input": 4, "output": 16, "context_over_200k": {"input": 5, "output": 17, "cache_read": 1}}
    tiers = [{"input": 2, "output": 3, "tier": {"type": "context", "size": 32_000}}]
    file = cached(models_dev(a={"cost": cost}, new={"cost": {"input": 1, "output": 1, "tiers": tiers}}, b={}))

    found = PriceLists(file, bundled).quotes([("anthropic", "a"), ("anthropic", "new"), ("anthropic", "b")])

    assert found["anthropic", "a"] == Quote(
        Price(rate(4, 16, 0, 0), ((200_000, rate(5, 17, 1, 0)),)), "cached", "2026-10-26"
    )
    assert found["anthropic", "new"].price.steps == ((32_000, rate(2, 3, 0, 0)),)
    assert found["anthropic", "b"].source == "snapshot"


def test_an_older_list_is_left_alone(cached: Callable[..., Path]) -> None:
    file = cached(models_dev(a={"cost": {"input": 4, "output": 16}}), 1_700_000_000)

    assert PriceLists(file, bundled).quotes([("anthropic", "a")])["anthropic", "a"].source == "snapshot"


def test_a_list_that_was_fetched_again_is_read_again(cached: Callable[..., Path]) -> None:
    lists = PriceLists(cached(models_dev(a={"cost": {"input": 4, "output": 16}})), bundled)
    lists.quotes([("anthropic", "a")])

    cached(models_dev(a={"cost": {"input": 5, "output": 16}}), LATER_S + 1)

    assert lists.quotes([("anthropic", "a")])["anthropic", "a"].price == Price(rate(5, 16, 0, 0))


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{",
        '{"anthropic"',
        '{"anthropic": 3}',
        '{"anthropic": {"models": {"a": {"cost": {"input": -1, "output": 1}}}}}',
        '{"anthropic": {"models": {"a": {"cost": {"input": "x", "output": 1}}}}}',
        '{"anthropic": {"models": {"a": {"cost": []}}}}',
        '{"anthropic": {"models": {}}} x',
        '{"anthropic": {"models": {}}',
        "[" * 100_000,
    ],
)
def test_a_broken_list_is_ignored_with_a_reason(cached: Callable[[Any], Path], content: str) -> None:
    lists = PriceLists(cached(content), bundled)

    found = lists.quotes([("anthropic", "a")])

    assert found["anthropic", "a"].source == "snapshot"
    assert "models.json makes no sense" in lists.trouble


def test_a_list_that_is_too_large_or_no_file_is_ignored_with_a_reason(tmp_path: Path) -> None:
    large = tmp_path / "models.json"
    with large.open("wb") as file:
        file.truncate(LARGEST_BYTES + 1)
    lists, folder = PriceLists(large, bundled), PriceLists(tmp_path, bundled)

    assert lists.quotes([("anthropic", "a")])["anthropic", "a"].source == "snapshot"
    assert "too large" in lists.trouble
    assert folder.quotes([("anthropic", "a")])["anthropic", "a"].source == "snapshot"
    assert "can't be read" in folder.trouble


def test_no_list_is_opened_before_a_price_is_asked_for() -> None:
    def opened() -> bytes:
        raise AssertionError("opened")

    assert PriceLists(None, opened).quotes([]) == {}


def test_the_list_that_comes_with_the_program_is_one() -> None:
    lists = PriceLists(None)
    asked = [("anthropic", "claude-sonnet-4-5"), ("openai", "gpt-5"), ("opencode", "big-pickle"), ("mock", "mock-1")]

    found = lists.quotes(asked)

    assert found["anthropic", "claude-sonnet-4-5"].price.base == rate(3, 15, 0.3, 3.75)
    assert found["openai", "gpt-5"].price.base == rate(1.25, 10, 0.125)
    assert found["opencode", "big-pickle"].price.is_free
    assert ("mock", "mock-1") not in found


def test_every_price_that_comes_with_the_program_is_one() -> None:
    from opencode_stats.opencode import price_lists  # noqa: PLC0415

    names = json.loads(Path(price_lists.__file__).with_name("prices.json").read_bytes())
    for one in names:
        models = [(provider, model) for provider, rows in one["providers"].items() for model in rows]

        found = PriceLists(None).quotes(models)

        assert len(found) == len(models) > 1000
    assert {PLANS[plan] for plan in PLANS if plan in names[0]["providers"]} <= names[0]["providers"].keys()
