"""``make demo``, as it is."""

import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
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
    # A zone whose minutes are no other's: a clock that the demo made up would show.
    environment |= {"TZ": "DEMO-5:30"}
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
    since = re.search(r"Session since (?:[\d-]+ )?(\d\d):(\d\d)", done.stdout)
    assert since is not None
    now = datetime.now(UTC) + timedelta(hours=5, minutes=30)
    minutes = now.hour * 60 + now.minute - int(since[1]) * 60 - int(since[2])
    assert minutes % (24 * 60) < 10, "the time of whoever looks"
    charged, counted = re.findall(r"(?:Charged|Counted) by [\w-]+(?: [\w-]+)?: ([\d,]+) tokens", done.stdout)
    assert charged == counted
    assert list(home.rglob("*")) == []
