"""On which line a key stands, in every layout that TOML allows."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencode_stats.settings.positions import Place, line_of, lines_of

TEXT = '''\
# [not] a table
one = 1 # a comment

two = """
[three]
three = 3
"""
"quoted key" = [ # an array
  1, # = 2
  { four = 4, five = [5] },
]
a.b.c = 6
[table]
seven = 7

[[many]]
eight = 8
[many.below]
nine = 9
[[many]]
[[many]]
eight = 10
[many.below]
nine = 11
[deep.er]
ten = 10
'''


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (("one",), 2),
        (("two",), 4),
        (("quoted key",), 8),
        (("quoted key", 1, "five", 0), 8),
        (("a", "b", "c"), 12),
        (("a",), 12),
        (("table",), 13),
        (("table", "seven"), 14),
        (("many",), 16),
        (("many", 0), 16),
        (("many", 0, "eight"), 17),
        (("many", 0, "below", "nine"), 19),
        (("many", 1), 20),
        (("many", 2, "eight"), 22),
        (("many", 2, "below", "nine"), 24),
        (("deep", "er", "ten"), 26),
    ],
)
def test_each_key_has_its_line(place: tuple[str | int, ...], line: int) -> None:
    assert lines_of(TEXT)[place] == line


def test_windows_line_ends() -> None:
    assert lines_of(TEXT.replace("\n", "\r\n")) == lines_of(TEXT)


def test_the_nearest_place_that_has_a_line() -> None:
    lines = lines_of("a = 1\nb = [1]\n")

    assert line_of(lines, "b", 0, "c") == 2
    assert line_of(lines, "c") is None


def test_what_is_not_toml() -> None:
    with pytest.raises(tomllib.TOMLDecodeError):
        lines_of("a = ")


def test_behind_an_endless_statement_nothing_is_known() -> None:
    lines = lines_of("a = 1\nb = [\n" + "1,\n" * 600 + "]\nc = 1\n")

    assert lines == {("a",): 1}


VALUES = st.sampled_from(["1", "'x'", "[\n1,\n2]", '"""\n[a]\nb = 1\n"""', "{x = 1, y = [2]}", "true # no"])
BLANK = st.sampled_from(["", "# a = 1\n", "\n\n"])


@given(st.lists(st.tuples(BLANK, VALUES), max_size=8), st.lists(st.tuples(BLANK, VALUES), max_size=4))
def test_in_any_text(top: list[tuple[str, str]], tables: list[tuple[str, str]]) -> None:
    text = ""
    expected: dict[Place, int] = {}
    for number, (blank, value) in enumerate(top):
        text += blank
        expected[(f"k{number}",)] = text.count("\n") + 1
        text += f"k{number} = {value}\n"
    for number, (blank, value) in enumerate(tables):
        text += f"{blank}[[t]]\n"
        expected[("t", number, "v")] = text.count("\n") + 1
        text += f"v = {value}\n"

    lines = lines_of(text)

    assert {place: lines[place] for place in expected} == expected
