"""The scenes are what they say, through the exporter that makes everybody's figures."""

from __future__ import annotations

import json
from datetime import UTC
from random import Random
from typing import TYPE_CHECKING, Any, Final

import jsonschema
import pytest
from tests.support.clock import NOON_MS
from tests.unit.daemon.household import Household

from opencode_stats.contract.line import parse_line
from opencode_stats.contract.schema import stats_schema
from opencode_stats.core.models import LONGEST_KEY
from opencode_stats.sample.making import NO_BOOT, make_scenes
from opencode_stats.sample.scenes import SCENES, Stage

if TYPE_CHECKING:
    from pathlib import Path

STATES: Final = {
    "empty": "none",
    "idle": "idle",
    "working": "working",
    "waiting": "waiting",
    "ended": "ended",
    "many-models": "idle",
    "history": "idle",
    "hostile": "idle",
    "troubled": "idle",
}


def made(folder: Path, seed: int = 1, now_ms: int = NOON_MS) -> dict[str, Path]:
    return dict(make_scenes(folder, seed=seed, now_ms=now_ms, zone=lambda: UTC, boot=NO_BOOT))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return made(tmp_path_factory.mktemp("samples"))


@pytest.fixture
def documents(files: dict[str, Path]) -> dict[str, Any]:
    return {name: json.loads(path.read_bytes()) for name, path in files.items()}


@pytest.mark.processes
def test_each_is_as_the_contract_says_and_verify_proves_it(files: dict[str, Path], documents: dict[str, Any]) -> None:
    check = jsonschema.Draft202012Validator(stats_schema()).validate

    assert list(files) == list(SCENES)
    for name, document in documents.items():
        check(document)
        proved = Household(files[name].parents[3]).call("verify")
        assert (proved.returncode, proved.stderr) == (0, ""), f"{name}: {proved.stdout}"


def test_each_is_in_the_state_that_it_is_named_after(documents: dict[str, Any]) -> None:
    found = {name: document["session"]["state"] for name, document in documents.items() if name in STATES}

    assert found == STATES
    assert {run["state"] for run in documents["many-runs"]["sessions"]} == {"idle", "working", "waiting"}
    assert len(documents["many-runs"]["sessions"]) == 12
    assert {item["kind"] for item in documents["many-runs"]["attention"]} == {
        "finished",
        "permission",
        "question",
        "error",
    }


def test_they_have_what_a_reader_must_cope_with(documents: dict[str, Any]) -> None:
    assert documents["empty"]["total"]["totalTokens"] == 0
    assert len(documents["many-models"]["total"]["models"]) > 20
    assert 0.0 in documents["many-models"]["total"]["costsByModel"].values()
    assert sum(1 for day in documents["history"]["history"]["days"] if day["totalTokens"]) > 7
    assert documents["history"]["total"]["messages"] > 500
    assert any("\x1b" in name for name in documents["hostile"]["total"]["tokensByModel"])
    assert max(map(len, documents["hostile"]["total"]["tokensByModel"])) <= LONGEST_KEY
    assert documents["troubled"]["exporter"]["health"]["status"] == "degraded"
    codes = {problem["code"] for problem in documents["troubled"]["exporter"]["health"]["problems"]}
    assert codes == {"quarantine", "lost"}


def test_another_seed_gives_other_bytes(files: dict[str, Path], tmp_path: Path) -> None:
    # That the same one gives the same is seen through the command (tests/unit/cli/test_sample.py).
    other = made(tmp_path / "other", seed=2)

    assert {name for name, path in other.items() if path.read_bytes() != files[name].read_bytes()} == {
        name for name in SCENES if name != "empty"
    }


@pytest.mark.parametrize("seed", range(20))
def test_nothing_happens_after_the_moment_at_which_one_looks(seed: int) -> None:
    for name, scene in SCENES.items():
        stage = Stage(Random(seed), NOON_MS, NO_BOOT)
        scene.play(stage)
        events = [parse_line(line.rstrip(b"\n")) for one in stage.processes for line in one.lines]
        assert all(event.at_ms <= NOON_MS for event in events), name
