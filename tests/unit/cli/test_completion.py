"""The completion scripts, and what they are answered."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.unit.daemon.household import COMMAND

from opencode_stats.cli.completion import SHELLS
from opencode_stats.cli.main import COMMANDS

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Call
    from tests.unit.daemon.household import Household


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_for_each_shell_that_asks_the_program(call: Call, household: Household, shell: str) -> None:
    done = call("completion", shell)

    assert (done.returncode, done.stderr) == (0, "")
    assert f"_OPENCODE_STATS_COMPLETE={shell}_complete" in done.stdout
    assert done.stdout.endswith("\n")
    assert not done.stdout.endswith("\n\n")
    assert sorted(path.name for path in household.home.iterdir()) == ["tmp"]


def test_zsh_is_given_a_script_that_completes_more_than_once(call: Call) -> None:
    script = call("completion", "zsh").stdout

    assert "loadautofunc" not in script
    assert "if [[ $funcstack[1] == _opencode-stats ]]; then" in script


def test_another_shell_is_refused(call: Call) -> None:
    done = call("completion", "tcsh")

    assert done.returncode == 2
    assert "'tcsh' is not one of 'bash', 'zsh', 'fish'" in done.stderr


@pytest.mark.processes
@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("opencode-stats ", set(COMMANDS)),
        ("opencode-stats unin", {"uninstall"}),
        ("opencode-stats completion ", set(SHELLS)),
        ("opencode-stats uninstall --pu", {"--purge"}),
    ],
)
def test_bash_completes(household: Household, typed: str, offered: set[str]) -> None:
    """The script in a real bash, as readline calls it; the program's name leads to this checkout's."""
    script = household.call("completion", "bash").stdout
    program = household.home / "tmp" / "opencode-stats"
    program.write_text(f'#!/bin/sh\nexec {" ".join(COMMAND)} "$@"\n')
    program.chmod(0o755)
    *before, last = typed.split(" ")
    words = f"COMP_WORDS=({' '.join(before)} '{last}'); COMP_CWORD={len(before)}"
    asking = f"{script}\n{words}; _opencode_stats_completion {program}; printf '%s\\n' \"${{COMPREPLY[@]}}\""

    done = subprocess.run(
        ["bash", "--norc", "-c", asking], env=household.environment, capture_output=True, text=True, check=True
    )

    assert done.stderr == ""
    assert set(done.stdout.split()) == offered
