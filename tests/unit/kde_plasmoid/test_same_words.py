"""The widget says of every sample what the command line says of it."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC
from pathlib import Path
from typing import Any, Final

import pytest
from tests.support.clock import NOON_MS

from opencode_stats.cli.render.figures import cost_of_model, cost_of_section, figure
from opencode_stats.cli.render.glance import short, state_of
from opencode_stats.cli.render.money import currency_of
from opencode_stats.sample.making import NO_BOOT, make_scenes
from opencode_stats.sample.scenes import SCENES

pytestmark = pytest.mark.processes

SAY: Final = Path(__file__).with_name("say.mjs")
TONES: Final = {"waiting": "waiting", "working": "live", "idle": "live", "ended": "resting", "none": "resting"}
SHOWN_MODELS: Final = 8


def said(files: list[Path]) -> list[dict[str, Any]]:
    done = subprocess.run(["node", SAY, *files], capture_output=True, text=True, timeout=60, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_every_sample(tmp_path: Path) -> None:
    assert len(list(make_scenes(tmp_path, seed=5, now_ms=NOON_MS, zone=lambda: UTC, boot=NO_BOOT))) == len(SCENES)
    files = [tmp_path / name / ".local/share/opencode/stats.json" for name in SCENES]

    for name, file, widget in zip(SCENES, files, said(files), strict=True):
        document = json.loads(file.read_bytes())
        currency = currency_of(document)
        sections = [document[part] for part in ("session", "daily", "total")]
        texts = [(short(one["totalTokens"]), cost_of_section(one, currency)) for one in sections]
        assert widget["panel"]["text"] == " / ".join(f"{tokens} {cost}" for tokens, cost in texts), name
        assert widget["panel"]["tone"] == TONES[state_of(document)], name
        for section in sections:
            assert f" {figure(section['totalTokens'])} tokens, " in widget["panel"]["spoken"], name
        assert [(row["tokens"], row["cost"]) for row in widget["popup"]["sections"]] == texts, name
        models = sorted(document["daily"]["models"].values(), key=lambda model: -int(model["totalTokens"]))
        assert [(row["tokens"], row["cost"]) for row in widget["popup"]["models"]] == [
            (short(model["totalTokens"]), cost_of_model(model, currency)) for model in models[:SHOWN_MODELS]
        ], name
        problems = document["exporter"]["health"]["problems"]
        assert bool(widget["popup"]["notice"]) == bool(problems), name
