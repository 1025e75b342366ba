"""What a terminal is sent that knows ASCII alone."""

from __future__ import annotations

from opencode_stats.cli.render.text import width
from opencode_stats.cli.terminal import in_ascii


def test_what_stands_for_a_character_is_as_wide() -> None:
    line = "  ● 深度求索/e\u0301v…nement  ▁▂▃█━╸ →  3"

    shown = in_ascii(line)

    assert shown == "  * ????????/ev~nement  _.-#=- >  3"
    assert width(shown) == width(line)
