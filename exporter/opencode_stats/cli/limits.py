"""``opencode-stats limits``: how much of each limit is used, a check for scripts, and setting them."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any

import click

from opencode_stats.cli.asking import look
from opencode_stats.cli.now import bring_up_to_date, left_behind
from opencode_stats.cli.published import FOREIGN, parsed, stranger
from opencode_stats.cli.render.limits import summary, table
from opencode_stats.cli.render.money import currency_of
from opencode_stats.cli.say import explain, say
from opencode_stats.cli.surroundings import chosen, places
from opencode_stats.core.limits import CHECK_PERCENT
from opencode_stats.errors import UserError
from opencode_stats.host.files import read_plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from tomlkit import TOMLDocument

    from opencode_stats.errors import OpencodeStatsError
    from opencode_stats.host.paths import Paths

_NONE_SET = "No limits are set. opencode-stats limits set sets one; docs/limits.md says how."


@click.group(invoke_without_command=True, short_help="Show how much of your limits is used, check and set them.")
@click.option("--json", "as_json", is_flag=True, help="Print the limits as stats.json has them.")
@click.option("--line", is_flag=True, help="Print all of them in one line.")
@click.pass_context
def command(ctx: click.Context, as_json: bool, line: bool) -> None:
    """Show how much of your limits is used, and when they reset.

    docs/limits.md says what windows there are, and how the forecast is made.

    \b
    Examples:
      opencode-stats limits
      opencode-stats limits set 5-hour --window 5h --tokens 2000000
      opencode-stats limits check --threshold 90 || echo "use something else"
    """
    if ctx.invoked_subcommand is not None:
        if as_json or line:
            raise click.UsageError("--json and --line are of limits itself.", ctx)
        return
    if as_json and line:
        raise click.UsageError("--json and --line are two forms of the same; give one of them.", ctx)
    paths = places()
    trouble = left_behind(paths, wait=True)
    document, now_ms = _document(paths, trouble), _now_ms()
    entries = _entries(document)
    if as_json:
        click.echo(json.dumps(entries, indent=1))
    elif not entries:
        explain(_NONE_SET)
    else:
        _say_of(
            paths, lambda: summary(entries, now_ms) if line else table(entries, now_ms, look(currency_of(document)))
        )
    if trouble is not None:
        sys.stdout.flush()
        raise trouble


@command.command(short_help="End with 1 where any limit is used up to a threshold.")
@click.option(
    "--threshold",
    type=click.FloatRange(min=0, min_open=True),
    default=CHECK_PERCENT,
    show_default=True,
    metavar="PERCENT",
    help="How much of a limit is too much.",
)
@click.option("--name", "names", multiple=True, metavar="NAME", help="Look at this limit alone; may be repeated.")
@click.option("--quiet", is_flag=True, help="Print nothing.")
def check(threshold: float, names: tuple[str, ...], quiet: bool) -> None:
    """End with 1 where any limit is used up to the threshold, and name it; with 0 where none is.

    A limit whose use is not known is told, and passes. Ends with 2 where no limit is set.

    \b
    Examples:
      opencode-stats limits check --threshold 90
      opencode-stats limits check --quiet --name 5-hour || echo "use another one"
    """
    paths = places()
    bring_up_to_date(paths, wait=True)
    entries, now_ms = _entries(_document(paths)), _now_ms()
    for missing in sorted(set(names) - {one["name"] for one in entries}):
        raise UserError(f"There is no limit {missing!r}.")
    if not entries:
        raise UserError(_NONE_SET)
    looked = [one for one in entries if not names or one["name"] in names]
    try:
        above = [one for one in looked if one["percent"] is not None and one["percent"] >= threshold]
        unknown = [one for one in looked if one["percent"] is None]
        said = summary([*above, *unknown], now_ms)
    except FOREIGN as error:
        raise stranger(paths) from error
    if said and not quiet:
        explain(said)
    if above:
        sys.exit(1)


@command.command("set", short_help="Set a limit.")
@click.argument("name")
@click.option("--window", metavar="WINDOW", help="day, week, month, or a length: 5h, 36h, 10d.")
@click.option("--tokens", type=int, metavar="NUMBER", help="The most tokens of all kinds.")
@click.option("--usd", type=float, metavar="DOLLARS", help="The most money.")
@click.option("--provider", help="Count only this provider.")
@click.option("--model", help="Count only this model, as opencode-stats models names it.")
@click.option("--workspace", help="Count only this directory.")
@click.option("--agent", help="Count only this agent.")
@click.option("--all", "everything", is_flag=True, help="Count everything again, where it was one of these alone.")
@click.option("--warning", type=int, metavar="PERCENT", help="From here on it is a warning; 70 if not given.")
@click.option("--critical", type=int, metavar="PERCENT", help="From here on it is critical; 80 if not given.")
def set_(name: str, *, everything: bool, **given: Any) -> None:  # noqa: ANN401 - click's options
    """Set a limit, or change what is given of one that is there. It is written into the settings.

    \b
    Examples:
      opencode-stats limits set 5-hour --window 5h --tokens 2000000
      opencode-stats limits set weekly --window week --usd 50 --provider anthropic
      opencode-stats limits set weekly --all
    """
    from opencode_stats.settings.editing_limits import with_limit  # noqa: PLC0415 - tomlkit comes with it
    from opencode_stats.settings.limits import OWNERS  # noqa: PLC0415 - the settings need not be read for a help text

    wanted = {key: value for key, value in given.items() if value is not None}
    for alike in (("tokens", "usd"), (*OWNERS, "all")):
        both = [key for key in alike if key in wanted or (key == "all" and everything)]
        if len(both) > 1:
            raise UserError(f"--{both[0]} and --{both[1]} exclude each other.")
    _change(lambda document: with_limit(document, name, wanted, of_all=everything))
    say(f"The limit {name} is set.")
    for of in ("provider", "model"):
        if of in wanted:
            _tell_if_unused(of, wanted[of])


@command.command(short_help="Remove a limit.")
@click.argument("name")
def remove(name: str) -> None:
    """Remove a limit from the settings.

    \b
    Example:
      opencode-stats limits remove 5-hour
    """
    from opencode_stats.settings.editing_limits import without_limit  # noqa: PLC0415 - tomlkit comes with it

    _change(lambda document: without_limit(document, name))
    say(f"The limit {name} is removed.")


def _tell_if_unused(of: str, whose: str) -> None:
    """Says so where nothing of that was ever used: a name that is written otherwise would never be counted."""
    from opencode_stats.settings.kinds import nearest  # noqa: PLC0415 - not to print a help text

    paths = places()
    try:
        models = parsed(paths, read_plain(paths.stats_file))["total"]["models"]
        known = [*models] if of == "model" else sorted({str(model["provider"]) for model in models.values()})
    except (UserError, *FOREIGN):
        # There are no figures that could tell; the limit is set all the same.
        return
    if known and whose not in known:
        say(f"opencode-stats: No usage of the {of} {whose!r} is known so far.{nearest(whose, known)}", err=True)


def _change(change: Callable[[TOMLDocument], None]) -> None:
    from opencode_stats.cli.config import apply_now  # noqa: PLC0415 - tomlkit comes with it
    from opencode_stats.settings.editing import change_file, edited  # noqa: PLC0415

    paths = places()
    change_file(paths.settings_file, lambda text: edited(text, change))
    apply_now(paths)


def _document(paths: Paths, trouble: OpencodeStatsError | None = None) -> dict[str, Any]:
    """What is published at this moment; where nothing is, the trouble is raised that keeps it from being."""
    # They may be those of the last good settings, which must be said.
    chosen(paths)
    try:
        return parsed(paths, read_plain(paths.stats_file))
    except OSError as error:
        raise trouble or UserError(f"There are no figures: {paths.stats_file}: {error.strerror}.") from error


def _entries(document: dict[str, Any]) -> list[dict[str, Any]]:
    # A daemon of an older version publishes none.
    found: list[dict[str, Any]] = document.get("limits", [])
    return found


def _say_of(paths: Paths, text: Callable[[], str]) -> None:
    try:
        click.echo(text())
    except FOREIGN as error:
        raise stranger(paths) from error


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
