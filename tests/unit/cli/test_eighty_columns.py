"""Every page of every command on a terminal of 80 columns, and of 60, in a home where everything is long and wide."""

from __future__ import annotations

import importlib
import re
import shutil
import sys
from typing import TYPE_CHECKING, Any, Final

import click
import pytest
from tests.support.crowded import furnish, story
from tests.unit.daemon.household import Household

from opencode_stats.cli.main import COMMANDS, cli
from opencode_stats.cli.render.text import width

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.unit.cli.conftest import Call

pytestmark = pytest.mark.processes

PAGES: Final = (
    "", "agents", "agents --cost list", "audit", "config set linger_s 5", "config show", "config unset linger_s",
    "conversations", "conversations --no-titles --limit 2", "doctor", "history", "history --by hour --since 1d",
    "history --by month --cost list", "history --by week --split provider", "history --split agent --since 3d",
    "history --split model", "history --split workspace", "hosts", "hosts --since 7d", "import",
    "import --ledger sync", "limits", "limits check --threshold 0.1", "limits remove unused",
    "limits set another --window 5h --usd 9",
    "models", "models --cost list", "prices", "prices --cost list", "prices openai/gpt-5", "rebuild", "sample made",
    "setup --dry-run", "statusline", "uninstall --dry-run", "verify", "workspaces", "workspaces --cost list",
)  # fmt: skip
NOT_FOR_PEOPLE: Final = {
    "completion": "a script for a shell",
    "daemon": "a log",
    "export": "for programs",
    "watch": "has its own tests, which paint it at every width (render/test_live.py)",
}
ONE_WORD: Final = re.compile(r"\s*(#|-|\w+ =)?\s*\S+")
"""A path, a model's name, one text of the settings: whole, it can be copied."""
STYLE: Final = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The crowded home, with the file of another machine: filled once, for every test to copy."""
    homes = [tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("other")]
    (homes[0] / "sync").mkdir()
    for home in homes:
        (home / "tmp").mkdir()
    household, other = Household(homes[0]), Household(homes[1])
    furnish(household)
    other.write(story(1_790_000_000_000, pid=9, prefix="other"))
    asked: tuple[tuple[Household, tuple[str, ...]], ...] = (
        (other, ("export", "--ledger", str(homes[0] / "sync"))),
        (household, ("import", "--ledger", str(homes[0] / "sync"))),
        (household, ("import",)),
    )
    for whose, arguments in asked:
        done = whose.call(*arguments)
        assert done.returncode == 0, done.stderr
    assert household.tokens > 10**11
    return homes[0]


@pytest.fixture
def terminal(
    furnished: Path, household: Household, call: Call, monkeypatch: pytest.MonkeyPatch
) -> Callable[[int, str], list[str]]:
    """The lines that a command prints on a terminal of so many columns."""
    shutil.copytree(furnished, household.home, dirs_exist_ok=True)

    def show(columns: int, page: str) -> list[str]:
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
        done = call(*page.split())
        assert done.returncode in (0, 1), done.stderr
        assert done.stdout
        return STYLE.sub("", done.stdout).splitlines()

    return show


def too_wide(lines: list[str], columns: int) -> list[str]:
    """The lines that a terminal would wrap, but for those of one word that is too long by itself."""
    return [line for line in lines if width(line) > columns and not ONE_WORD.fullmatch(line)]


@pytest.mark.parametrize("columns", [80, 60])
@pytest.mark.parametrize("page", PAGES)
def test_no_line_is_wider_than_the_terminal(terminal: Callable[[int, str], list[str]], page: str, columns: int) -> None:
    assert too_wide(terminal(columns, page), columns) == []


def test_every_command_is_here() -> None:
    assert {page.partition(" ")[0] for page in PAGES} | NOT_FOR_PEOPLE.keys() == {"", *COMMANDS}


def helps() -> dict[str, click.Command]:
    found: dict[str, click.Command] = {"": cli}
    for name, module in COMMANDS.items():
        command: Any = importlib.import_module(module).command
        found[name] = command
        if isinstance(command, click.Group):
            found |= {f"{name} {below}": one for below, one in command.commands.items()}
    return found


@pytest.mark.parametrize(("call", "command"), helps().items(), ids=helps())
def test_no_help_is_wider_than_eighty_columns(call: str, command: click.Command) -> None:
    names = cli.context_settings["help_option_names"]
    with click.Context(command, info_name=f"opencode-stats {call}".strip(), help_option_names=names) as context:
        context.terminal_width = 80
        text = command.get_help(context)

    assert [line for line in text.splitlines() if width(line) > 80] == []
