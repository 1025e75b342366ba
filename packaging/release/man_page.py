"""The man page, made from the commands' own help. Pure: it reads click's objects and gives roff (man(7))."""

from __future__ import annotations

import datetime as dt
import inspect
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from opencode_stats.host.paths import Paths

if TYPE_CHECKING:
    from collections.abc import Iterator

_AS_IT_IS: Final = "\b"
"""click's mark, alone in a paragraph's first line: its lines are to be left alone."""
_ESCAPES: Final = {"\\": r"\e", "-": r"\-", "'": r"\(aq", "`": r"\(ga", "^": r"\(ha", "~": r"\(ti", '"': r"\(dq"}
_ASCII: Final = 128


def man_page(program: click.Group, name: str, version: str, epoch_s: int) -> str:
    """The page of section 1 for a program and all of its commands.

    Args:
        program: the group; its commands are imported by asking for them.
        name: what is typed.
        version: shown at the foot.
        epoch_s: the page's date, Unix seconds.
    """
    date = dt.datetime.fromtimestamp(epoch_s, dt.UTC).date().isoformat()
    context = click.Context(program, info_name=name, **program.context_settings)
    summary, *rest = _paragraphs(program)
    lines = [
        f'.TH {_text(name.upper())} 1 "{date}" "{_text(f"{name} {version}")}" "User Commands"',
        # Words are neither cut nor spread: what is on the screen can be searched for and copied.
        ".nh",
        ".ad l",
        # groff's macros since 1.24 begin each paragraph with these two instead.
        ".nr HY 0",
        ".ds AD l",
        ".SH NAME",
        f"{_text(name)} \\- {_text(_as_phrase(' '.join(summary)))}",
        ".SH SYNOPSIS",
        f".B {_text(name)}",
        _line(" ".join(program.collect_usage_pieces(context))),
        ".SH DESCRIPTION",
        *_described(rest),
        ".SH OPTIONS",
        *_options(program, context),
        ".SH COMMANDS",
        *_commands(program, context),
        ".SH FILES",
        *_files(Paths.of({}, Path("~"))),
    ]
    return "\n".join(lines) + "\n"


def _commands(group: click.Group, context: click.Context) -> Iterator[str]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None or command.hidden:
            continue
        inner = click.Context(command, parent=context, info_name=name)
        yield f'.SS "{_text(" ".join([inner.command_path, *command.collect_usage_pieces(inner)]))}"'
        yield from _described(_paragraphs(command))
        yield from _options(command, inner)
        if isinstance(command, click.Group):
            yield from _commands(command, inner)


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        # An argument without help of its own is told of in the command's.
        if record is not None and record[1]:
            yield from (".TP", f".B {_text(record[0])}", _line(" ".join(record[1].split())))


def _files(paths: Paths) -> Iterator[str]:
    for path, what in (
        (paths.stats_file, "The published figures, for every reader."),
        (paths.ledger, "The ledger: every message once. Its backups are beside it."),
        (paths.spool, "What the plugin has written and is not taken in yet."),
        (paths.settings_file, "Your settings, if you have any."),
    ):
        yield from (".TP", f".I {_text(str(path))}", _line(what))
    yield ".PP"
    yield _line("XDG_DATA_HOME, XDG_STATE_HOME and XDG_CONFIG_HOME move them, as the XDG Base Directories say.")


def _paragraphs(command: click.Command) -> list[list[str]]:
    """The help's paragraphs, each its lines; a paragraph to be left alone keeps the mark as its first line."""
    text = inspect.cleandoc(command.help or "").partition("\f")[0]
    return [paragraph.splitlines() for paragraph in re.split(r"\n\s*\n", text) if paragraph.strip()]


def _described(paragraphs: list[list[str]]) -> Iterator[str]:
    for number, lines in enumerate(paragraphs):
        if number:
            yield ".PP"
        if lines[0].strip(" ") == _AS_IT_IS:
            yield from (".nf", *map(_line, lines[1:]), ".fi")
        else:
            yield _line(" ".join(line.strip() for line in lines))


def _as_phrase(sentence: str) -> str:
    """As whatis(1) lists it: in lower case, without a full stop."""
    return sentence[0].lower() + sentence[1:].rstrip(".")


def _line(text: str) -> str:
    """A line of text that roff takes for no request."""
    return r"\&" + _text(text) if text.startswith((".", "'")) else _text(text)


def _text(text: str) -> str:
    """Text that stands for itself, in ASCII; hyphens can be searched for and copied."""
    return "".join(
        _ESCAPES.get(character, character if ord(character) < _ASCII else rf"\[u{ord(character):04X}]")
        for character in text
    )
