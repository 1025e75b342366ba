"""The tutorial's commands, in its order, with the real OpenCode: each prints what the page shows."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from tests.docs.blocks import blocks_of
from tests.docs.reader import Reader
from tests.e2e.checks import assert_all_equal_books

if TYPE_CHECKING:
    from tests.e2e.rig.stage import Stage

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180, func_only=True)]

PAGE = "docs/tutorial.md"


def test_every_command_of_the_tutorial_prints_what_it_shows(on_stage: Stage) -> None:
    home = on_stage.home
    command = home.root / "bin" / "opencode-stats"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m opencode_stats "$@"\n', "utf-8")
    command.chmod(0o755)
    # The first step, `make install`, is what the stage did; tests/e2e_setup has the command itself.
    shown = [block for block in blocks_of(PAGE) if block.language == "console"]
    reader = Reader(home.project, on_stage.exporter.environment() | {"PWD": str(home.project), "COLUMNS": "100"})

    assert len(shown) >= 5
    for block in shown:
        different = reader.show(block.text)
        assert different is None, f"{block.place}: {different}"
    assert_all_equal_books(on_stage.published, on_stage.charges)
