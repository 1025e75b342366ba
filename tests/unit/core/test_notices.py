"""What the user is told of, once each."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.support.clock import NOON_MS
from tests.unit.desktop.items import item

from opencode_stats.core.notices import KINDS, MOST_REMEMBERED, TOLD_WITHIN_MS, Memory, Rules, notices, visible

HOUR_MS = 3_600_000


def titles(
    *items: object, memory: Memory | None = None, rules: Rules | None = None, now_ms: int = NOON_MS
) -> list[str]:
    known = Memory(0) if memory is None else memory
    return [one.title for one in notices(items, known, rules or Rules(), "/home/me", now_ms)]  # type: ignore[arg-type]  # items alone


def test_each_is_told_once() -> None:
    memory = Memory(0)

    assert titles(item(), memory=memory) == ["OpenCode has finished"]
    assert titles(item("error", 2), item(), memory=memory) == ["OpenCode stopped with an error"]
    assert titles(item("error", 2), item(), memory=memory) == []
    assert memory.added == 2


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_switched_off_and_does_not_come_later(kind: str) -> None:
    memory, one = Memory(0), item(kind)  # type: ignore[arg-type]  # one of them

    assert titles(one, memory=memory, rules=Rules(kinds=[other for other in KINDS if other != kind])) == []
    assert titles(one, memory=memory) == []
    assert len(titles(one)) == 1


def test_a_short_turn_is_no_news_but_its_error_is() -> None:
    rules = Rules(minimum_turn_ms=10_000)

    assert titles(item(turn_ms=9_999), rules=rules) == []
    assert titles(item(turn_ms=10_000), rules=rules) == ["OpenCode has finished"]
    assert titles(item(turn_ms=None), rules=rules) == ["OpenCode has finished"]
    assert titles(item("error", turn_ms=1), rules=rules) == ["OpenCode stopped with an error"]


def test_of_a_run_only_the_newest_is_told_and_runs_in_their_order() -> None:
    newest_first = item("error", 3), item(number=2, run="run-2"), item(number=1)
    memory = Memory(0)

    assert titles(*newest_first, memory=memory) == ["OpenCode has finished", "OpenCode stopped with an error"]
    assert len(memory.ids) == 3


def test_how_much_of_a_limit_is_used_is_said_where_it_is_known() -> None:
    known = replace(item("limit", 1), percent=80)

    assert [one.title for one in notices([known], Memory(0), Rules(), "", NOON_MS)] == ["80% of a limit is used"]
    (unknown,) = notices([item("limit", 1)], Memory(0), Rules(), "", NOON_MS)
    assert unknown.title == "A limit is nearly reached"


def test_two_limits_are_two_things() -> None:
    told = notices([item("limit", 2), item("limit", 1)], Memory(0), Rules(), "", NOON_MS)

    assert [(one.subject, one.body) for one in told] == [("limit limit-1", "limit-1"), ("limit limit-2", "limit-2")]


def test_what_came_before_the_first_start_or_long_ago_is_no_news() -> None:
    assert titles(item(at_ms=NOON_MS - 1), memory=Memory(NOON_MS)) == []
    assert titles(item(at_ms=NOON_MS), memory=Memory(NOON_MS)) == ["OpenCode has finished"]
    assert titles(item(at_ms=NOON_MS - TOLD_WITHIN_MS)) == []
    assert titles(item(at_ms=NOON_MS - TOLD_WITHIN_MS + 1)) == ["OpenCode has finished"]


def test_a_clock_that_was_set_back_leaves_no_news_unheard() -> None:
    memory, earlier_ms = Memory(NOON_MS), NOON_MS - HOUR_MS

    assert titles(item(at_ms=earlier_ms), memory=memory, now_ms=earlier_ms) == ["OpenCode has finished"]


def test_the_memory_does_not_grow_for_ever() -> None:
    memory = Memory(0)
    for number in range(MOST_REMEMBERED + 10):
        memory.add(str(number))

    assert len(memory.ids) == MOST_REMEMBERED
    assert "9" not in memory.ids
    assert str(MOST_REMEMBERED + 9) in memory.ids


@pytest.mark.parametrize(
    ("folder", "turn_ms", "body"),
    [
        ("/home/me", 5_000, "~, after 5s"),
        ("/home/me/shop", 60_000, "~/shop, after 1m"),
        ("/home/melissa", 7_500_000, "/home/melissa, after 2h 5m"),
        ("", 5_000, "after 5s"),
        ("/w", None, "/w"),
        ("/" + "x" * 300, None, "/" + "x" * 198 + "…"),
    ],
)
def test_the_body_says_where_and_how_long(folder: str, turn_ms: int | None, body: str) -> None:
    (told,) = notices([item(folder=folder, turn_ms=turn_ms)], Memory(0), Rules(), "/home/me", NOON_MS)

    assert told.body == body


def test_what_a_terminal_would_obey_is_made_visible() -> None:
    assert visible("a\x1b[31m\u202eb\nü漢") == "a?[31m?b?ü漢"
