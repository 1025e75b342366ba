"""What each bar is handed: its own language, and no name that could be taken for it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
from tests.support.clock import NOON_MS
from tests.support.screens import HOUR_MS, SCREENS, idle_of_two, waiting, working

from opencode_stats.cli.render.bars import (
    DEFAULT_TEXT,
    SHORT_TEXT,
    Shown,
    i3blocks_json,
    i3blocks_lines,
    plain_line,
    polybar_line,
    tmux_line,
    waybar_line,
    xbar_menu,
)
from opencode_stats.cli.render.template import parsed_template

if TYPE_CHECKING:
    from collections.abc import Callable

    from opencode_stats.cli.render.figures import Reading

NAMES = "{session.model} {workspace}"
LANGUAGES = "%{F#f00}x%", "{A:reboot:}#[fg=red]#(reboot)<b>&|x", "a|color=red bash=/bin/sh", "$(reboot)`reboot`"


def shown(reading: Reading | None, text: str = DEFAULT_TEXT, reason: str = "") -> Shown:
    return Shown(parsed_template(text), parsed_template(SHORT_TEXT), reading, reason)


def named(model: str, workspace: str) -> Reading:
    reading = working()
    session = reading.document["session"]
    session["models"] = {model: next(iter(session["models"].values()))}
    session["workspaces"] = [{"directory": workspace, "totalTokens": 1}]
    return reading


def waybar(reading: Reading | None, text: str = DEFAULT_TEXT) -> dict[str, Any]:
    line: dict[str, Any] = json.loads(waybar_line(shown(reading, text)))
    return line


def pango(markup: str) -> str:
    """What Pango would show; it reads XML with some tags of its own."""
    return "".join(ET.fromstring(f"<markup>{markup}</markup>").itertext())


def test_today_is_what_is_shown() -> None:
    assert plain_line(shown(working())) == "437K $12.85"


def test_who_waits_is_shown_before_everything_and_in_its_colour() -> None:
    assert plain_line(shown(waiting())) == "! 437K $12.85"
    assert tmux_line(shown(waiting())) == "#[reverse]! 437K $12.85#[noreverse]"
    assert polybar_line(shown(waiting())) == "%{F#e5a50a}! 437K $12.85%{F-}"
    assert i3blocks_lines(shown(waiting())) == "! 437K $12.85\n! 437K\n#e5a50a"
    assert json.loads(i3blocks_json(shown(waiting())))["color"] == "#e5a50a"
    assert waybar(waiting())["class"] == "waiting"
    assert xbar_menu(shown(waiting())).startswith("! 437K $12.85 | emojize=false ansi=false color=#e5a50a\n---\n")


@pytest.mark.parametrize(
    ("screen", "expected"),
    [
        ("never-ran", "none"),
        ("working", "working"),
        ("waiting", "waiting"),
        ("idle-of-two", ["working", "stale"]),
        ("ended", ["normal", "stale"]),
    ],
)
def test_the_class_in_waybar(screen: str, expected: str | list[str]) -> None:
    assert waybar(SCREENS[screen]())["class"] == expected


def test_figures_are_marked_as_old_where_nobody_keeps_them_though_there_was_need() -> None:
    live = replace(idle_of_two(), daemon_pid=7)
    at_rest = replace(working(), daemon_pid=0)
    at_rest.document["sessions"] = []
    yesterday = replace(at_rest, now_ms=NOON_MS + 24 * HOUR_MS)

    assert plain_line(shown(live)) == "874K $25.70"
    assert plain_line(shown(replace(live, daemon_pid=0))) == "874K $25.70?"
    assert "these figures may be old" in waybar(replace(live, daemon_pid=0))["tooltip"]
    assert plain_line(shown(at_rest)) == "437K $12.85"
    assert plain_line(shown(yesterday)) == "437K $12.85?"
    assert plain_line(shown(replace(yesterday, daemon_pid=7))) == "437K $12.85"


def test_a_limit_is_the_percentage() -> None:
    reading = working()
    reading.document["limits"] = [
        {"name": "week", "percent": 12, "level": "normal"},
        {"name": "5-hour", "percent": 81.9, "level": "critical"},
        {"name": "odd", "percent": None, "level": "unknown"},
    ]

    assert (waybar(reading)["percentage"], waybar(reading)["class"]) == (81, ["working", "critical"])
    assert plain_line(shown(reading, "{limit}")) == "5-hour 81%"
    assert "percentage" not in waybar(working())
    assert plain_line(shown(working(), "{limit}")) == ""


def test_without_figures_the_line_is_empty_and_valid() -> None:
    nothing = shown(None, reason="There is <none>.")

    assert [draw(nothing) for draw in (plain_line, tmux_line, polybar_line, i3blocks_lines)] == ["", "", "", ""]
    assert json.loads(waybar_line(nothing)) == {"text": "", "tooltip": "There is &lt;none&gt;.", "class": "none"}
    assert json.loads(i3blocks_json(nothing)) == {"full_text": ""}
    assert xbar_menu(nothing).splitlines()[:2] == ["- | emojize=false ansi=false", "---"]


@pytest.mark.parametrize("model", LANGUAGES)
@pytest.mark.parametrize("workspace", LANGUAGES)
def test_no_name_speaks_a_bars_language(model: str, workspace: str) -> None:
    reading = named(model, workspace)
    said = shown(reading, NAMES)
    plain = plain_line(said)

    # A single number sign begins something in tmux, two are one that is shown.
    assert "#" not in tmux_line(said).replace("##", "")
    assert tmux_line(said).replace("##", "#") == plain
    assert "%{" not in polybar_line(said)
    assert polybar_line(said).replace("\u200b", "") == plain
    assert pango(waybar(reading, NAMES)["text"]) == plain
    assert model[:5] in pango(waybar(reading, NAMES)["tooltip"])
    assert all(line.count("|") == 1 for line in xbar_menu(said).splitlines() if line != "---")
    assert [line for line in xbar_menu(said).splitlines() if line.startswith("--")] == ["---"]
    assert json.loads(i3blocks_json(said))["full_text"] == i3blocks_lines(said).split("\n")[0] == plain


def test_two_names_side_by_side_are_no_tag_of_polybars() -> None:
    said = polybar_line(shown(named("50%", "{F#f00}"), "{session.model}{workspace}"))

    assert said == "50%\u200b{F#f00}"


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize(
    ("draw", "lines"),
    [(plain_line, 1), (tmux_line, 1), (polybar_line, 1), (waybar_line, 1), (i3blocks_json, 1), (i3blocks_lines, 3)],
)
def test_lines_are_lines_whatever_is_in_the_file(screen: str, draw: Callable[[Shown], str], lines: int) -> None:
    text = draw(shown(SCREENS[screen](), NAMES))

    assert len(text.split("\n")) <= lines
    assert re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text) is None


def test_a_menu_of_hundreds_of_models_has_an_end() -> None:
    reading = working()
    figures = next(iter(reading.document["daily"]["models"].values()))
    reading.document["daily"]["models"] = {f"model {number}": figures for number in range(500)}

    assert len(xbar_menu(shown(reading)).splitlines()) < 40
    assert len(waybar(reading)["tooltip"].splitlines()) < 40
