"""What is said of a command line that can't be understood: one sentence, and what to type instead."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from collections.abc import Iterable

_PROGRAM: Final = "opencode-stats"
_PLAIN: Final = (
    ("a valid float range", "a number"),
    ("a valid integer range", "a whole number"),
    ("a valid float", "a number"),
    ("a valid integer", "a whole number"),
)
"""click's names of types, in words that don't need Python."""
_NO_COMMAND: Final = re.compile(r"No such command '(.*)'\.")
"""Newer versions of click have an exception of its own for this; the words are those of all of them."""

_TOO_MANY: Final = re.compile(r"Got unexpected extra arguments? \((.*)\)\.?")
_OUT_OF_RANGE: Final = re.compile(r"(\S+) is not in the range x(>=?)([^<>]+?)\.?")
"""Of ranges without an upper end, the only ones that our options have."""


def sentence_of(error: click.UsageError) -> str:
    """The mistake in one sentence, then the likeliest thing that was meant, or where all there is stands."""
    context = error.ctx
    path = _PROGRAM if context is None else context.command_path
    if isinstance(error, click.NoSuchOption):
        known = [] if context is None else _options(context)
        return no_such("option", error.option_name, known, path)
    if isinstance(error, click.MissingParameter):
        return f"{_missing(error)} is missing. {_see(path)}"
    if isinstance(error, click.BadParameter):
        named = "" if error.param is None else f"{_label(error.param)}: "
        return f"{named}{_said(error.message)} {_see(path)}"
    if context is not None and isinstance(context.command, click.Group):
        unknown = _NO_COMMAND.match(error.message)
        if unknown is not None:
            return no_such("command", unknown[1], context.command.list_commands(context), path)
    return f"{_said(error.message)} {_see(path)}"


def no_such(what: str, name: str, known: Iterable[str], path: str) -> str:
    """A command or an option that there is not."""
    near = difflib.get_close_matches(name, list(known), n=1)
    shown = name if what == "option" else repr(name)
    return f"There is no {what} {shown}. " + (f"Did you mean {near[0]}?" if near else _see(path))


def _options(context: click.Context) -> list[str]:
    return [name for one in context.command.get_params(context) for name in one.opts if name.startswith("-")]


def _missing(error: click.MissingParameter) -> str:
    parameter = error.param
    if parameter is None:
        return error.param_hint if isinstance(error.param_hint, str) else "A value"
    if isinstance(parameter.type, click.Choice):
        return f"One of {', '.join(map(str, parameter.type.choices))}"
    return _label(parameter)


def _label(parameter: click.Parameter) -> str:
    if isinstance(parameter, click.Option):
        return max(parameter.opts, key=len)
    return parameter.metavar or (parameter.name or "").upper()


def _said(message: str) -> str:
    """Click's sentence, on one line and with an end."""
    for theirs, ours in _PLAIN:
        message = message.replace(theirs, ours)
    sentence = " ".join(message.split())
    if too_many := _TOO_MANY.fullmatch(sentence):
        return f"It can't be said what {too_many[1]!r} is for."
    if out := _OUT_OF_RANGE.fullmatch(sentence):
        least = f"{out[3]} or more" if out[2] == ">=" else f"more than {out[3]}"
        return f"{out[1]} is too little; it takes {least}."
    return sentence if sentence.endswith((".", "?", "!")) else f"{sentence}."


def _see(path: str) -> str:
    return f"See {path} --help."
