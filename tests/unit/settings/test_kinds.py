"""What a value can be, and what is said of one that can't."""

from __future__ import annotations

from typing import Any

import pytest

from opencode_stats.settings.kinds import Kind, Unfit, days, flag, nearest, number, shown, text, texts, whole

CURRENCY = text("[A-Z]{3}", "three capital letters")


@pytest.mark.parametrize(
    ("kind", "found", "value"),
    [
        (flag(), True, True),
        (whole(0, 9), 9, 9),
        (whole(-1, 9), -1, -1),
        (days(32, 99), 0, 0),
        (days(32, 99), 32, 32),
        (number(0, 2), 1, 1.0),
        (number(0, 2), 0.5, 0.5),
        (CURRENCY, "EUR", "EUR"),
        (texts(), ["a", ""], ("a", "")),
        (texts(), [], ()),
    ],
)
def test_what_can_be(kind: Kind[Any], found: object, value: object) -> None:
    read = kind.read(found)

    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(
    ("kind", "found", "reason"),
    [
        (flag(), 1, "it is 1, and wants true or false"),
        (whole(0, 9), 10, "it is 10, and wants a whole number from 0 to 9"),
        (days(32, 99), 31, "it is 31, and wants 0, or a whole number from 32 to 99"),
        (days(32, 99), False, "it is false, and wants 0, or a whole number from 32 to 99"),
        (whole(0, 9), True, "it is true, and wants a whole number from 0 to 9"),
        (whole(0, 9), 1.0, "it is 1.0, and wants a whole number from 0 to 9"),
        (number(0, 2), float("nan"), "it is nan, and wants a number from 0 to 2"),
        (number(0, 2), False, "it is false, and wants a number from 0 to 2"),
        (number(1e-6, 1e9), 0, "it is 0, and wants a number from 0.000001 to 1000000000"),
        (CURRENCY, "EURO", "it is 'EURO', and wants three capital letters"),
        (CURRENCY, {"a": 1}, "it is a table, and wants three capital letters"),
        (texts(), "ls", "it is 'ls', and wants a list of texts"),
        (texts(), ["ls", 1], "it has 1, and wants a list of texts"),
    ],
)
def test_what_can_not_be(kind: Kind[Any], found: object, reason: str) -> None:
    with pytest.raises(Unfit) as refused:
        kind.read(found)

    assert refused.value.reason == reason


def test_where_in_a_list_it_is() -> None:
    with pytest.raises(Unfit) as refused:
        texts().read(["ls", 1])

    assert refused.value.place == (1,)


def test_long_values_are_cut() -> None:
    assert len(shown("x" * 1000)) < 70


def test_the_nearest_word() -> None:
    assert nearest("autostrat", ["autostart", "linger_s"]) == " Did you mean autostart?"
    assert nearest("zzz", ["autostart", "linger_s"]) == ""
