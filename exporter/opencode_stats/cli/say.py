"""Saying something to the user: whatever names are in it, the terminal is told nothing but text."""

from __future__ import annotations

import click


def say(sentence: str, *, err: bool = False) -> None:
    """Prints the sentence, with what is not to be seen (escapes, turns of the writing direction) as its code."""
    from opencode_stats.cli.render.text import plain  # noqa: PLC0415 - not needed by who prints the figures

    click.echo(plain(sentence), err=err)
