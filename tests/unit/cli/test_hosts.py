"""Figures from one machine to another: export --ledger, import --ledger, hosts."""

from __future__ import annotations

import json
import shutil
import stat
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.script import Script
from tests.unit.daemon.household import Household

from opencode_stats.cli.host_files import _writer, file_name
from opencode_stats.ledger.foreign import become_host, own_host
from opencode_stats.ledger.transactions import transaction

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.cli.conftest import Call

pytestmark = pytest.mark.processes

NOON_MS = 1_710_072_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that two machines have in common."""
    (tmp_path / "sync").mkdir()
    return tmp_path / "sync"


@pytest.fixture
def other(tmp_path: Path, folder: Path) -> Household:
    """Another machine, which has written its file there."""
    (tmp_path / "other" / "tmp").mkdir(parents=True)
    other = Household(tmp_path / "other")
    other.write(Script(pid=2, at_ms=NOON_MS + 777).started().prompt("ses_b").answer("ses_b", input=50, directory="/b"))
    assert other.call("export", "--ledger", str(folder)).returncode == 0
    return other


def hosts(call: Call, *more: str) -> tuple[list[tuple[bool, int]], int]:
    document: dict[str, Any] = json.loads(call("hosts", "--json", *more).stdout)
    return [(host["own"], host["totalTokens"]) for host in document["hosts"]], document["total"]["totalTokens"]


def test_figures_come_together_in_a_common_folder(
    household: Household, other: Household, folder: Path, call: Call
) -> None:
    household.write(Script(at_ms=NOON_MS).started().prompt("ses_a").answer("ses_a", input=1_000, directory="/a"))
    assert hosts(call) == ([(True, 1_000)], 1_000)

    assert call("export", "--ledger", str(folder)).returncode == 0
    mine, theirs = sorted(folder.iterdir(), key=lambda path: b'"ses_b"' in path.read_bytes())
    assert stat.S_IMODE(mine.stat().st_mode) == 0o600
    first, again = call("import", "--ledger", str(folder)), call("import", "--ledger", str(theirs), str(mine))

    assert sorted(line.partition(": ")[2] for line in first.stdout.splitlines()) == ["1 known.", "1 new."]
    assert {line.partition(": ")[2] for line in again.stdout.splitlines()} == {"1 known."}
    assert hosts(call) == ([(True, 1_000), (False, 50)], 1_050)
    assert hosts(call, "--until", "2024-03-09") == ([(True, 0), (False, 0)], 0)
    assert household.tokens == 1_000
    assert call("verify").returncode == 0
    page = call("hosts").stdout
    assert [words for words in ("known until", "now", "all hosts", "1,050") if words not in page] == []
    assert other.call("import", "--ledger", str(folder)).returncode == 0
    totals = json.loads(other.call("hosts", "--json").stdout)["total"]
    assert totals["totalTokens"] == 1_050


def test_beside_a_daemon_too(household: Household, other: Household, folder: Path, call: Call) -> None:
    assert other.home != household.home
    with household.daemon():
        assert call("import", "--ledger", str(folder)).stdout.endswith(": 1 new.\n")
        assert hosts(call) == ([(True, 0), (False, 50)], 50)
        assert call("export", "--ledger", "-").stdout.count("\n") == 1


def test_a_home_that_was_copied_goes_on_as_one_host(
    household: Household, folder: Path, tmp_path: Path, call: Call
) -> None:
    """Both write one file, and nobody else sees more than the last of them."""
    script = Script(at_ms=NOON_MS).started().prompt("ses_a").answer("ses_a", input=1_000, directory="/a")
    household.write(script)
    assert call("export", "--ledger", str(folder)).returncode == 0
    shutil.copytree(household.home, tmp_path / "copy")
    copy = Household(tmp_path / "copy")
    copy.write(Script(pid=2, at_ms=NOON_MS + 5).started().prompt("ses_c").answer("ses_c", input=200, directory="/a"))
    before = len(script.lines)
    household.write(script.prompt("ses_a").answer("ses_a", input=30, directory="/a"), before)

    for machine in (household, copy, household):
        assert machine.call("export", "--ledger", str(folder)).returncode == 0

    (file,) = folder.iterdir()
    assert [json.loads(line).get("input", 0) for line in file.read_text().splitlines()] == [0, 1_000, 30, 200]
    assert hosts(call) == ([(True, 1_230)], 1_230)
    assert household.tokens == 1_030
    assert call("verify").returncode == 0
    file.write_text(file.read_text()[:-9])
    assert call("export", "--ledger", str(folder)).returncode == 0
    assert call("import", "--ledger", str(folder)).stdout.endswith(": 3 known.\n")


def test_a_daemon_may_start_while_files_are_taken_in(household: Household, folder: Path, call: Call) -> None:
    call("import")
    with _writer(household.paths) as ledger, household.daemon():
        assert own_host(ledger) is None
        with transaction(ledger):
            become_host(ledger, "a" * 32, "me")

    assert call("hosts", "--json").returncode == 0
    assert household.call("export", "--ledger", str(folder)).returncode == 0
    assert [path.name.endswith("-aaaaaaaa.ndjson") for path in folder.iterdir()] == [True]


def test_a_bad_file_stops_no_other(household: Household, other: Household, folder: Path, call: Call) -> None:
    assert other.home != household.home
    (folder / "a.ndjson").write_text('{"secret"')

    done = call("import", "--ledger", str(folder), str(folder / "none"))

    assert (done.returncode, done.stdout.count("new")) == (2, 1)
    assert "a.ndjson: it is no host's file." in done.stderr
    assert "none can't be read: No such file" in done.stderr
    assert "secret" not in done.stderr


def test_names_of_other_peoples_making_are_on_one_line(
    household: Household, other: Household, folder: Path, call: Call
) -> None:
    assert other.home != household.home
    (file,) = folder.iterdir()
    first, _, rest = file.read_text().partition("\n")
    (folder / "x\nopencode-stats: all is well\x1b[31m.ndjson").write_text(
        json.dumps(json.loads(first) | {"name": "x\ny\x1b[31m"}) + "\n" + rest[:-5]
    )
    (folder / "whole.ndjson").write_text(json.dumps(json.loads(first) | {"name": "x\ny\x1b[31m"}) + "\n" + rest)

    done = call("import", "--ledger", str(folder))

    assert (done.stdout.count("\n"), done.stderr.count("\n"), done.returncode) == (2, 1, 2)
    assert "x\\u000ay\\u001b[31m: 1 known." in done.stdout
    assert "\x1b" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("export", "--ledger", "x", "--by", "day"),
        ("export", "--ledger", ""),
        ("import", "x"),
        ("import", "--ledger", "."),
    ],
)
def test_what_makes_no_sense_is_told(household: Household, call: Call, arguments: tuple[str, ...]) -> None:
    done = call(*arguments)

    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert not (household.home / "x").exists()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("laptop", "laptop"),
        ("../../x\n", "x"),
        ("Ä", "unnamed"),
        ("a" * 255, "a" * 40),
    ],
)
def test_the_name_of_a_file_is_harmless(name: str, expected: str) -> None:
    assert file_name("0123456789" * 3 + "01", name) == f"opencode-stats-{expected}-01234567.ndjson"


def test_a_plus_stands_where_some_has_no_cost_as_in_the_other_commands(
    household: Household, tmp_path: Path, folder: Path, call: Call
) -> None:
    (tmp_path / "other" / "tmp").mkdir(parents=True)
    other = Household(tmp_path / "other")
    told = Script(pid=2, at_ms=NOON_MS + 777).started().answer("ses_b", model="paid", cost_usd=0.25, input=50)
    other.write(told.answer("ses_b", model="unpriced", cost_usd=0, input=70))
    assert other.call("export", "--ledger", str(folder)).returncode == 0
    script = Script(at_ms=NOON_MS).started().answer("ses_a", model="both", cost_usd=0.5, input=10)
    household.write(script)
    assert call("import", "--ledger", str(folder)).returncode == 0

    def costs() -> list[str]:
        lines = [line.split() for line in call("hosts").stdout.splitlines()]
        return [word for words in lines for word in words if word.startswith("$")]

    assert costs() == ["$0.5000", "$0.2500+", "$0.7500+"]
    household.write(script.answer("ses_a", model="both", cost_usd=0, input=20))
    assert costs() == ["$0.5000+", "$0.2500+", "$0.7500+"]
    assert "$0.5000+" in call("models").stdout
