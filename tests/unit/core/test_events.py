from __future__ import annotations

import dataclasses
from typing import get_args

import pytest

from opencode_stats.core import events
from opencode_stats.core.bounds import LARGEST_MESSAGE_TOKENS
from opencode_stats.core.tokens import LARGEST_COUNT, Tokens

KINDS = get_args(events.Event)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: str(kind.__name__))
def test_every_record_is_frozen_slotted_and_told_apart_by_its_type(kind: type) -> None:
    fields = {field.name: field for field in dataclasses.fields(kind)}

    assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert "__slots__" in vars(kind)
    assert fields["type"].default == get_args(eval(str(fields["type"].type), vars(events)))[0]


def test_no_two_records_have_the_same_type() -> None:
    types = [kind.__dataclass_fields__["type"].default for kind in KINDS]

    assert len(set(types)) == len(types) == 16


def test_a_message_has_no_more_tokens_than_any_context_window_could_give() -> None:
    largest = Tokens(input=LARGEST_MESSAGE_TOKENS)

    assert events.MessageSnapshot(at_ms=1, conversation="s", message="m", tokens=largest).tokens == largest
    with pytest.raises(ValueError, match="10"):
        events.MessageSnapshot(at_ms=1, conversation="s", message="m", tokens=largest + Tokens(output=1))


def test_a_conversation_has_no_more_tokens_than_javascript_counts() -> None:
    with pytest.raises(ValueError, match="conversation"):
        events.ConversationUsage(at_ms=1, conversation="s", tokens=Tokens(LARGEST_COUNT, 1))


def test_an_optional_text_is_checked_where_it_is_given() -> None:
    with pytest.raises(ValueError, match="text"):
        events.MessageSnapshot(at_ms=1, conversation="s", message="m", finish="")
