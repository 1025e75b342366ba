"""``opencode-stats completion``: the script that has a shell complete commands and options."""

from __future__ import annotations

from typing import Final

import click

PROGRAM: Final = "opencode-stats"
SHELLS: Final = ("bash", "zsh", "fish")
_VARIABLE: Final = "_OPENCODE_STATS_COMPLETE"
"""How the shell asks the program; click makes the name of the program's."""
# zsh runs a file of its function path again at every Tab, and only the first time as "loadautofunc": as click 8.5 has
# it, the second Tab of every shell completes nothing (seen with zsh 5.9).
_ZSH_FIRST_TIME: Final = "$zsh_eval_context[-1] == loadautofunc"
_ZSH_EVERY_TIME: Final = f"$funcstack[1] == _{PROGRAM}"


@click.command(short_help="Print the script that completes commands and options in your shell.")
@click.argument("shell", type=click.Choice(SHELLS))
def command(shell: str) -> None:
    """Print the script that has the shell complete commands and options.

    Write it where your shell looks, as below (make that folder first, with mkdir -p); a new shell knows it. It asks the
    program itself, so it needs no renewal after an upgrade. bash needs its package bash-completion for this, zsh the
    line fpath+=~/.zfunc in ~/.zshrc, before compinit. Packages of your system bring the scripts along.

    \b
    Examples:
      mkdir -p ~/.local/share/bash-completion/completions
      opencode-stats completion bash \\
        > ~/.local/share/bash-completion/completions/opencode-stats
      mkdir -p ~/.zfunc
      opencode-stats completion zsh > ~/.zfunc/_opencode-stats
      mkdir -p ~/.config/fish/completions
      opencode-stats completion fish \\
        > ~/.config/fish/completions/opencode-stats.fish
    """
    click.echo(script_of(shell))


def script_of(shell: str) -> str:
    """The script for one of ``SHELLS``, as click has it."""
    from click.shell_completion import ShellComplete, get_completion_class  # noqa: PLC0415 - only here

    from opencode_stats.cli.main import cli  # noqa: PLC0415 - it imports this module when it is called

    kind = get_completion_class(shell)
    if kind is None:
        raise AssertionError(f"click knows no {shell}")
    # Past BashComplete's own: it starts the bash of this machine, only to complain where that is older than 4.4.
    script = ShellComplete.source(kind(cli, {}, PROGRAM, _VARIABLE)).strip()
    return script.replace(_ZSH_FIRST_TIME, _ZSH_EVERY_TIME)
