"""``opencode-stats sample``, as somebody who builds a reader calls it."""

from __future__ import annotations

import json
import signal
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.daemon.household import COMMAND, PATIENCE_S, Household, until

from opencode_stats.sample.scenes import SCENES

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.cli.conftest import Call


def test_it_says_where_each_is_and_leaves_the_real_home_alone(call: Call, household: Household, tmp_path: Path) -> None:
    before = sorted(household.home.rglob("*"))
    folder = tmp_path / "samples"

    done = call("sample", str(folder), "--seed", "7")

    assert (done.returncode, done.stderr) == (0, "")
    paths = [line for line in done.stdout.splitlines() if line.startswith(str(folder))]
    assert paths == [str(folder / name / ".local/share/opencode/stats.json") for name in SCENES]
    assert sorted(path for path in household.home.rglob("*") if folder not in (path, *path.parents)) == before


@pytest.mark.processes
def test_what_it_made_is_a_home_for_the_other_commands(call: Call, tmp_path: Path) -> None:
    call("sample", str(tmp_path / "samples"))

    looked = Household(tmp_path / "samples" / "working").call()

    assert looked.returncode == 0, looked.stderr
    assert looked.stdout.startswith("OpenCode is working in /home/ada/work/shop.\n")


def test_the_same_moment_gives_the_same_bytes_in_every_zone(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def content(zone: str) -> list[bytes]:
        monkeypatch.setenv("TZ", zone)
        folder = tmp_path / zone
        done = call("sample", str(folder), "--at", "2026-01-15T12:00")
        assert done.returncode == 0, done.stderr
        return [(folder / scene / ".local/share/opencode/stats.json").read_bytes() for scene in SCENES]

    first = content("UTC")

    assert json.loads(first[1])["daily"]["date"] == "2026-01-15"
    assert content("Pacific/Auckland") == first


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--at", "noon"], "'noon' is no time. Write it like 2026-01-15T12:00."),
        (["--at", "0001-01-01T00:00"], "--at takes years from 1971 to 9998, not 0001."),
        (["--at", "9999-12-31T00:00"], "--at takes years from 1971 to 9998, not 9999."),
        (["--at", "2026-01-15", "--live"], "--at holds the clock and --live needs it to go on. Give one of them."),
    ],
)
def test_a_wrong_option_makes_nothing(call: Call, tmp_path: Path, arguments: list[str], said: str) -> None:
    done = call("sample", str(tmp_path / "samples"), *arguments)

    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"opencode-stats: {said}\n")
    assert not (tmp_path / "samples").exists()


@pytest.mark.processes
def test_the_live_one_changes_until_it_is_stopped_and_only_grows(household: Household, tmp_path: Path) -> None:
    folder = tmp_path / "samples"
    stats_file = folder / "live/.local/share/opencode/stats.json"
    seen: list[dict[str, Any]] = []

    def grew() -> bool:
        if stats_file.exists():
            seen.append(json.loads(stats_file.read_bytes()))
        return len({document["total"]["totalTokens"] for document in seen}) > 4

    with subprocess.Popen(
        [*COMMAND, "sample", str(folder), "--live", "--every", "0.02"],
        env=household.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            until(grew, "five different totals")
            # A reader that asks for certainty is answered, as by any exporter.
            asked = Household(folder / "live").call("--json")
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=PATIENCE_S)
        finally:
            process.kill()

    assert (process.returncode, said) == (0, "")
    assert json.loads(asked.stdout)["session"]["pid"] == process.pid
    totals = [document["total"]["totalTokens"] for document in seen]
    assert totals == sorted(totals)
