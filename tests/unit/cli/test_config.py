"""``opencode-stats config`` as it is called."""

from __future__ import annotations

import json
import signal
import sys
import time
from typing import TYPE_CHECKING

import pytest
from tests.unit.daemon.household import Household, until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.cli.conftest import Call


@pytest.fixture
def file(household: Household) -> Path:
    household.paths.config.mkdir(parents=True)
    return household.paths.settings_file


def test_where_each_value_comes_from(call: Call, file: Path) -> None:
    file.write_text("# mine\nday_start_hour = 5\n")

    done = call("config", "show")

    assert done.returncode == 0
    assert done.stdout.splitlines()[:4] == [
        f"# {file}",
        "autostart = false            # default",
        "linger_s = 600               # default",
        "day_start_hour = 5           # line 2",
    ]


def test_for_programs(call: Call, file: Path) -> None:
    file.write_text("day_start_hour = 5\nautostart = 2\nx = 1\n")

    done = call("config", "show", "--json")

    assert done.returncode == 1
    document = json.loads(done.stdout)
    by_key = {one["key"]: one for one in document["settings"]}
    assert by_key["day_start_hour"] == {"key": "day_start_hour", "value": 5, "default": 0, "origin": "file", "line": 1}
    assert by_key["autostart"] == {
        "key": "autostart",
        "value": False,
        "default": False,
        "origin": "default",
        "line": None,
    }
    assert [(one["key"], one["line"]) for one in document["faults"]] == [("autostart", 2)]
    assert [(one["key"], one["line"]) for one in document["unknown"]] == [("x", 3)]


def test_what_is_wrong_is_told_with_its_line(call: Call, file: Path) -> None:
    file.write_text("day_start_hour = 25\nliner_s = 1\n")

    done = call("config", "show")

    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"opencode-stats: {file}: line 1: day_start_hour: it is 25, and wants a whole number from 0 to 23.",
        f"opencode-stats: {file}: line 2: liner_s: there is no such setting. Did you mean linger_s?",
    ]


def test_setting_getting_and_unsetting(call: Call, household: Household) -> None:
    assert call("config", "get", "linger_s").stdout == "600\n"
    assert call("config", "set", "linger_s", "5").stdout == "linger_s = 5\n"
    assert call("config", "get", "linger_s").stdout == "5\n"
    assert call("config", "unset", "linger_s").stdout == "linger_s = 600\n"
    assert call("config", "get", "linger_s").stdout == "600\n"
    assert call("config", "path").stdout == f"{household.paths.settings_file}\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("set", "lingers", "5"), "There is no setting 'lingers'. Did you mean linger_s?"),
        (("set", "linger_s", "-5"), "linger_s can't be set so"),
        (("get", "lingers"), "There is no setting 'lingers'"),
    ],
)
def test_what_can_not_be(call: Call, household: Household, arguments: tuple[str, ...], said: str) -> None:
    done = call("config", *arguments)

    assert done.returncode == 2
    assert said in done.stderr
    assert not household.paths.settings_file.exists()


def test_a_wrong_value_is_not_given_out(call: Call, file: Path) -> None:
    file.write_text("day_start_hour = 25\nlinger_s = 5\n")

    done = call("config", "get", "day_start_hour")

    assert (done.returncode, done.stdout) == (2, "")
    assert "line 1" in done.stderr
    assert call("config", "get", "linger_s").stdout == "5\n"


def editor(household: Household, code: str) -> str:
    program = household.home / "my editor.py"
    program.write_text(f"import sys, pathlib\nfile = pathlib.Path(sys.argv[-1])\n{code}\n")
    return f"{sys.executable} -I '{program}'"


@pytest.mark.processes
def test_an_editor_gets_a_file_that_says_everything(
    call: Call, household: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = "text = file.read_text(); assert '#day_start_hour = 0' in text; file.write_text(text + 'linger_s = 9\\n')"
    monkeypatch.setenv("VISUAL", editor(household, change))
    monkeypatch.setenv("EDITOR", "false")

    assert call("config", "edit").returncode == 0
    assert call("config", "get", "linger_s").stdout == "9\n"


@pytest.mark.processes
def test_what_an_editor_did_wrong_is_told(call: Call, household: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDITOR", editor(household, "file.write_text('\\nlinger_s = 1.5\\n')"))
    monkeypatch.delenv("VISUAL", raising=False)

    done = call("config", "edit")

    assert done.returncode == 1
    assert "line 2: linger_s: it is 1.5" in done.stderr


@pytest.mark.processes
@pytest.mark.parametrize("program", ["no-such-editor-here", "false", "'unclosed"])
def test_an_editor_that_does_not_work(call: Call, monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    monkeypatch.setenv("VISUAL", program)

    done = call("config", "edit")

    assert done.returncode == 2
    assert done.stderr.startswith("opencode-stats: ")


@pytest.mark.processes
def test_a_shell_never_sees_it(call: Call, household: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISUAL", "true; touch broken #")

    call("config", "edit")

    assert not (household.home / "broken").exists()


@pytest.mark.processes
def test_a_daemon_has_it_when_the_command_ends(tmp_path: Path) -> None:
    # Somewhere where it is neither early nor late.
    utc_hour = time.gmtime().tm_hour
    zone = "Etc/GMT-6" if utc_hour < 4 else "Etc/GMT+6" if utc_hour > 18 else "Etc/UTC"
    (tmp_path / "tmp").mkdir()
    household = Household(tmp_path, {"TZ": zone})
    with household.daemon() as daemon:
        today = household.stats["daily"]["date"]
        done = household.call("config", "set", "day_start_hour", "22")
        assert (done.returncode, done.stderr) == (0, "")
        yesterday = household.stats["daily"]["date"]
        assert yesterday < today

        household.paths.settings_file.write_text("day_start_hour = 99\n")
        household.ring()
        until(lambda: household.stats["exporter"]["health"]["problems"], "the problem in the figures")
        problem = household.stats["exporter"]["health"]["problems"][0]
        assert (problem["code"], household.stats["daily"]["date"]) == ("settings", yesterday)

        household.paths.settings_file.unlink()
        household.ring()
        until(lambda: not household.stats["exporter"]["health"]["problems"], "the end of it")
        assert household.stats["daily"]["date"] == today
        assert daemon.end(signal.SIGTERM) == 0
