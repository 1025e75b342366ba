"""What can't be understood or used: one sentence and what to do, from every command."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Any, Final

import click
import pytest
from tests.unit.daemon.household import COMMAND

from opencode_stats.cli.main import COMMANDS, cli

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.unit.cli.conftest import Call
    from tests.unit.daemon.household import Household

LONG_RUNNING: Final = {"daemon", "watch"}
ASKING: Final = {"setup", "uninstall"}
NEEDS_MORE: Final = {"sample": ["there"], "completion": ["bash"], "config": ["show"]}
TAKES_ANY_WORD: Final = {("config", "set")}
"""A value may begin with a hyphen."""
SAYS_SO_BY_ITS_CODE: Final = {0, 1, 2}


def every_command() -> Iterator[tuple[str, ...]]:
    """The path of every command, those of groups included."""

    def below(path: tuple[str, ...], command: click.Command, context: click.Context) -> Iterator[tuple[str, ...]]:
        yield path
        if isinstance(command, click.Group):
            for name in command.list_commands(context):
                inner = command.get_command(context, name)
                assert inner is not None
                yield from below((*path, name), inner, click.Context(inner, info_name=name, parent=context))

    root = click.Context(cli, info_name="opencode-stats")
    for name in COMMANDS:
        command = cli.get_command(root, name)
        assert command is not None
        yield from below((name,), command, click.Context(command, info_name=name, parent=root))


def one_sentence(said: str) -> bool:
    return said.startswith("opencode-stats: ") and said.count("\n") == 1 and said.rstrip("\n")[-1] in ".?"


@pytest.mark.parametrize("path", [path for path in every_command() if path not in TAKES_ANY_WORD], ids=" ".join)
def test_an_option_that_there_is_not(call: Call, path: tuple[str, ...]) -> None:
    done = call(*path, "--zzzzzz")

    said = f"opencode-stats: There is no option --zzzzzz. See opencode-stats {' '.join(path)} --help.\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", said)


@pytest.mark.parametrize("path", list(every_command()), ids=" ".join)
def test_a_word_too_many(call: Call, path: tuple[str, ...]) -> None:
    done = call(*path, *["word"] * 9)

    assert (done.returncode, done.stdout) == (2, "")
    assert one_sentence(done.stderr), done.stderr
    assert "Usage" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["audit", "--jsn"], "There is no option --jsn. Did you mean --json?"),
        (["--jsn"], "There is no option --jsn. Did you mean --json?"),
        (["config", "sho"], "There is no command 'sho'. Did you mean show?"),
        (["config", "frobnicate"], "There is no command 'frobnicate'. See opencode-stats config --help."),
        (["daemon", "--linger", "soon"], "--linger: 'soon' is not a number. See opencode-stats daemon --help."),
        (
            ["daemon", "--linger", "-1"],
            "--linger: -1.0 is too little; it takes 0 or more. See opencode-stats daemon --help.",
        ),
        (["sample"], "DIR is missing. See opencode-stats sample --help."),
        (["sample", "x", "--seed", "one"], "--seed: 'one' is not a whole number. See opencode-stats sample --help."),
        (["completion"], "One of bash, zsh, fish is missing. See opencode-stats completion --help."),
        (
            ["import", "word"],
            "word: files are given by name only after --ledger. See opencode-stats import --help.",
        ),
        (["\u202e"], r"There is no command '\u202e'. See opencode-stats --help."),
    ],
    ids=" ".join,
)
def test_what_is_said(call: Call, arguments: list[str], said: str) -> None:
    done = call(*arguments)

    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"opencode-stats: {said}\n")


def test_an_option_without_its_value(call: Call) -> None:
    done = call("daemon", "--linger")

    assert done.returncode == 2
    assert one_sentence(done.stderr)
    assert "--linger" in done.stderr


def test_a_group_of_commands_without_one_shows_its_help(call: Call) -> None:
    done = call("config")

    assert done.stdout + done.stderr
    assert "Commands:" in done.stdout + done.stderr


def looking() -> list[str]:
    return [name for name in COMMANDS if name not in LONG_RUNNING | ASKING]


def run(household: Household, *arguments: str, drop: tuple[str, ...] = (), **env: str) -> Any:  # noqa: ANN401
    surroundings = {key: value for key, value in (household.environment | env).items() if key not in drop}
    return subprocess.run(
        [*COMMAND, *arguments],
        env=surroundings,
        cwd=household.home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.processes
@pytest.mark.parametrize("name", looking())
def test_places_that_are_files(household: Household, name: str) -> None:
    """Somebody's XDG variables lead to a file: nothing can be read or made below it."""
    (household.home / "file").write_text("x")
    there = str(household.home / "file" / "below")

    done = run(household, name, *NEEDS_MORE.get(name, []), XDG_DATA_HOME=there, XDG_STATE_HOME=there)

    assert "Traceback" not in done.stderr
    assert done.returncode in SAYS_SO_BY_ITS_CODE
    assert done.stderr == "" or one_sentence(done.stderr), done.stderr


@pytest.mark.processes
@pytest.mark.parametrize("name", looking())
@pytest.mark.parametrize("language", ["xx_XX.UTF-8", "C"])
def test_a_locale_that_is_not_there_or_knows_no_letters(household: Household, name: str, language: str) -> None:
    done = run(household, name, *NEEDS_MORE.get(name, []), LC_ALL=language, LANG=language, PYTHONUTF8="0")

    assert "Traceback" not in done.stderr
    assert done.stderr == "" or one_sentence(done.stderr), done.stderr


@pytest.mark.processes
@pytest.mark.parametrize("name", sorted(ASKING))
def test_who_asks_needs_somebody_to_answer(household: Household, name: str) -> None:
    done = run(household, name)

    assert "Traceback" not in done.stderr
    assert done.returncode in SAYS_SO_BY_ITS_CODE
    assert len(done.stderr.splitlines()) <= 1, done.stderr


@pytest.mark.processes
def test_no_home_at_all_is_the_registered_one(household: Household) -> None:
    """Without HOME the system says where it is; this command only names a file in it."""
    done = run(household, "config", "path", drop=("HOME",))

    assert done.returncode == 0, done.stderr
    assert os.path.isabs(done.stdout.strip())


@pytest.mark.processes
@pytest.mark.parametrize("name", ["watch"])
def test_what_needs_a_terminal_says_so(household: Household, name: str) -> None:
    done = run(household, name)

    assert done.returncode == 2
    assert done.stderr.startswith("opencode-stats: watch needs a terminal.")
    assert done.stderr.count("\n") == 1


@pytest.mark.processes
def test_ctrl_c_at_a_question_is_no_traceback(household: Household, tmp_path: Path) -> None:
    done = run(household, "setup", "--no-service", "--no-gnome")

    assert "Traceback" not in done.stderr
    assert not list(tmp_path.rglob("opencode-stats.ts"))


@pytest.mark.parametrize("path", [("limits",), ("prices",), ("history",), ("models",), ("import",)], ids=" ".join)
def test_wrong_settings_are_told_once(call: Call, household: Household, path: tuple[str, ...]) -> None:
    household.paths.settings_file.parent.mkdir(parents=True, exist_ok=True)
    household.paths.settings_file.write_text("day_start_hour = 25\n")

    done = call(*path)

    assert done.returncode == 0
    assert one_sentence(done.stderr)
    assert "Until it is mended, what was set before holds." in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("models", "some"), "It can't be said what 'some' is for. See opencode-stats models --help."),
        (("models", "a", "b"), "It can't be said what 'a b' is for. See opencode-stats models --help."),
        (("conversations", "--limit", "-1"), "--limit: -1 is too little; it takes 0 or more."),
        (("export", "--output", ""), "--output wants the name of a file, or - for standard output."),
        (("limits", "check", "--threshold", "0"), "--threshold: 0.0 is too little; it takes more than 0."),
    ],
)
def test_too_much_and_too_little(call: Call, arguments: tuple[str, ...], said: str) -> None:
    done = call(*arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
