"""The entry point: the group of commands, each imported when it is called, and how errors end."""

from __future__ import annotations

import contextlib
import errno
import importlib
import io
import locale
import os
import sys
from typing import TYPE_CHECKING, Final, TextIO, cast

import click

from opencode_stats import __version__
from opencode_stats.cli.say import say
from opencode_stats.errors import LedgerError, LockHeld, UserError

if TYPE_CHECKING:
    from collections.abc import Callable

EXIT_USER: Final = 2
EXIT_LOCKED: Final = 3
EXIT_LEDGER: Final = 4

_HELP: Final[tuple[type[Exception], ...]] = tuple(
    getattr(click.exceptions, name) for name in ("NoArgsIsHelpError",) if hasattr(click.exceptions, name)
)
"""click 8.2 and newer raise it; before, the help was printed in passing."""
_STDOUT: Final = 1
_STDERR: Final = 2
_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

COMMANDS: Final = {
    "agents": "opencode_stats.cli.agents",
    "audit": "opencode_stats.cli.audit",
    "completion": "opencode_stats.cli.completion",
    "config": "opencode_stats.cli.config",
    "conversations": "opencode_stats.cli.conversations",
    "daemon": "opencode_stats.cli.daemon",
    "doctor": "opencode_stats.cli.doctor",
    "export": "opencode_stats.cli.export",
    "history": "opencode_stats.cli.history",
    "hosts": "opencode_stats.cli.hosts",
    "import": "opencode_stats.cli.take_in",
    "limits": "opencode_stats.cli.limits",
    "models": "opencode_stats.cli.models",
    "prices": "opencode_stats.cli.prices",
    "rebuild": "opencode_stats.cli.rebuild",
    "sample": "opencode_stats.cli.sample",
    "setup": "opencode_stats.cli.setup",
    "statusline": "opencode_stats.cli.statusline",
    "uninstall": "opencode_stats.cli.uninstall",
    "verify": "opencode_stats.cli.verify",
    "watch": "opencode_stats.cli.watch",
    "workspaces": "opencode_stats.cli.workspaces",
}
"""Command → the module whose ``command`` it is."""


class _LazyGroup(click.Group):
    """Knows its commands by name and imports only the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[cmd_name]).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS:
            from opencode_stats.cli.mistakes import no_such  # noqa: PLC0415 - only for who mistyped

            raise UserError(no_such("command", args[0], COMMANDS, ctx.command_path))
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # Who read our output went away (`opencode-stats --json | head -1`); nothing is left to be said to it. Here
            # and not in `main`, because click would make a failure of it on the way.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return None


@click.group(cls=_LazyGroup, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--json", "as_json", is_flag=True, help="Print stats.json as it is, never older than the call.")
@click.version_option(__version__, prog_name="opencode-stats")
@click.pass_context
def cli(ctx: click.Context, as_json: bool) -> None:
    """What OpenCode spends: this session, today and in total, by model.

    Without a command the current figures are printed.

    \b
    Exit codes: 0 done, 1 a check found something, 2 something you can put right,
    3 another exporter is at work, 4 the ledger can't be used.

    \b
    Examples:
      opencode-stats
      opencode-stats --json | jq .daily.totalTokens
    """
    if ctx.invoked_subcommand is None:
        from opencode_stats.cli.now import print_now  # noqa: PLC0415 - only where it is needed

        print_now(as_json=as_json)


def main() -> None:
    """Runs the command line; a user's mistake ends in one sentence, a defect of ours in a traceback."""
    # An environment may name a locale that is not installed; numbers are then grouped as in C.
    with contextlib.suppress(locale.Error):
        locale.setlocale(locale.LC_ALL, "")
    _have_standard_streams()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that can't show a character is shown its code; without this it would be shown a traceback.
        sys.stdout.reconfigure(errors="backslashreplace")
    # However it was started (`python -m` too), it is this that the user types, and that completions ask.
    _run(lambda: cli(prog_name="opencode-stats", standalone_mode=False))


def _have_standard_streams() -> None:
    """Who closed one (``2>&-``) wants none of it; no file that we open may come into its place, nor get its words."""
    made = os.open(os.devnull, os.O_RDWR)
    while made <= _STDERR:
        # The lowest free number is taken each time, so this fills the gaps.
        os.set_inheritable(made, True)
        made = os.open(os.devnull, os.O_RDWR)
    os.close(made)
    # None is what Python makes of a closed stream, though its types don't say so.
    sys.stdout = cast("TextIO | None", sys.stdout) or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - for good
    sys.stderr = cast("TextIO | None", sys.stderr) or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - for good


def _run(call: Callable[[], object]) -> None:
    try:
        # What click gives back is the code of an `exit` on its way: that of --help and --version.
        code = call()
        sys.exit(code if isinstance(code, int) else 0)
    except click.UsageError as error:
        if isinstance(error, _HELP):
            # A group of commands without any: its help is what was asked for.
            error.show()
            sys.exit(EXIT_USER)
        from opencode_stats.cli.mistakes import sentence_of  # noqa: PLC0415 - only for who mistyped

        _end(sentence_of(error), EXIT_USER)
    except click.ClickException as error:
        _end(error.format_message(), EXIT_USER)
    except click.Abort:
        click.echo("Aborted!", err=True)
        sys.exit(1)
    except LockHeld as error:
        _end(str(error), EXIT_LOCKED)
    except UserError as error:
        _end(str(error), EXIT_USER)
    except LedgerError as error:
        _end(str(error), EXIT_LEDGER)
    except OSError as error:
        # A file of ours is told by whoever writes it; what comes here is the stream that we print to.
        if error.errno not in _NO_ROOM:
            raise
        # What is left in the buffer would be tried once more at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), _STDOUT)
        _end(f"Not everything could be written: {error.strerror}.", EXIT_USER)


def _end(sentence: str, code: int) -> None:
    say(f"opencode-stats: {sentence}", err=True)
    sys.exit(code)
