"""The settings as a page."""

from __future__ import annotations

import tomllib

from opencode_stats.cli.render.settings import Shown, settings
from opencode_stats.cli.render.text import width

WORDS = ('"one"', '"two of them"', '"三つ"')
SHOWN = (
    Shown("day_start_hour", "5", 2),
    Shown("words", f"[{', '.join(WORDS)}]", None, WORDS),
    Shown("limits", '[{name = "a", window = "5h", tokens = 5}]', 7, (), '[[limits]]\nname = "a"\ntokens = 5\n'),
    Shown("linger_s", "600", None),
)


def test_each_is_one_line_where_there_is_room() -> None:
    assert settings(SHOWN, "/f", 80).splitlines() == [
        "# /f",
        "day_start_hour = 5                      # line 2",
        'words = ["one", "two of them", "三つ"]  # default',
        'limits = [{name = "a", window = "5h", tokens = 5}]  # line 7',
        "linger_s = 600                          # default",
    ]


def test_what_is_longer_is_laid_out_as_in_a_file() -> None:
    page = settings(SHOWN, "/f", 30)

    assert page.splitlines() == [
        "# /f",
        "day_start_hour = 5  # line 2",
        "words = [  # default",
        '  "one", "two of them",',
        '  "三つ",',
        "]",
        "linger_s = 600      # default",
        "",
        "# limits: line 7",
        "[[limits]]",
        'name = "a"',
        "tokens = 5",
    ]
    assert tomllib.loads(page)["words"] == ["one", "two of them", "三つ"]
    assert max(map(width, page.splitlines())) <= 30
