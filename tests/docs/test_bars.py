"""docs/status-bars.md shows the files of packaging/bars as they are, and has every name of a template."""

from __future__ import annotations

import json
import re
import tomllib

import pytest
from tests.docs.blocks import ROOT, blocks_of

from opencode_stats.cli.render.glance import VALUES
from opencode_stats.cli.statusline import FORMATS

PAGE = "docs/status-bars.md"
BARS = ROOT / "packaging" / "bars"
FILES = sorted(str(path.relative_to(BARS)) for path in BARS.rglob("*.*"))


@pytest.mark.parametrize("name", FILES)
def test_every_configuration_is_on_the_page_as_it_is(name: str) -> None:
    text = (BARS / name).read_text("utf-8")

    assert text in [block.text for block in blocks_of(PAGE)]
    assert "opencode-stats statusline" in text or name.endswith(".css")


def test_the_configurations_are_in_their_languages() -> None:
    waybar = re.sub(r"^\s*//.*$", "", (BARS / "waybar" / "module.jsonc").read_text("utf-8"), flags=re.MULTILINE)

    assert json.loads(waybar)["custom/opencode"]["return-type"] == "json"
    assert tomllib.loads((BARS / "starship" / "starship.toml").read_text("utf-8"))["custom"]["opencode"]["shell"]


def test_the_page_has_every_name_and_format() -> None:
    page = (ROOT / PAGE).read_text("utf-8")

    for name in VALUES:
        section, _, rest = name.partition(".")
        assert f"`{name}`" in page or (section in ("session", "today", "total") and f"`….{rest}`" in page), name
    assert all(f"`{form}`" in page for form in FORMATS)
