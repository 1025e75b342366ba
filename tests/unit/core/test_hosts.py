"""Which account of a message holds, and what a line may say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opencode_stats.core.hosts import Account, HostFileHead, HostMessage, merged

ONE = HostMessage(
    message="msg_1", conversation="ses_a", live=True, stage="usage", event="evt_2", counted_at_ms=1_000, input=10,
    output=1, reasoning=0, cache_read=0, cache_write=0,
)  # fmt: skip
BESIDES = replace(ONE, message="auxiliary:ses_a", charged=100)


def test_the_first_account_is_what_is_known() -> None:
    assert merged(None, Account(ONE, "a")) == Account(ONE, "a")


@pytest.mark.parametrize(
    "further",
    [
        replace(ONE, stage="completed", event="evt_1", input=0),
        replace(ONE, event="evt_3", input=0),
        replace(ONE, counted_at_ms=1_001, input=0),
        replace(ONE, input=11),
        replace(ONE, cost_microusd=0),
    ],
)
def test_the_furthest_along_holds_whichever_comes_first(further: HostMessage) -> None:
    near, far = Account(ONE, "a"), Account(further, "a")

    assert merged(near, far) == merged(far, near) == far


@pytest.mark.parametrize(
    "further",
    [
        replace(BESIDES, charged=101, input=20),
        replace(BESIDES, charged=101, counted_at_ms=999),
        replace(BESIDES, input=9, counted_at_ms=1_001),
        replace(BESIDES, input=0, output=0),
        replace(BESIDES, counted_at_ms=999),
    ],
)
def test_of_what_2x_charged_besides_the_account_that_knows_of_more_holds(further: HostMessage) -> None:
    old, new = Account(BESIDES, "a"), Account(further, "a")

    assert merged(old, new) == merged(new, old) == new


def test_what_2x_charged_besides_is_no_request_once_nothing_is_left_of_it() -> None:
    assert ONE.counts
    assert BESIDES.counts
    assert not replace(BESIDES, input=0, output=0).counts
    with pytest.raises(ValueError, match="nothing is left"):
        replace(BESIDES, input=0, output=0, cost_microusd=1)


def test_a_message_belongs_to_the_host_that_saw_it_live() -> None:
    found = Account(replace(ONE, live=False, stage="completed"), "a")
    seen = Account(ONE, "b")

    both = merged(found, seen)

    assert (both.host, both.said.live, both.said.stage) == ("b", True, "completed")
    assert merged(replace(seen, host="c"), seen).host == "b"


@pytest.mark.parametrize(
    "wrong",
    [
        {"message": ""},
        {"message": "auxiliary:"},
        {"conversation": "x" * 4097},
        {"directory": ""},
        {"counted_at_ms": -1},
        {"input": -1},
        {"output": 10**10},
        {"cost_microusd": -1},
        {"cost_microusd": 10**13},
        {"charged": 1},
        {"message": "auxiliary:a", "charged": -1},
        {"message": "auxiliary:a", "charged": 5 * 2**53},
    ],
)
def test_what_no_message_can_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        replace(ONE, **wrong)  # type: ignore[arg-type]


def test_what_2x_charged_besides_may_be_as_large_as_a_conversation() -> None:
    most = 2**53 - 1
    large = replace(
        ONE, message=f"auxiliary:{'x' * 4096}", cost_microusd=10**15, input=most, output=most, reasoning=most,
        cache_read=most, cache_write=most,
    )  # fmt: skip

    assert large.tokens == 5 * most


@pytest.mark.parametrize(
    "wrong", [{"host": "A" * 32}, {"host": "a" * 31}, {"name": ""}, {"name": "x" * 256}, {"messages": -1}]
)
def test_a_head_says_whose_it_is(wrong: dict[str, object]) -> None:
    head = HostFileHead(host="a" * 32, name="laptop", written_ms=1, messages=0)

    with pytest.raises(ValueError, match=r"."):
        replace(head, **wrong)  # type: ignore[arg-type]
