"""Whole screens: each is held by a golden file, and none is wider than its terminal.

``GOLDEN=write`` in the environment writes the files anew: look at the difference before it is committed.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.support.screens import SCREENS, working

from opencode_stats.cli.render.figures import figures
from opencode_stats.cli.render.text import width

GOLDEN = Path(__file__).parents[3] / "fixtures" / "golden"


@pytest.mark.parametrize("columns", [100, 40])
@pytest.mark.parametrize("screen", SCREENS)
def test_a_screen(screen: str, columns: int) -> None:
    text = figures(SCREENS[screen](), columns) + "\n"

    file = GOLDEN / f"figures-{screen}-{columns}.txt"
    if os.environ.get("GOLDEN") == "write":
        file.write_text(text, "utf-8")
    assert text == file.read_text("utf-8")


@pytest.mark.parametrize("screen", SCREENS)
def test_no_line_is_wider_than_the_terminal(screen: str) -> None:
    reading = SCREENS[screen]()
    for columns in (40, 57, 80, 132, 500):
        lines = figures(reading, columns).split("\n")

        assert max(width(line) for line in lines) <= columns
        assert all(char.isprintable() for line in lines for char in line)
        assert all(line == line.rstrip() for line in lines)


@pytest.mark.parametrize("columns", [0, 1, -5, 39])
def test_a_narrower_terminal_gets_what_forty_columns_get(columns: int) -> None:
    reading = working()

    assert figures(reading, columns) == figures(reading, 40)
