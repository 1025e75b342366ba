"""The live view as a whole: golden screens, and what holds for every size of terminal.

``GOLDEN=write`` in the environment writes the files anew: look at the difference before it is committed.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.screens import SCREENS, idle_of_two, many_runs, working

from opencode_stats.cli.render.choice import Choice
from opencode_stats.cli.render.live import View, models_of, screen
from opencode_stats.cli.render.rate import Rate
from opencode_stats.cli.render.styled import line_width
from opencode_stats.cli.render.text import width

if TYPE_CHECKING:
    from opencode_stats.cli.render.figures import Reading

GOLDEN = Path(__file__).parents[3] / "fixtures" / "golden"
SIZES = ((30, 100), (24, 79), (11, 40), (4, 19))


def a_rate(reading: Reading) -> Rate:
    """Ten minutes in which requests of rising size came."""
    rate = Rate(0.0)
    document = {"daily": dict(reading.document["daily"])}
    for second in range(0, 600, 20):
        document["daily"]["totalTokens"] += second * 10
        document["daily"]["totalCost"] += second / 10_000
        rate.see(document, second)
    return rate


def view(reading: Reading | None, choice: Choice | None = None, note: str = "", rate: Rate | None = None) -> View:
    return View(reading, note, rate or Rate(0.0), 600.0, choice or Choice())


def text_of(of: View, rows: int, columns: int) -> str:
    lines = ["".join(text for _, text in line).rstrip() for line in screen(of, rows, columns)]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(("rows", "columns"), SIZES)
@pytest.mark.parametrize("name", SCREENS)
def test_a_screen(name: str, rows: int, columns: int) -> None:
    reading = SCREENS[name]()
    text = text_of(view(reading, rate=a_rate(reading)), rows, columns)

    file = GOLDEN / f"watch-{name}-{columns}x{rows}.txt"
    if os.environ.get("GOLDEN") == "write":
        file.write_text(text, "utf-8")
    assert text == file.read_text("utf-8")


READINGS = {name: make() for name, make in SCREENS.items()}
CHOICES = st.builds(
    Choice,
    section=st.sampled_from(("session", "daily", "total")),
    by_cost=st.booleans(),
    first=st.integers(0, 9),
    paused=st.booleans(),
    help=st.booleans(),
)


@given(st.sampled_from([*SCREENS, ""]), st.integers(0, 60), st.integers(0, 250), CHOICES, st.text(max_size=300))
def test_it_fits_into_every_terminal(name: str, rows: int, columns: int, choice: Choice, note: str) -> None:
    lines = screen(view(READINGS.get(name), choice, "".join(filter(str.isprintable, note))), rows, columns)

    assert len(lines) <= rows
    assert all(line_width(line) <= columns for line in lines)
    assert all(char.isprintable() for line in lines for _, text in line for char in text)


def test_what_matters_most_is_what_a_tiny_terminal_shows() -> None:
    reading = idle_of_two()

    assert text_of(view(reading), 1, 19) == "▸ Today    874K  $2\n"
    assert text_of(view(reading, Choice(section="total")), 1, 30) == "▸ Total    874K  $25.70\n"
    assert "asks for you" in text_of(view(reading), 3, 40)


def test_the_chosen_section_is_whose_models_are_shown() -> None:
    reading = working()
    reading.document["session"]["models"] = {"only-mine": next(iter(reading.document["session"]["models"].values()))}

    assert "only-mine" not in text_of(view(reading), 24, 80)
    session = text_of(view(reading, Choice(section="session")), 24, 80)
    assert "▸ Session" in session
    assert "Models, session, by tokens\n  only-mine" in session


def test_models_in_the_order_of_cost_and_scrolled() -> None:
    reading = working()

    assert [name for name, _ in models_of(reading.document, Choice(by_cost=True))] == [
        "gpt-5",
        "claude-sonnet-5",
        "openrouter/qwen3-coder",
    ]
    scrolled = text_of(view(reading, Choice(first=2)), 24, 80)
    assert "Models, today, by tokens, from number 3 on\n  claude-sonnet-5" in scrolled
    assert "gpt-5" not in scrolled


def test_what_does_not_fit_is_counted() -> None:
    text = text_of(view(many_runs()), 12, 80)

    assert "6 OpenCodes\n" in text
    shown = text.count("● working")
    assert f"… and {6 - shown} more" in text


@pytest.mark.parametrize("columns", [40, 50, 60, 80, 100])
def test_how_much_is_used_is_seen_however_long_the_name_is(columns: int) -> None:
    reading = working()
    limit = {"name": "月" * 25, "percent": 81.9, "level": "critical", "resetsAtMs": reading.now_ms + 5_400_000}
    reading.document["limits"] = [limit, {**limit, "name": "short", "resetsAtMs": None}]

    lines = text_of(view(reading), 30, columns).splitlines()
    first = lines.index("Limits") + 1

    assert [line.partition("  resets")[0][-4:] for line in lines[first : first + 2]] == [" 81%", " 81%"]
    assert "月…月" in lines[first] or columns == 100
    assert ("resets in 1h 30m" in lines[first]) == (columns >= 80)


def test_limits_and_what_is_said_of_them() -> None:
    reading = working()
    limit = {"name": "5-hour", "percent": 81.9, "level": "critical", "resetsAtMs": reading.now_ms + 5_400_000}
    reading.document["limits"] = [limit, {"name": "\x1bweek", "percent": None, "level": "unknown", "resetsAtMs": None}]
    item = {"kind": "limit", "workspace": None, "limit": "5-hour", "atMs": reading.now_ms - 60_000}
    others = [item | {"kind": "of tomorrow", "limit": None}, item | {"percent": 80, "limit": "week"}]
    reading.document["attention"] = [item, *others]
    text = text_of(view(reading), 30, 80)

    assert re.search(r"Limits\n  5-hour +━{16}╸ +81%  resets in 1h 30m\n  .u001bweek +unknown\n", text)
    assert "! 5-hour is a limit that is nearly reached, 1m ago" in text
    assert "! an OpenCode of tomorrow, 1m ago" in text
    assert "! week is used to 80%, 1m ago" in text
    assert "━" not in text_of(view(reading), 30, 40)


def test_a_long_list_leaves_room_for_the_others() -> None:
    reading = many_runs()
    reading.document["attention"] = [
        {"kind": "finished", "workspace": f"/work/{number}", "atMs": reading.now_ms} for number in range(40)
    ]
    text = text_of(view(reading), 24, 80)

    assert text.count("● working") == 6
    assert all(model in text for model in ("gpt-5", "claude-sonnet-5", "openrouter/qwen3-coder"))
    assert "40 things ask for you" in text


def test_two_long_lists_share_what_there_is() -> None:
    reading = working()
    figures = next(iter(reading.document["daily"]["models"].values()))
    reading.document["daily"]["models"] = {f"model-{number}": figures for number in range(30)}
    reading.document["attention"] = [
        {"kind": "finished", "workspace": f"/work/{number}", "atMs": reading.now_ms} for number in range(40)
    ]
    text = text_of(view(reading), 24, 80)

    assert text.count("has finished") == 4
    assert text.count("  model-") >= 4


def test_shares_are_of_the_whole() -> None:
    lines = text_of(view(working()), 24, 80).splitlines()
    shares = [int(line.split("%")[0].split()[-1]) for line in lines if "%" in line]

    assert shares == [51, 26, 23]


def test_without_figures_it_says_why() -> None:
    text = text_of(view(None, note="There are no figures yet."), 10, 60)

    assert "There are no figures yet." in text
    assert "no figures" in text.splitlines()[0]
    assert "q quit" in text.splitlines()[-1]


def test_a_pause_and_a_missing_exporter_are_told() -> None:
    assert text_of(view(working(), Choice(paused=True)), 20, 60).splitlines()[0].endswith(" paused")
    stale = text_of(view(idle_of_two()), 20, 80)
    assert stale.splitlines()[0].endswith(" no exporter is running")
    assert "No exporter is running: these figures may be old." in stale


def test_the_help_has_every_key() -> None:
    text = text_of(view(working(), Choice(help=True)), 24, 80)

    assert all(f"\n  {key} " in text for key in ("q", "?", "Tab → ←", "c", "↑ ↓", "p"))


def test_wide_names_keep_the_columns() -> None:
    lines = [line for line in screen(view(idle_of_two()), 30, 80) if any("/home/ada" in text for _, text in line)]
    runs = ["".join(text for _, text in line) for line in lines if len(line) > 3][:2]

    assert len({width(run) for run in runs}) == 1
