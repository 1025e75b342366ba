"""The entry point: help, mistakes, exit codes, streams that end."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.support.script import Script
from tests.unit.cli.conftest import Done
from tests.unit.daemon.household import COMMAND

from opencode_stats import __version__
from opencode_stats.cli.main import COMMANDS
from opencode_stats.errors import LedgerCorrupt, LockHeld, UserError

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Call
    from tests.unit.daemon.household import Household

pytestmark = pytest.mark.processes


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(call: Call, household: Household, name: str) -> None:
    done = call(name, "--help")

    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(rf"Examples?:\n(.*\n)? +.*opencode-stats {name}", done.stdout)
    assert sorted(path.name for path in household.home.iterdir()) == ["tmp"]


def test_help_names_every_command(call: Call) -> None:
    for option in ("--help", "-h"):
        done = call(option)
        assert (done.returncode, done.stderr) == (0, "")
        assert all(name in done.stdout for name in COMMANDS)
    assert call("--version").stdout == f"opencode-stats, version {__version__}\n"


@pytest.mark.parametrize(
    ("mistyped", "said"),
    [
        ("dockter", "There is no command 'dockter'. Did you mean doctor?"),
        ("verfy", "There is no command 'verfy'. Did you mean verify?"),
        ("frobnicate", "There is no command 'frobnicate'. See opencode-stats --help."),
        ("\x1b[2J", r"There is no command '\x1b[2J'. See opencode-stats --help."),
    ],
)
def test_a_mistyped_command(call: Call, mistyped: str, said: str) -> None:
    done = call(mistyped)

    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"opencode-stats: {said}\n")


def test_a_mistyped_option(call: Call) -> None:
    done = call("--jsn")

    assert done.returncode == 2
    assert "--json" in done.stderr


@pytest.mark.parametrize(
    ("error", "code"),
    [(UserError("Do this."), 2), (LockHeld("Somebody works.", 7), 3), (LedgerCorrupt("It is damaged."), 4)],
)
def test_exit_codes(call: Call, monkeypatch: pytest.MonkeyPatch, error: Exception, code: int) -> None:
    def fail(**_: object) -> None:
        raise error

    monkeypatch.setattr("opencode_stats.cli.now.print_now", fail)

    assert call() == Done(code, "", f"opencode-stats: {error}\n")


@pytest.mark.parametrize("arguments", [["--json"], []])
def test_who_reads_may_go_at_any_time(household: Household, arguments: list[str]) -> None:
    household.call("import")
    with subprocess.Popen(
        [*COMMAND, *arguments], env=household.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()

    assert (process.returncode, said) == (0, b"")


def test_a_terminal_that_cannot_show_a_letter_is_shown_its_code(household: Household) -> None:
    script = Script().started().conversation("ses_a")
    household.write(script.answer("ses_a", provider="openrouter", model="日本", input=7))

    done = household.call(PYTHONIOENCODING="latin-1")

    assert done.returncode == 0
    assert r"openrouter/\u65e5\u672c" in done.stdout


def test_a_locale_that_is_not_there(household: Household) -> None:
    household.write(Script().started().conversation("ses_a").answer("ses_a", input=1234567))

    done = household.call(LC_ALL="xx_XX.UTF-8")

    assert (done.returncode, done.stderr) == (0, "")
    assert "1,234,567" in done.stdout


@pytest.mark.parametrize("arguments", [["--json"], [], ["doctor"], ["verify"]])
def test_output_into_a_full_file(household: Household, arguments: list[str]) -> None:
    household.call("import")
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(
            [*COMMAND, *arguments], env=household.environment, stdout=full, stderr=subprocess.PIPE, check=False
        )

    said = b"opencode-stats: Not everything could be written: No space left on device.\n"
    assert (done.returncode, done.stderr) == (2, said)


@pytest.mark.parametrize("closed", ["<&- >&- 2>&-", "2>&-", ">&-"])
def test_streams_that_were_closed_before(household: Household, closed: str) -> None:
    household.write(Script().started().conversation("ses_a").answer("ses_a", input=7))

    line = f'exec "$@" {closed}'
    done = subprocess.run(["/bin/sh", "-c", line, "sh", *COMMAND, "import"], env=household.environment, check=False)

    assert done.returncode == 0
    assert household.stats["total"]["totalTokens"] == 7
