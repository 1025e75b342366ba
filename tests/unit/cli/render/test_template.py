"""Templates: what they say, and that nothing but the table's names can be in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.screens import SCREENS, working

from opencode_stats.cli.render.glance import VALUES
from opencode_stats.cli.render.template import filled, parsed_template
from opencode_stats.errors import UserError


def said(template: str, screen: str = "working") -> str:
    return filled(parsed_template(template), SCREENS[screen](), str)


def test_names_become_what_they_mean_now() -> None:
    assert said("{today.tokens} {today.exact} {today.cost}") == "437K 437,205 $12.85"
    assert said("{session.list_value} {today.list_value}") == "$0.00 $0.00"
    assert said("{session.model}/{session.requests} {total.cache_read}") == "gpt-5/3 600K"
    assert said("{session.input} {session.output} {session.reasoning} {session.cache_write}") == "137K 231 0 0"
    assert (
        said("{state} {runs} {working} {waiting} {attention} {workspace} {date}") == "working 1 1 0 0 shop 2026-11-21"
    )


def test_what_has_no_recorded_cost_is_never_shown_as_nothing() -> None:
    reading = SCREENS["without-cost"]()
    today = reading.document["daily"]
    told = []
    for cost, list_value in ((0.5, 1.2), (0, 1.2), (0, 0)):
        today.update(totalCost=cost, listValue=list_value)
        told.append(filled(parsed_template("{today.cost}"), reading, str))

    assert told == ["$0.5000+", "[$1.20]+", "unpriced"]


def test_braces_and_everything_else_stay() -> None:
    assert said("") == ""
    assert said("{{{today.tokens}}} }} 100% $x #[fg=red] \\u001b") == "{437K} } 100% $x #[fg=red] \\u001b"


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("name", VALUES)
def test_every_name_has_a_printable_text_in_every_situation(name: str, screen: str) -> None:
    text = said(f"{{{name}}}", screen)

    assert all(char.isprintable() for char in text)
    assert len(text) < 100


@pytest.mark.parametrize("template", ["{", "}", "{today.tokens", "{today.tokens}}", "a } b", "{{}"])
def test_a_lone_brace(template: str) -> None:
    with pytest.raises(UserError, match="a brace without its other half; write a lone one twice"):
        parsed_template(template)


@pytest.mark.parametrize("name", ["", "x", "today", "today.tokens.__class__", "0", "today.tokens!r", "{today.tokens"])
def test_an_unknown_name_is_told_with_those_that_are_known(name: str) -> None:
    with pytest.raises(UserError) as told:
        parsed_template(f"{{{name}}}" if not name.startswith("{") else f"{{a{name}}}")

    assert str(told.value).startswith("There is no ")
    assert all(known in str(told.value) for known in VALUES)


@pytest.mark.parametrize("template", ["a\nb", "a\r"])
def test_a_template_is_one_line(template: str) -> None:
    with pytest.raises(UserError, match="one line"):
        parsed_template(template)


@given(st.text(st.sampled_from("{}ab.\n tokeyds")))
def test_any_text_is_a_template_or_refused_in_a_sentence(text: str) -> None:
    try:
        template = parsed_template(text)
    except UserError:
        return
    assert filled(template, working(), str).count("{") == text.replace("{{", "\0").count("\0")
