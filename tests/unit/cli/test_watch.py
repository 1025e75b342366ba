"""``watch`` in a real terminal: what it shows, that it follows, and that it leaves everything as it was."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import signal
import sys
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.panes import PROMPT, Pane, shell
from tests.support.screens import SCREENS
from tests.unit.cli.test_statusline import publish
from tests.unit.daemon.household import COMMAND

from opencode_stats.cli.render.text import width
from opencode_stats.host.lock import exporter_lock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.unit.cli.conftest import Call
    from tests.unit.daemon.household import Household

pytestmark = pytest.mark.processes

WATCH = shlex.join((*COMMAND, "watch"))
AT_THE_SHELL = rf"{re.escape(PROMPT.strip())}$"


@contextlib.contextmanager
def watching(
    household: Household, folder: Path, command: str = WATCH, *, columns: int = 80, rows: int = 24, **env: str
) -> Iterator[Pane]:
    """The live view on a terminal, with an exporter that seems to be at work."""
    environment = {**household.environment, **env}
    with (
        exporter_lock(household.paths.lock, os.getpid()),
        shell(folder / "tmux", environment, columns=columns, rows=rows) as pane,
    ):
        pane.types(f"cd {shlex.quote(str(household.home))}; stty -g > before; {command}; echo code=$?; stty -g > after")
        yield pane


def document(screen: str = "working") -> dict[str, Any]:
    return SCREENS[screen]().document


def process_in(pane: Pane) -> int:
    """The pid of what the shell has started."""
    children = f"/proc/{pane.asks('#{pane_pid}')}/task/{pane.asks('#{pane_pid}')}/children"
    with open(children, encoding="utf-8") as file:
        return int(file.read().split()[0])


def assert_left_clean(household: Household, pane: Pane, code: int) -> None:
    """The screen, cursor and terminal's settings are the shell's again, and it ended so."""
    pane.wait_for(rf"code={code}$")
    pane.wait_for(AT_THE_SHELL)
    assert pane.asks("#{alternate_on} #{cursor_flag} #{keypad_cursor_flag} #{keypad_flag}") == "0 1 0 0"
    assert (household.home / "after").read_text() == (household.home / "before").read_text()
    assert "Models" not in pane.screen


def test_it_shows_what_there_is_and_follows(household: Household, tmp_path: Path) -> None:
    publish(household, document())
    with watching(household, tmp_path) as pane:
        screen = pane.wait_for("q quit")
        assert "opencode-stats" in screen.splitlines()[0]
        assert screen.splitlines()[0].endswith("live")
        assert re.search(r"▸ Today +437,205 +\$12\.85", screen)
        assert re.search(r"● working +/home/ada/work/shop +437,205", screen)
        assert re.search(r"gpt-5 +━+.* 51% +223,477 +\$12\.50", screen)

        publish(household, document(), totalTokens=5_437_205, totalCost=20.0)
        followed = pane.wait_for(r"Today +5,437,205 +\$20\.00")

    assert "5M tokens/min" in followed
    assert len(followed.splitlines()) == 24


def test_the_keys(household: Household, tmp_path: Path) -> None:
    publish(household, document())
    with watching(household, tmp_path) as pane:
        pane.wait_for("q quit")
        pane.press("Tab")
        pane.wait_for(r"▸ Total")
        pane.press("Left", "BTab")
        pane.wait_for(r"▸ Session")
        pane.press("c")
        assert pane.wait_for("by cost").index("gpt-5") < pane.screen.index("claude-sonnet-5")
        pane.press("Down")
        pane.wait_for("from number 2 on")
        pane.press("?")
        pane.wait_for("scroll the models")
        pane.press("x")
        pane.wait_for("from number 2 on")
        pane.press("q")
        assert_left_clean(household, pane, 0)


def test_a_pause_stands_still_and_goes_on(household: Household, tmp_path: Path) -> None:
    publish(household, document())
    with watching(household, tmp_path) as pane:
        pane.wait_for("live$")
        pane.press("p")
        pane.wait_for("paused$")
        publish(household, document(), totalTokens=999_111)
        pane.press("Tab")
        pane.wait_for("▸ Total")
        assert "999,111" not in pane.screen
        pane.press("p")
        pane.wait_for("999,111")


def test_every_size(household: Household, tmp_path: Path) -> None:
    publish(household, document("idle-of-two"))
    with watching(household, tmp_path, columns=100, rows=30) as pane:
        pane.wait_for("q quit")
        for columns, rows in ((40, 12), (132, 50), (10, 3), (200, 5), (2, 1), (80, 24)):
            pane.resize(columns, rows)
            wanted = r"q quit" if rows > 10 else (r"▸" if columns < 80 else r"▸ Today +874,410")
            screen = pane.wait_for(wanted)
            assert len(screen.splitlines()) <= rows
            assert all(width(line) <= columns for line in screen.splitlines())
        screen = pane.wait_for("日本語/プロジェクト +437,205")
        assert len(re.findall("Models", screen)) == 1
        pane.press("q")
        assert_left_clean(household, pane, 0)


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 0), (signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGQUIT, 131)],
)
def test_a_signal_ends_it_cleanly(household: Household, tmp_path: Path, number: int, code: int) -> None:
    publish(household, document())
    with watching(household, tmp_path, f"ulimit -c 0; {WATCH}") as pane:
        pane.wait_for("q quit")
        os.kill(process_in(pane), number)

        assert_left_clean(household, pane, code)


@pytest.mark.parametrize("key", ["C-c", "q", "Escape"])
def test_a_key_ends_it_cleanly(household: Household, tmp_path: Path, key: str) -> None:
    publish(household, document())
    with watching(household, tmp_path) as pane:
        pane.wait_for("q quit")
        pane.press(key)

        assert_left_clean(household, pane, 0)


def test_a_defect_of_ours_leaves_the_terminal_clean_and_is_told(household: Household, tmp_path: Path) -> None:
    publish(household, document())
    program = (
        "import opencode_stats.cli.watch as watch; from opencode_stats.cli.main import main; import sys; "
        "watch.pressed = lambda *a: 1 / 0; sys.argv = ['x', 'watch']; main()"
    )
    with watching(household, tmp_path, shlex.join([sys.executable, "-c", program])) as pane:
        pane.wait_for("q quit")
        pane.press("x")

        pane.wait_for("ZeroDivisionError")
        assert_left_clean(household, pane, 1)


def test_it_is_suspended_and_comes_back(household: Household, tmp_path: Path) -> None:
    publish(household, document())
    with watching(household, tmp_path) as pane:
        pane.wait_for("q quit")
        for turn in range(2):
            pane.press("C-z")
            pane.wait_for(AT_THE_SHELL)
            assert pane.asks("#{alternate_on} #{cursor_flag}") == "0 1"
            pane.types(f"stty -g > suspended; echo noted={turn}")
            pane.wait_for(f"^noted={turn}$")
            assert (household.home / "suspended").read_text() == (household.home / "before").read_text()
            pane.types("fg")
            pane.wait_for(r"▸ Today +437,205")
            assert pane.asks("#{alternate_on} #{cursor_flag}") == "1 0"
        pane.press("q")
        pane.wait_for(AT_THE_SHELL)
        assert pane.asks("#{alternate_on} #{cursor_flag}") == "0 1"


def test_it_is_stopped_by_somebody_else_and_comes_back(household: Household, tmp_path: Path) -> None:
    publish(household, document())
    with watching(household, tmp_path) as pane:
        pane.wait_for("q quit")
        os.kill(process_in(pane), signal.SIGSTOP)
        pane.wait_for(AT_THE_SHELL)
        pane.types("clear; stty sane; fg")
        pane.wait_for(r"(?s)opencode-stats .*▸ Today +437,205.*q quit")
        pane.press("q")
        pane.wait_for(AT_THE_SHELL)
        assert pane.asks("#{alternate_on} #{cursor_flag}") == "0 1"


def test_what_stands_in_the_place_of_the_file_is_told_and_mends_itself(household: Household, tmp_path: Path) -> None:
    with watching(household, tmp_path) as pane:
        household.paths.stats_file.parent.mkdir(parents=True)
        for content, said in (
            ("garbage", "is not as opencode-stats writes it"),
            ('{"schemaVersion": 1}', "is not as opencode-stats writes it"),
            ('{"schemaVersion": 1, "daily": {"date": "", "totalTokens": 1, "totalCost": 1}}', "is not as"),
            ('{"schemaVersion": 9}', "by a newer version"),
        ):
            household.paths.stats_file.unlink(missing_ok=True)
            pane.wait_for("There are no figures yet")
            household.paths.stats_file.write_text(content)
            pane.wait_for(said)
        publish(household, document())
        pane.wait_for(r"▸ Today +437,205")


def test_names_are_only_names(household: Household, tmp_path: Path) -> None:
    publish(household, document("hostile"))
    with watching(household, tmp_path) as pane:
        screen = pane.wait_for("q quit")

        assert "u001b[31m" in screen
        assert pane.asks("#{pane_title}") != "owned"


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "vt100")])
def test_without_colours(household: Household, tmp_path: Path, name: str, value: str) -> None:
    publish(household, document())
    with watching(household, tmp_path, f"{name}={value} {WATCH}") as pane:
        pane.wait_for("q quit")

        assert re.search(r"\x1b\[[0-9;]*3[0-7]m", pane.in_colours) is None


def test_with_colours(household: Household, tmp_path: Path) -> None:
    publish(household, document())
    with watching(household, tmp_path) as pane:
        pane.wait_for("q quit")

        assert re.search(r"\x1b\[[0-9;]*32m", pane.in_colours)


def test_a_terminal_without_utf_8_is_shown_what_it_can_show(household: Household, tmp_path: Path) -> None:
    publish(household, document("idle-of-two"))
    with watching(household, tmp_path, LC_ALL="C") as pane:
        screen = pane.wait_for("q quit")

    assert screen.isascii()
    assert re.search(r"> Today +874,410", screen)


def test_a_terminal_that_nobody_knows_is_taken_for_a_usual_one(household: Household, tmp_path: Path) -> None:
    publish(household, document())
    with watching(household, tmp_path, f"TERM=never-heard-of-it {WATCH}") as pane:
        pane.wait_for(r"▸ Today +437,205")


def test_a_terminal_that_can_not_move_its_cursor(household: Household, tmp_path: Path) -> None:
    with watching(household, tmp_path, f"TERM=dumb {WATCH}") as pane:
        pane.wait_for("opencode-stats: The terminal 'dumb' can't move its cursor, which watch needs.")
        pane.wait_for("code=2")


def test_without_a_terminal_it_says_what_to_do(call: Call) -> None:
    done = call("watch")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "opencode-stats: watch needs a terminal. A line at every change is printed by opencode-stats statusline "
        "--follow, everything once by opencode-stats --json.\n"
    )


def test_without_an_exporter_the_spool_is_taken_in_once(household: Household, tmp_path: Path) -> None:
    with shell(tmp_path / "tmux", household.environment) as pane:
        pane.types(WATCH)
        pane.wait_for("no exporter is running$")
        pane.wait_for("No OpenCode is running")

    assert household.stats["total"]["totalTokens"] == 0
