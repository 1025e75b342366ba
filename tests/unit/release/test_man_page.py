"""The man page names everything and is one that man can read."""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING

import click
import pytest

from opencode_stats.cli.main import cli
from release.man_page import man_page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.processes

NOON_S = 1_795_262_400
HOSTILE = r"""Say what \fBroff\fR .does.

    .SH not a heading
    'tis no request; "quoted" -- `x` ^ ~ … é \" no comment

    \b
    .TP
      kept   as it is
    """


def rendered(page: str, folder: Path) -> str:
    """The page as a terminal of 200 columns shows it; man says nothing against it."""
    source = folder / "page.1"
    source.write_text(page, "ascii")
    command = ["man", "--warnings", "--encoding=utf8", "--local-file", str(source)]
    env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "MANWIDTH": "200", "HOME": str(folder)}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    # Bold and underlined are told by overstriking, or by escapes, as man's version has it.
    return re.sub(r".\x08|\x1b\[[0-9;]*m", "", done.stdout)


def commands(group: click.Group, context: click.Context) -> Iterator[tuple[str, click.Command, click.Context]]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        inner = click.Context(command, info_name=name, parent=context)
        yield inner.command_path, command, inner
        if isinstance(command, click.Group):
            yield from commands(command, inner)


def test_every_command_and_option_is_told_of_and_man_has_no_complaint(tmp_path: Path) -> None:
    text = rendered(man_page(cli, "opencode-stats", "1.2.3", NOON_S), tmp_path)

    assert "opencode-stats - what OpenCode spends: this session, today and in total, by model" in text
    assert text.rstrip().splitlines()[-1].split() == ["opencode-stats", "1.2.3", "2026-11-21", "OPENCODE-STATS(1)"]
    top = click.Context(cli, info_name="opencode-stats", **cli.context_settings)
    parts = re.split(r"^   (?=opencode-stats )", text, flags=re.MULTILINE)
    for path, command, context in [("opencode-stats [", cli, top), *commands(cli, top)]:
        about = parts[0] if command is cli else next(part for part in parts if part.startswith(f"{path} ["))
        for option in command.get_params(context):
            for name in (*option.opts, *option.secondary_opts) if isinstance(option, click.Option) else ():
                assert re.search(rf"^ +(-\w, )?{name}\b", about, re.MULTILINE) or f", {name}" in about, (path, name)
        for word in re.findall(r"[a-z]{5,}", command.help or ""):
            assert word in text, (path, word)


def test_text_stands_for_itself(tmp_path: Path) -> None:
    group = click.Group("x", help=HOSTILE.replace(r"\b", "\b"))
    group.add_command(click.Command("inner", help="What it does.", params=[click.Option(["--a-b"], help=".5 or 'so'")]))
    group.add_command(click.Command("secret", help="Not told.", hidden=True))

    text = rendered(man_page(group, "x", "1", NOON_S), tmp_path)

    assert r"x - say what \fBroff\fR .does" in text
    assert """.SH not a heading 'tis no request; "quoted" -- `x` ^ ~ … é \\" no comment""" in text
    # How far text is indented is groff's, seven columns or five.
    assert re.search(r"^( +)\.TP\n\1  kept   as it is$", text, re.MULTILINE)
    assert re.search(r"--a-b TEXT\s+\.5 or 'so'", text)
    assert "ecret" not in text


@pytest.mark.parametrize("place", ["stats.json", "ledger.db", "spool", "settings.toml"])
def test_the_files_are_named(place: str, tmp_path: Path) -> None:
    text = rendered(man_page(cli, "opencode-stats", "1", NOON_S), tmp_path)

    assert re.search(rf"^ +~/\.(local|config)/[\w/-]*{re.escape(place)}$", text, re.MULTILINE)
