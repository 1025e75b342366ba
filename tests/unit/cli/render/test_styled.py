"""Lines in columns, sparklines and bars."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencode_stats.cli.render.styled import bar, cut, line_of, line_width, spark, spread
from opencode_stats.cli.render.text import width


def test_cut_is_at_a_column_and_never_through_a_wide_character() -> None:
    line = line_of("ab", ("bold", "日本"), "c")

    assert [cut(line, columns) for columns in (0, 1, 3, 4, 5)] == [
        (),
        (("", "a"),),
        (("", "ab"),),
        (("", "ab"), ("bold", "日")),
        (("", "ab"), ("bold", "日")),
    ]
    assert cut(line, 7) == line


def test_both_ends_of_a_line() -> None:
    assert spread(line_of("a"), line_of(("dim", "b")), 5) == (("", "a"), ("", "   "), ("dim", "b"))
    assert spread(line_of("abc"), line_of("de"), 5) == (("", "abc"),)
    assert spread(line_of("abc"), line_of("de"), 2) == (("", "ab"),)


@pytest.mark.parametrize(
    ("values", "expected"),
    [([], ""), ([0, 0], "▁▁"), ([0, 1, 1000], "▁▂█"), ([7, 7], "██"), ([0, 50, 100], "▁▅█"), ([-1, 2], "▁█")],
)
def test_spark(values: list[float], expected: str) -> None:
    assert spark(values) == expected


@pytest.mark.parametrize(
    ("share", "columns", "expected"),
    [
        (0.0, 4, "    "),
        (1.0, 4, "━━━━"),
        (0.5, 4, "━━  "),
        (0.0001, 4, "╸   "),
        (0.3, 3, "━  "),
        (0.4, 4, "━╸  "),
        (2.0, 2, "━━"),
        (0.5, 0, ""),
    ],
)
def test_bar(share: float, columns: int, expected: str) -> None:
    assert bar(share, columns) == expected


@given(st.floats(0, 1), st.integers(0, 80))
def test_a_bar_is_as_wide_as_was_asked_for(share: float, columns: int) -> None:
    assert width(bar(share, columns)) == columns


@given(st.text(st.sampled_from("aé日😀 "), max_size=30), st.text(max_size=5), st.integers(0, 40))
def test_no_line_is_wider_than_asked_for(left: str, right: str, columns: int) -> None:
    assert line_width(spread(line_of(left), line_of(right), columns)) <= columns
