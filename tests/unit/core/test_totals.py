from __future__ import annotations

from dataclasses import replace

from opencode_stats.core.tokens import Tokens
from opencode_stats.core.totals import Totals, Usage, fold, usage_of
from opencode_stats.core.usage import Message

MESSAGE = Message(
    message="m",
    conversation="s",
    api=1,
    stage="completed",
    event="e",
    created_seen=True,
    first_at_ms=1,
    provider="openai",
    model="gpt-5",
    tokens=Tokens(10, 5),
    cost_microusd=7,
)


def test_a_counted_message_adds_its_tokens_its_cost_and_itself() -> None:
    assert usage_of(MESSAGE, "counted") == Usage(Tokens(10, 5), 7, 1)


def test_a_pending_message_and_a_copy_add_nothing() -> None:
    assert usage_of(MESSAGE, "pending") == usage_of(MESSAGE, "copy") == Usage()


def test_unknown_tokens_add_nothing_and_zero_tokens_add_a_message() -> None:
    assert usage_of(replace(MESSAGE, tokens=None), "counted") == Usage()
    assert usage_of(replace(MESSAGE, tokens=Tokens(), cost_microusd=None), "counted") == Usage(Tokens(), 0, 1)


def test_the_fold_keeps_models_and_providers_apart() -> None:
    other = replace(MESSAGE, message="n", provider="azure")

    totals = fold([(MESSAGE, "counted"), (other, "counted"), (MESSAGE, "copy"), (MESSAGE, "counted")])

    assert totals.by_model == {
        ("openai", "gpt-5"): Usage(Tokens(20, 10), 14, 2),
        ("azure", "gpt-5"): Usage(Tokens(10, 5), 7, 1),
    }
    assert totals.whole == Usage(Tokens(30, 15), 21, 3)


def test_nothing_is_a_total_too() -> None:
    assert fold([]).whole == Totals().whole == Usage()
