"""docs/cli.md has every command and every option, as the program has them."""

from __future__ import annotations

from tests.docs.reference import PAGE, page

from opencode_stats.cli.main import COMMANDS


def test_the_reference_is_fresh() -> None:
    assert PAGE.read_text("utf-8") == page(), "docs/cli.md is not as the commands are now: run `make generate`"


def test_the_reference_has_every_command_and_its_options() -> None:
    text = page()

    assert [name for name in COMMANDS if f"\n## opencode-stats {name}\n" not in text] == []
    assert "| `--project DIR` | Install the plugin for this project only" in text
    assert "```sh\nopencode-stats setup\nopencode-stats setup --project ~/work/shop --dry-run\n```" in text
