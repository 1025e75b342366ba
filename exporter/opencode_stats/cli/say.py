"""Saying something to the user: whatever names are in it, the terminal is told nothing but text."""

from __future__ import annotations

import shutil
import sys

import click


def say(sentence: str, *, err: bool = False) -> None:
    """Prints the sentence, with what is not to be seen (escapes, turns of the writing direction) as its code."""
    from opencode_stats.cli.render.text import plain  # noqa: PLC0415 - not needed by who prints the figures

    click.echo(plain(sentence), err=err)


def explain(sentence: str, *, hanging: int = 0) -> None:
    """The same of what is to be read: on a terminal in lines of its width, the further ones so many spaces in.

    Where nobody reads along it stays one line, as programs like it.
    """
    from opencode_stats.cli.render.text import folded, plain  # noqa: PLC0415 - as above

    shown = plain(sentence)
    click.echo(folded(shown, shutil.get_terminal_size().columns, hanging) if sys.stdout.isatty() else shown)
