"""docs/cli.md, made from the commands themselves; ``python -m tests.docs.reference`` writes it anew."""

from __future__ import annotations

import importlib
import inspect
import re
from typing import TYPE_CHECKING, Final

import click
from tests.docs.blocks import ROOT

from opencode_stats.cli.main import COMMANDS, cli

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE: Final = ROOT / "docs/cli.md"
_HEAD: Final = """\
# Every command and option

Made from the commands' own help by `make generate`, and held fresh by a test.
`opencode-stats COMMAND --help` says the same.
"""
_EXAMPLES: Final = re.compile(r"Examples?:$")


def page() -> str:
    """The whole page."""
    parts = [_HEAD]
    # As `main` makes them: click keeps the help option that the first context gives, "-h" or not, for good.
    root = click.Context(cli, info_name="opencode-stats", **cli.context_settings)
    parts += _section(root, 2)
    for name in sorted(COMMANDS):
        command: click.Command = importlib.import_module(COMMANDS[name]).command
        parts += _section(click.Context(command, info_name=name, parent=root), 2)
    return "\n".join(parts)


def _section(context: click.Context, depth: int) -> Iterator[str]:
    command = context.command
    path = context.command_path
    yield f"{'#' * depth} {path}\n"
    usage = " ".join([path, *command.collect_usage_pieces(context)])
    yield f"`{usage}`\n"
    yield from _prose(command)
    records = [one.get_help_record(context) for one in command.get_params(context)]
    # An argument without a text of its own is in the usage, and the help says what it is.
    options = [record for record in records if record is not None and record[1]]
    if options:
        yield "| option | |\n| --- | --- |"
        yield "".join(f"| {_names(names)} | {_cell(text)} |\n" for names, text in options)
    if isinstance(command, click.Group) and command is not cli:
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None:
                yield from _section(click.Context(below, info_name=name, parent=context), depth + 1)


def _prose(command: click.Command) -> Iterator[str]:
    for paragraph in inspect.cleandoc(command.help or "").split("\n\n"):
        verbatim = paragraph.startswith("\b\n")
        lines = paragraph.removeprefix("\b\n").splitlines()
        if verbatim and _EXAMPLES.match(lines[0]):
            examples = inspect.cleandoc("\n".join(["", *lines[1:]]))
            yield f"```sh\n{examples}\n```\n"
        elif verbatim and not _is_prose(lines):
            yield "```text\n" + "\n".join(lines) + "\n```\n"
        else:
            yield _cell(" ".join(line.strip() for line in lines)) + "\n"


def _is_prose(lines: list[str]) -> bool:
    """Whether the lines are sentences that were only kept from being wrapped anew."""
    return all(line == line.strip() and "  " not in line for line in lines)


def _names(names: str) -> str:
    return f"`{names}`".replace("|", "\\|")


def _cell(text: str) -> str:
    return text.replace("<", "&lt;").replace("|", "\\|").replace("  [", " [")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
