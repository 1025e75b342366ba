"""The page and the template say what the code does."""

from __future__ import annotations

import tomllib
from pathlib import Path

from opencode_stats.settings.keys import KEYS, Settings
from opencode_stats.settings.page import table, template, with_table
from opencode_stats.settings.reading import understand

PAGE = Path(__file__).parents[3] / "docs" / "settings.md"


def test_the_page_has_every_setting_as_it_is() -> None:
    page = PAGE.read_text("utf-8")

    assert with_table(page) == page, "run make generate"
    assert table() in page
    assert all(f"| `{name}` |" in page for name in KEYS)


def test_the_template_sets_nothing_and_each_of_its_lines_the_default() -> None:
    assert tomllib.loads(template()) == {}
    uncommented = "\n".join(line[1:] for line in template().splitlines() if line.startswith("#") and line[1:2] != " ")
    found = understand(uncommented)

    assert (found.faults, found.unknown, found.said.keys()) == ((), (), KEYS.keys())
    assert found.settings == Settings()


def test_every_setting_says_what_it_is_for() -> None:
    for key in KEYS.values():
        assert key.says.endswith(".")
        assert key.kind.wants
