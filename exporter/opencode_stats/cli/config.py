"""``opencode-stats config``: the settings: what is in use and why, and changing it."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Final

import click

from opencode_stats.cli.render.settings import Shown, settings
from opencode_stats.cli.render.text import plain
from opencode_stats.cli.say import say
from opencode_stats.cli.surroundings import places
from opencode_stats.errors import UserError
from opencode_stats.host.control import TAKE_IN, ask
from opencode_stats.host.lock import is_held
from opencode_stats.settings.editing import change_file, key_named, tables_of, toml_of, typed_value, with_value, without
from opencode_stats.settings.keys import KEYS
from opencode_stats.settings.page import template
from opencode_stats.settings.positions import line_of, lines_of
from opencode_stats.settings.reading import Found, sentence_of, text_of, understand

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from opencode_stats.host.paths import Paths

PATIENCE_S: Final = 10.0


@click.group(short_help="Show and change the settings.")
def command() -> None:
    """Show and change the settings.

    A change is in use at once; what an editor changes, within a minute. docs/settings.md has every setting.

    \b
    Examples:
      opencode-stats config show
      opencode-stats config set day_start_hour 5
    """


@command.command(short_help="Print every setting, and where it comes from.")
@click.option("--json", "as_json", is_flag=True, help="Print it for programs.")
def show(as_json: bool) -> None:
    """Print every setting, and where it comes from: the file's line, or the default.

    Ends with 1 where something in the file is wrong, or not known.

    \b
    Example:
      opencode-stats config show --json
    """
    paths = places()
    text = text_of(paths.settings_file)
    found = understand(text)
    shown = _shown(text, found)
    wrong = [str(fault) for fault in (*found.faults, *found.unknown)]
    if as_json:
        click.echo(json.dumps(_document(paths.settings_file, shown, found), indent=1, default=str))
    else:
        click.echo(plain(settings(shown, str(paths.settings_file), shutil.get_terminal_size().columns)))
        _tell(paths.settings_file, wrong)
    if wrong:
        sys.exit(1)


@command.command(short_help="Print one setting's value.")
@click.argument("key")
def get(key: str) -> None:
    """Print the value of one setting as TOML has it, a text without its quotes.

    \b
    Example:
      opencode-stats config get day_start_hour
    """
    paths, wanted = places(), key_named(key)
    found = understand(text_of(paths.settings_file))
    if any(fault.key in ("", key) or fault.key.startswith((f"{key}.", f"{key}[")) for fault in found.faults):
        raise UserError(sentence_of(paths.settings_file, found.faults))
    value = found.said.get(key, wanted.default)
    say(value if isinstance(value, str) else toml_of(value))


# A value may begin with a minus.
@command.command("set", short_help="Choose one setting's value.", context_settings={"ignore_unknown_options": True})
@click.argument("key")
@click.argument("value")
def set_(key: str, value: str) -> None:
    """Choose the value of one setting. It is written into the file, whose comments and layout stay.

    \b
    Examples:
      opencode-stats config set day_start_hour 5
      opencode-stats config set autostart true
    """
    paths, wanted = places(), key_named(key)
    chosen = typed_value(wanted, value)
    change_file(paths.settings_file, lambda text: with_value(text, key, chosen))
    apply_now(paths)
    say(f"{key} = {toml_of(chosen)}")


@command.command(short_help="Go back to a setting's default.")
@click.argument("key")
def unset(key: str) -> None:
    """Take one setting out of the file, so that its default is in use.

    \b
    Example:
      opencode-stats config unset day_start_hour
    """
    paths, wanted = places(), key_named(key)
    change_file(paths.settings_file, lambda text: without(text, key))
    apply_now(paths)
    say(f"{key} = {toml_of(wanted.default)}")


@command.command(short_help="Open the settings in an editor.")
def edit() -> None:
    """Open the settings in $VISUAL or $EDITOR, and look at them afterwards.

    A file that is not there yet is made first, with every setting in it as a comment. Ends with 1 where something in it
    is wrong; until that is mended what was set before holds.

    \b
    Example:
      EDITOR=nano opencode-stats config edit
    """
    paths = places()
    file = paths.settings_file
    program = _editor(os.environ)  # noqa: TID251 - the command line is where the environment comes in
    if not os.path.lexists(file):
        change_file(file, lambda text: text or template())
    try:
        code = subprocess.run([*program, str(file)], check=False).returncode  # noqa: S603 - the user's own editor
    except OSError as error:
        raise UserError(
            f"The editor {program[0]!r} can't be started: {error.strerror}. Set VISUAL or EDITOR."
        ) from error
    if code:
        raise UserError(f"The editor {program[0]!r} ended with {code}; the settings are as it left them.")
    found = understand(text_of(file))
    apply_now(paths)
    _tell(file, [str(fault) for fault in (*found.faults, *found.unknown)])
    if found.faults:
        sys.exit(1)


@command.command(short_help="Print where the settings are.")
def path() -> None:
    """Print the path of the settings file, which need not be there.

    \b
    Example:
      cat "$(opencode-stats config path)"
    """
    say(str(places().settings_file))


def apply_now(paths: Paths) -> None:
    """Has a daemon that is at work look at the settings; one that does not answer will within a minute."""
    if is_held(paths.lock):
        ask(paths.control, TAKE_IN, PATIENCE_S)


def _tell(file: Path, wrong: list[str]) -> None:
    for sentence in wrong:
        say(f"opencode-stats: {file}: {sentence}{'' if sentence.endswith(('.', '?')) else '.'}", err=True)


def _editor(env: Mapping[str, str]) -> list[str]:
    for name in ("VISUAL", "EDITOR"):
        if env.get(name, "").strip():
            try:
                return shlex.split(env[name])
            except ValueError as error:
                raise UserError(f"{name} is no command: {error}.") from error
    if shutil.which("vi"):
        return ["vi"]
    raise UserError("It is not known which editor you use. Set VISUAL or EDITOR.")


def _shown(text: str, found: Found) -> list[Shown]:
    lines = lines_of(text) if found.said else {}
    bad = {fault.key.partition("[")[0].partition(".")[0] for fault in found.faults}
    return [
        _one(key.name, found.said[key.name], line_of(lines, key.name))
        if key.name in found.said and key.name not in bad
        else _one(key.name, key.default, None)
        for key in KEYS.values()
    ]


def _one(name: str, value: Any, line: int | None) -> Shown:  # noqa: ANN401 - any value of a setting
    listed = value if isinstance(value, list | tuple) else ()
    tabular = isinstance(value, dict) or any(isinstance(item, dict) for item in listed)
    tables = tables_of(name, value) if tabular else ""
    return Shown(name, toml_of(value), line, [toml_of(item) for item in listed], tables)


def _document(file: Path, shown: list[Shown], found: Found) -> dict[str, Any]:
    lines = {one.name: one.line for one in shown}
    return {
        "schemaVersion": 1,
        "file": str(file),
        "settings": [
            {
                "key": key.name,
                "value": found.said[key.name] if lines[key.name] is not None else key.default,
                "default": key.default,
                "origin": "default" if lines[key.name] is None else "file",
                "line": lines[key.name],
            }
            for key in KEYS.values()
        ],
        "faults": [{"key": one.key, "line": one.line, "reason": one.reason} for one in found.faults],
        "unknown": [{"key": one.key, "line": one.line, "reason": one.reason} for one in found.unknown],
    }
