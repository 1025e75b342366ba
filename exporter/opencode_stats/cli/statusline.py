"""``opencode-stats statusline``: one line for a status bar. Reads stats.json and nothing else."""

from __future__ import annotations

import contextlib
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import click

from opencode_stats.cli.published import FOREIGN, read_published, stranger
from opencode_stats.cli.render.bars import (
    DEFAULT_TEXT,
    SHORT_TEXT,
    Shown,
    i3blocks_json,
    i3blocks_lines,
    plain_line,
    polybar_line,
    tmux_line,
    waybar_line,
    xbar_menu,
)
from opencode_stats.cli.render.glance import VALUES
from opencode_stats.cli.render.template import parsed_template
from opencode_stats.cli.render.text import plain
from opencode_stats.cli.say import say
from opencode_stats.cli.surroundings import places
from opencode_stats.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable

    from opencode_stats.cli.render.template import Template
    from opencode_stats.host.paths import Paths

FORMATS: Final[dict[str, Callable[[Shown], str]]] = {
    "i3blocks": i3blocks_lines,
    "plain": plain_line,
    "polybar": polybar_line,
    "starship": plain_line,
    "tmux": tmux_line,
    "waybar": waybar_line,
    "xbar": xbar_menu,
}
_FOLLOWED: Final[dict[str, Callable[[Shown], str]]] = {
    "i3blocks": i3blocks_json,
    # SwiftBar's streamable plugins begin a new menu with this line; xbar has no streams.
    "xbar": lambda shown: f"~~~\n{xbar_menu(shown)}",
}
_NONE_YET: Final = "There are no figures yet."


def _help_of_names() -> str:
    return "\b\nNames in a template:\n" + "\n".join(f"  {name:<20}{what}" for name, (what, _) in VALUES.items())


@click.command(short_help="One line for a status bar.", epilog=_help_of_names())
@click.option(
    "--format",
    "form",
    default="plain",
    metavar="BAR|TEMPLATE",
    help=f"{', '.join(FORMATS)}; or what has a name in braces: a template for a plain line.",
)
@click.option("--text", metavar="TEMPLATE", help=f"What the line says; by default '{DEFAULT_TEXT}'.")
@click.option("--follow", is_flag=True, help="Stay, and print a line whenever it is another one.")
def command(form: str, text: str | None, follow: bool) -> None:
    """Print today's tokens and cost as one line, in the language of a status bar.

    Reads only stats.json. Where there is none the line is empty, and the exit code 0, so that no bar breaks. "!" before
    the figures: an OpenCode waits for you. "?" behind them: they may be old, for no exporter is running.
    docs/status-bars.md has a configuration for each bar.

    \b
    Examples:
      opencode-stats statusline --format waybar --follow
      opencode-stats statusline --format '{today.tokens} {today.cost} {state}'
      opencode-stats statusline --format tmux --text '{session.tokens}'
    """
    line = _Line(places(), *_chosen(form, text, follow=follow))
    if not follow:
        line.show()
        return
    from opencode_stats.cli.follow import follow as follow_file  # noqa: PLC0415 - one line needs no waiting

    # Ctrl-C is how somebody who looks at it in a terminal goes.
    with contextlib.suppress(KeyboardInterrupt):
        follow_file(line.paths.stats_file, line.show, sys.stdout.fileno())


@dataclass(slots=True)
class _Line:
    """What is printed, and what was printed last, so that a bar is not bothered with the same once more."""

    paths: Paths
    draw: Callable[[Shown], str]
    text: Template
    short: Template
    last: str | None = None
    complained: str = ""

    def show(self) -> None:
        """Prints the line, unless it is the one that is there."""
        line = self._line()
        if line != self.last:
            self.last = line
            click.echo(line)

    def _line(self) -> str:
        try:
            reading = read_published(self.paths, time.time_ns() // 1_000_000)
        except UserError as error:
            return self._without_figures(str(error))
        if reading is None:
            return self.draw(Shown(self.text, self.short, None, _NONE_YET))
        try:
            return self.draw(Shown(self.text, self.short, reading))
        except FOREIGN:
            return self._without_figures(str(stranger(self.paths)))

    def _without_figures(self, reason: str) -> str:
        """An empty line, and the reason where a bar's log, or a person, may see it."""
        if reason != self.complained:
            self.complained = reason
            say(f"opencode-stats: {reason}", err=True)
        return self.draw(Shown(self.text, self.short, None, plain(reason)))


def _chosen(form: str, text: str | None, *, follow: bool) -> tuple[Callable[[Shown], str], Template, Template]:
    """How the line is drawn, its text, and its short text."""
    if form not in FORMATS and "{" not in form:
        import difflib  # noqa: PLC0415 - only for who mistyped

        near = difflib.get_close_matches(form, FORMATS, n=1)
        question = f" Did you mean {near[0]}?" if near else ""
        raise UserError(f"There is no format {form!r}.{question} There are: {', '.join(FORMATS)}, and templates.")
    if form not in FORMATS and text is not None:
        raise UserError("A template is given by --format or by --text, not by both.")
    draw = FORMATS.get(form, plain_line)
    if follow:
        draw = _FOLLOWED.get(form, draw)
    own = text if form in FORMATS else form
    return (
        draw,
        parsed_template(DEFAULT_TEXT if own is None else own),
        parsed_template(SHORT_TEXT if own is None else own),
    )
