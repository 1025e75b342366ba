"""The unit's text: golden, and read back by systemd itself on hostile paths."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from opencode_stats.errors import UserError
from opencode_stats.install.service import UNIT, is_unit_of_ours, unit_text

pytestmark = pytest.mark.processes

ROOT = Path(__file__).parents[3]
GOLDEN = Path(__file__).parent / "golden"
HOSTILE = [
    "plain",
    "two words",
    "per%cent %h",
    'quo"te',
    "apo'strophe",
    "back\\slash",
    "dol$lar ${HOME}",
    "semi; colon",
    "grün/雪",
    "#hash",
    "-dash",
    "tilde~ [brackets] {braces} *",
]


@pytest.mark.parametrize("name", ["plain", "hostile"])
def test_golden(name: str) -> None:
    folder = "/home/u/.local" if name == "plain" else '/srv/a "b" %h $c\\d/ü'
    text = unit_text(
        (f"{folder}/share/opencode-stats/venv/bin/opencode-stats", "daemon"),
        {"XDG_STATE_HOME": f"{folder}/state", "XDG_DATA_HOME": f"{folder}/share"},
        "0.1.0+0123456789abcdef",
    )

    assert (GOLDEN / f"{name}.service").read_text(encoding="utf-8") == text
    assert is_unit_of_ours(text.encode())


@pytest.mark.parametrize("word", ["line\nbreak", "tab\there", "nul\0", "bell\x07", "\udcff"])
def test_what_systemd_can_not_be_told_is_refused(word: str) -> None:
    with pytest.raises(UserError, match=r"^systemd can't be told a path .* Use setup --no-service\.$"):
        unit_text((f"/opt/{word}/opencode-stats", "daemon"), {}, "x")


@pytest.mark.parametrize("name", HOSTILE)
def test_systemd_reads_what_we_mean(name: str, tmp_path: Path) -> None:
    analyze = _analyze()
    program = tmp_path / name / "opencode-stats"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    unit = tmp_path / UNIT
    # Man pages are not installed everywhere, and that is not what is tested.
    text = unit_text((str(program), "daemon"), {"XDG_DATA_HOME": str(tmp_path / name)}, "0.1.0+aa")
    unit.write_text("".join(line for line in text.splitlines(keepends=True) if "Documentation=" not in line))

    told = subprocess.run(
        [analyze, "verify", "--user", str(unit)],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.defpath, "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path), "LANG": "C.UTF-8"},
    )

    assert (told.returncode, told.stderr) == (0, "")


def _analyze() -> str:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        if os.environ.get("CI"):
            pytest.fail("systemd-analyze is not installed")
        pytest.skip("systemd-analyze is not installed")
    return analyze


def _exposure(unit: Path) -> str:
    """What ``systemd-analyze security`` makes of it: 0.0 (nothing is exposed) to 10.0."""
    told = subprocess.run(
        [_analyze(), "security", "--offline=true", "--no-pager", str(unit)],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.defpath, "LANG": "C.UTF-8"},
    )
    return told.stdout.splitlines()[-1].split(": ")[1].split(" ")[0]


def test_it_is_as_hardened_as_the_page_says(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "security.md").read_text("utf-8")
    plain, more = re.findall(r"`systemd-analyze security --offline=true`: ([0-9.]+)", page)
    unit = tmp_path / UNIT
    text = unit_text(("/usr/bin/true", "daemon"), {}, "0.1.0+aa")
    unit.write_text(text)
    # Other versions of systemd look at other things; what the page says was measured with 252.
    assert float(_exposure(unit)) <= float(plain)

    (drop_in,) = re.findall(r"```ini\n(.*?)```", page, re.DOTALL)
    unit.write_text(text.split("[Install]")[0] + drop_in.removeprefix("[Service]\n"))
    assert float(_exposure(unit)) <= float(more)
