"""Templates: text with names in braces, out of a closed table. Nothing in them is run, looked into or formatted."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from opencode_stats.cli.render.glance import VALUES
from opencode_stats.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable

    from opencode_stats.cli.render.figures import Reading

Template: TypeAlias = tuple[tuple[str, str], ...]
"""Pieces in order: some text as it is, and the name that follows it, empty behind the last."""


def parsed_template(text: str) -> Template:
    """The pieces of ``text``; a brace of its own is written twice.

    Raises:
        UserError: a name that is not in the table, a brace without its other half, or more than one line.
    """
    if "\n" in text or "\r" in text:
        raise UserError("A template is one line.")
    pieces: list[tuple[str, str]] = []
    literal, position = "", 0
    while position < len(text):
        char = text[position]
        if char not in "{}":
            literal += char
            position += 1
        elif text[position + 1 : position + 2] == char:
            literal += char
            position += 2
        else:
            end = text.find("}", position)
            if char == "}" or end < 0:
                raise UserError(f"The template {text!r} has a brace without its other half; write a lone one twice.")
            pieces.append((literal, _known(text[position + 1 : end])))
            literal, position = "", end + 1
    return (*pieces, (literal, ""))


def filled(template: Template, reading: Reading, escaped: Callable[[str], str]) -> str:
    """The template with each name's text in its place, made harmless by ``escaped``; its own text stays as it is.

    Raises:
        KeyError, TypeError, ValueError, AttributeError, OverflowError: the document is not one of ours.
    """
    return "".join(literal + (escaped(VALUES[name][1](reading)) if name else "") for literal, name in template)


def _known(name: str) -> str:
    if name not in VALUES:
        raise UserError(f"There is no {name!r} for a template. There are: {', '.join(VALUES)}.")
    return name
