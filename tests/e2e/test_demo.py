"""``make demo``, as it is."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.e2e.rig.fetch import REPOSITORY

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180, func_only=True)]


def test_the_demo_ends_with_what_the_provider_charged_and_leaves_the_user_s_home_alone(
    program: Path, prepared_config: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    environment = {name: os.environ[name] for name in ("PATH",)}  # to find this Python's programs
    environment |= {"HOME": str(home), "PYTHONPATH": str(REPOSITORY / "exporter"), "PYTHONDONTWRITEBYTECODE": "1"}

    done = subprocess.run(
        [sys.executable, "-m", "tests.demo"],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "Session since " in done.stdout
    charged, counted = re.findall(r"(?:Charged|Counted) by [\w-]+(?: [\w-]+)?: ([\d,]+) tokens", done.stdout)
    assert charged == counted
    assert list(home.rglob("*")) == []
