"""What xbar and SwiftBar make of our menu, by the grammar that both publish: no Mac is here to ask.

xbar: ``pkg/plugins/parse.go`` and ``item_params.go`` (an unknown parameter or a malformed value is an error that
replaces the whole menu); SwiftBar: "Script Output" and "Parameters" of its README.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import pytest
from tests.support.screens import SCREENS, working

from opencode_stats.cli.render.bars import DEFAULT_TEXT, SHORT_TEXT, Shown, plain_line, xbar_menu
from opencode_stats.cli.render.template import parsed_template

BOOL = "true|false"
# Those that both know; xbar refuses all that it does not.
PARAMETERS = {
    "color": r"#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})",
    "font": r"\w+",
    "trim": BOOL,
    "ansi": BOOL,
    "emojize": BOOL,
}
SYMBOL = re.compile(r":[^\s:\u200b]+:")
NAMES = "{session.model} {workspace}"
HOSTILE = [
    "a | shell=reboot",
    "-- sub",
    "---",
    ":mushroom:",
    "a:sun.max:b",
    r"\u202e \x1b[31m",
    "'",
    '"',
    "x=",
    ":a:b:c:",
]


@dataclass
class Item:
    text: str
    parameters: dict[str, str]


@dataclass
class Menu:
    """What is in the bar, and what opens below it."""

    titles: list[Item] = field(default_factory=list)
    body: list[Item] = field(default_factory=list)


def read(output: str) -> Menu:
    """As both read it; anything that one of them would refuse, draw or put elsewhere is an error."""
    menu, place = Menu(), "titles"
    for line in output.split("\n"):
        if line.strip() == "---":
            assert place == "titles", "a second line of dashes is a separator, of which we print none"
            place = "body"
            continue
        text, bar, rest = line.partition("|")
        assert bar, f"without parameters emoji and escapes are read: {line!r}"
        assert not text.startswith("--"), f"a submenu: {line!r}"
        parameters = dict(pair.split("=", 1) for pair in rest.split())
        for key, value in parameters.items():
            assert re.fullmatch(PARAMETERS[key], value), f"{key}={value}"
        assert (parameters["emojize"], parameters["ansi"]) == ("false", "false")
        assert SYMBOL.search(text) is None, f"SwiftBar draws it: {text!r}"
        getattr(menu, place).append(Item(text if parameters.get("trim") == "false" else text.strip(), parameters))
    return menu


def shown(screen: str, text: str = DEFAULT_TEXT) -> Shown:
    return Shown(parsed_template(text), parsed_template(SHORT_TEXT), SCREENS[screen]())


@pytest.mark.parametrize("screen", SCREENS)
def test_every_state_is_one_title_and_a_menu(screen: str) -> None:
    menu = read(xbar_menu(shown(screen)))

    assert [item.text for item in menu.titles] == [plain_line(shown(screen)) or "-"]
    assert menu.body


def test_without_figures_the_reason_is_in_the_menu() -> None:
    said = Shown(parsed_template(DEFAULT_TEXT), parsed_template(SHORT_TEXT), None, "There is no file: a | b.")

    menu = read(xbar_menu(said))

    assert [item.text for item in menu.titles] == ["-"]
    assert [item.text.rstrip() for item in menu.body] == ["There is no file: a ¦ b."]


@pytest.mark.parametrize("model", HOSTILE)
@pytest.mark.parametrize("workspace", HOSTILE)
def test_names_stay_names(model: str, workspace: str) -> None:
    reading = working()
    session = reading.document["session"]
    session["models"] = {model: next(iter(session["models"].values()))}
    session["workspaces"] = [{"directory": workspace, "totalTokens": 1}]

    menu = read(xbar_menu(Shown(parsed_template("t " + NAMES), parsed_template(SHORT_TEXT), reading)))

    (title,) = menu.titles
    assert model in title.text.replace("\u200b", "").replace("¦", "|")
    assert title.parameters == {"emojize": "false", "ansi": "false"}
    assert any(model[:5] in item.text.replace("\u200b", "").replace("¦", "|") for item in menu.body)
